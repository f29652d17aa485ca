package io.torrefy.app;

import picocli.CommandLine.Command;

/// PPO by a recipe.
@Command(
        name = "ppo",
        description = {
            "Trains a model by PPO, with a critic, against rewards by name or a trained reward model, as a recipe says:"
                    + " a YAML file that is checked whole before anything runs.",
            "--template writes one with every key, its default and what it decides."
        })
final class PpoCommand extends RecipeCommand {
    PpoCommand() {
        super(PpoRecipe::new);
    }
}
