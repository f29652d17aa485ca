package io.torrefy.app;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.posttrain.preference.Reference;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import java.nio.file.Path;

/// The key that names the frozen model that a policy is measured against: TRL's argument `ref_model`. Without one it is
/// the model as it was, and of a model with an adapter that under it.
record ReferenceKey(Key<String> key) {
    ReferenceKey(RecipeSchema schema) {
        this(schema.text("ref_model", "", "folder of the reference; empty: the model as it is before training"));
    }

    /// Looks at the reference before its weights are read.
    void check(Recipe recipe, ModelFolder policy, Problems problems) {
        if (recipe.get(key).isEmpty()) {
            return;
        }
        problems.attempt(() -> {
            ModelFolder folder = ModelFolder.open(Path.of(recipe.get(key)), "");
            DecoderConfig config = folder.config();
            problems.need(
                    config.vocab() == policy.config().vocab(),
                    "ref_model: expected a model of the same vocabulary, "
                            + policy.config().vocab() + " tokens; got " + config.vocab() + " of " + folder.path());
            problems.need(
                    config.maxPositions() >= policy.config().maxPositions(),
                    "ref_model: expected a model of at least "
                            + policy.config().maxPositions() + " positions; got " + config.maxPositions() + " of "
                            + folder.path());
            return folder;
        });
    }

    /// @param readOnce whether it is only read before the policy changes
    Reference of(Recipe recipe, TrainedLm trained, boolean readOnce) {
        if (!recipe.get(key).isEmpty()) {
            return Reference.of(CausalLm.load(Path.of(recipe.get(key))));
        }
        return trained.base()
                .orElseGet(() -> Reference.of(
                        readOnce
                                ? trained.model()
                                : CausalLm.load(trained.folder().path())));
    }
}
