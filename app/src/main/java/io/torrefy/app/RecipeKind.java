package io.torrefy.app;

import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import java.io.IOException;

/// A kind of recipe: which keys it has and what it runs. A command ([RecipeCommand]) and a stage of a pipeline run it
/// alike.
interface RecipeKind {
    /// Its keys. The schema's kind is the command's name.
    RecipeSchema schema();

    /// Reads and checks everything that a recipe names, and makes no folder.
    ///
    /// @throws IllegalArgumentException naming every problem at once; so is what picocli knows as bad usage
    RunPlan plan(Recipe recipe, CommonOptions common) throws IOException;
}
