package io.torrefy.app;

import picocli.CommandLine.Command;

/// Online DPO by a recipe.
@Command(
        name = "online-dpo",
        description = {
            "Trains a model by DPO on pairs of its own completions, which rewards by name or a trained reward model judge,"
                    + " as a recipe says: a YAML file that is checked whole before anything runs.",
            "--template writes one with every key, its default and what it decides."
        })
final class OnlineDpoCommand extends RecipeCommand {
    OnlineDpoCommand() {
        super(OnlineDpoRecipe::new);
    }
}
