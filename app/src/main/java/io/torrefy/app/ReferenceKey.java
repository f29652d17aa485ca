package io.torrefy.app;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.posttrain.preference.Reference;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import java.nio.file.Path;
import java.util.Optional;

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

    /// The model that has to be loaded for it, to be closed when the run ends; none where the policy's own base
    /// serves.
    ///
    /// @param readOnce whether it is only read before the policy changes
    Optional<CausalLm> load(Recipe recipe, TrainedLm trained, boolean readOnce) {
        String named = recipe.get(key);
        if (!named.isEmpty()) {
            return Optional.of(CausalLm.load(Path.of(named)));
        }
        return readOnce || trained.base().isPresent()
                ? Optional.empty()
                : Optional.of(CausalLm.load(trained.folder().path()));
    }

    /// The reference, of what [#load] gave.
    static Reference of(Optional<CausalLm> loaded, TrainedLm trained) {
        return loaded.map(Reference::of).or(trained::base).orElseGet(() -> Reference.of(trained.model()));
    }
}
