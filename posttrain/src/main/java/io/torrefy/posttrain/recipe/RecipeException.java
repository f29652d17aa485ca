package io.torrefy.posttrain.recipe;

import io.torrefy.export.Export;
import java.util.List;

/// All that is wrong with a recipe.
@Export(value = "posttrain.recipe.RecipeException", since = "0.1")
public final class RecipeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // an immutable list of strings
    private final List<String> problems;

    RecipeException(String recipe, List<String> problems) {
        super("[recipe] " + (problems.size() == 1 ? "a problem" : problems.size() + " problems") + " in " + recipe
                + ":\n  " + String.join("\n  ", problems));
        this.problems = List.copyOf(problems);
    }

    /// Each with its line or option, in the recipe's order.
    public List<String> problems() {
        return problems;
    }
}
