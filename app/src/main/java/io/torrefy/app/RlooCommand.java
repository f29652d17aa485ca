package io.torrefy.app;

import picocli.CommandLine.Command;

/// RLOO and REINFORCE++ by a recipe.
@Command(
        name = "rloo",
        description = {
            "Trains a model by RLOO, or with the key algorithm by REINFORCE++, without a critic, as a recipe says: a YAML"
                    + " file that is checked whole before anything runs.",
            "--template writes one with every key, its default and what it decides."
        })
final class RlooCommand extends RecipeCommand {
    RlooCommand() {
        super(RlooRecipe::new);
    }
}
