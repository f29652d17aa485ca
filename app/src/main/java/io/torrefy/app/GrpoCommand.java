package io.torrefy.app;

import picocli.CommandLine.Command;

/// GRPO by a recipe: everything that `r1-zero` does, with every setting in one file.
@Command(
        name = "grpo",
        description = {
            "Trains a model by GRPO as a recipe says, a YAML file that is checked whole before anything runs.",
            "--template writes one with every key, its default and what it decides."
        })
final class GrpoCommand extends RecipeCommand {
    GrpoCommand() {
        super(GrpoRecipe::new);
    }
}
