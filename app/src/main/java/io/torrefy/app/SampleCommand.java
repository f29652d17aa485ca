package io.torrefy.app;

import picocli.CommandLine.Command;

/// `torrefy sample`.
@Command(
        name = "sample",
        description = {
            "Lets a model answer problems and writes a data set of the answers that are good (rejection sampling), or of"
                    + " pairs of good and bad ones, as a recipe says.",
            "--template writes a recipe with every key, its default and what it decides."
        })
final class SampleCommand extends RecipeCommand {
    SampleCommand() {
        super(new SampleRecipe());
    }
}
