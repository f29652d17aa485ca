package io.torrefy.app;

import io.torrefy.lm.Lora;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import io.torrefy.tensor.PackedWeights;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The keys that say what is trained: a model, or an adapter of it. Names and defaults are TRL's (`ModelConfig` of trl
/// 1.13), whose dropout of adapters is left out.
final class ModelKeys {
    private static final String ALL_LINEAR = "all-linear";

    private final Key<Path> model;
    private final Key<String> template;
    private final Key<Boolean> adapt;
    private final Key<Long> rank;
    private final Key<Double> alpha;
    private final Key<List<String>> targets;
    private final Key<Boolean> rankStabilized;
    private final Key<PackedWeights.Format> frozen;
    private final Key<Boolean> merged;

    ModelKeys(RecipeSchema schema) {
        model = schema.path("model", "the model's folder, in Hugging Face's layout");
        template = schema.text(
                "chat_template_path",
                "",
                "of conversations: a Jinja file, or chatml for that of Qwen; empty: the model's own");
        adapt = schema.flag("use_peft", false, "whether an adapter (LoRA) is trained and the model frozen");
        rank = schema.integer("lora_r", 16, "rank of the adapter's updates").where(n -> n >= 1, "at least 1");
        alpha = schema.number("lora_alpha", 32, "updates are multiplied by lora_alpha / lora_r")
                .where(x -> x > 0, "more than 0");
        targets = schema.texts(
                "lora_target_modules",
                List.of(ALL_LINEAR),
                "layers to adapt, by the last part of their names, or all matrices of the blocks");
        rankStabilized = schema.flag("use_rslora", false, "whether lora_alpha is divided by the root of lora_r");
        frozen = schema.choice(
                "frozen_weights",
                PackedWeights.Format.F32,
                "how the matrices under the adapter are kept: bf16 takes half the memory, int8 a quarter");
        merged = schema.flag(
                "save_merged", false, "whether the model with the adapter in its weights is saved beside the adapter");
    }

    Path path(Recipe recipe) {
        return recipe.get(model);
    }

    Optional<ModelFolder> open(Recipe recipe, Problems problems) {
        if (!recipe.get(adapt)) {
            problems.unused(recipe, "use_peft: false", rank, alpha, targets, rankStabilized, frozen, merged);
        }
        return problems.attempt(() -> ModelFolder.open(recipe.get(model), recipe.get(template)));
    }

    TrainedLm language(Recipe recipe, ModelFolder folder, long seed) {
        return TrainedLm.load(folder, lora(recipe), recipe.get(frozen), recipe.get(merged), seed);
    }

    TrainedScorer scorer(Recipe recipe, ModelFolder folder, long seed) {
        return TrainedScorer.load(folder, lora(recipe), recipe.get(frozen), seed);
    }

    private Optional<Lora.Options> lora(Recipe recipe) {
        List<String> named = recipe.get(targets).stream()
                .flatMap(text -> Arrays.stream(text.strip().split("\\s*,\\s*")))
                .toList();
        return recipe.get(adapt)
                ? Optional.of(new Lora.Options(
                        Math.toIntExact(recipe.get(rank)),
                        recipe.get(alpha),
                        recipe.get(rankStabilized),
                        named.equals(List.of(ALL_LINEAR)) ? Lora.Options.DEFAULT.targets() : named))
                : Optional.empty();
    }
}
