package io.torrefy.app;

import picocli.CommandLine.Command;

/// `torrefy kto`.
@Command(
        name = "kto",
        description = {
            "Trains a model on answers that were liked or not (KTO), as a recipe says.",
            "--template writes a recipe with every key, its default and what it decides."
        })
final class KtoCommand extends RecipeCommand {
    KtoCommand() {
        super(KtoRecipe::new);
    }
}
