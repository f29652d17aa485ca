package io.torrefy.app;

import picocli.CommandLine.Command;

/// `torrefy reward`.
@Command(
        name = "reward",
        description = {
            "Trains a reward model on pairs of answers, or a process reward model on judged steps, as a recipe says.",
            "--template writes a recipe with every key, its default and what it decides."
        })
final class RewardCommand extends RecipeCommand {
    RewardCommand() {
        super(RewardRecipe::new);
    }
}
