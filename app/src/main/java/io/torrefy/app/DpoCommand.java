package io.torrefy.app;

import picocli.CommandLine.Command;

/// `torrefy dpo`.
@Command(
        name = "dpo",
        description = {
            "Trains a model on pairs of answers: DPO with all losses of TRL, ORPO, CPO and SimPO, as a recipe says.",
            "--template writes a recipe with every key, its default and what it decides."
        })
final class DpoCommand extends RecipeCommand {
    DpoCommand() {
        super(DpoRecipe::new);
    }
}
