package io.torrefy.app;

import picocli.CommandLine.Command;

/// `torrefy sft`.
@Command(
        name = "sft",
        description = {
            "Trains a model to write what its samples say (supervised fine-tuning), as a recipe says.",
            "--template writes a recipe with every key, its default and what it decides."
        })
final class SftCommand extends RecipeCommand {
    SftCommand() {
        super(SftRecipe::new);
    }
}
