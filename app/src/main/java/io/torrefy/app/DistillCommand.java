package io.torrefy.app;

import picocli.CommandLine.Command;

/// Distillation by a recipe.
@Command(
        name = "distill",
        description = {
            "Distils a teacher into a student, on-policy by its distributions (GKD) or by the answers that it writes, as a"
                    + " recipe says: a YAML file that is checked whole before anything runs.",
            "--template writes one with every key, its default and what it decides."
        })
final class DistillCommand extends RecipeCommand {
    DistillCommand() {
        super(DistillRecipe::new);
    }
}
