package io.torrefy.app;

import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import java.io.IOException;

/// A kind of recipe: which keys it has and what it runs. A command ([RecipeCommand]) and a stage of a pipeline run it
/// alike.
interface RecipeKind {
    /// Its keys. The schema's kind is the command's name.
    RecipeSchema schema();

    /// What a run leaves for a stage behind it.
    ///
    /// @param takenBy the key of a recipe that takes it
    /// @param name where in the run's folder it lies
    record Leaves(String takenBy, String name) {
        /// A language model.
        static final Leaves MODEL = new Leaves("model", "model");
    }

    default Leaves leaves() {
        return Leaves.MODEL;
    }

    /// Reads and checks everything that a recipe names, and makes no folder.
    ///
    /// @throws IllegalArgumentException naming every problem at once; so is what picocli knows as bad usage
    RunPlan plan(Recipe recipe, CommonOptions common) throws IOException;
}
