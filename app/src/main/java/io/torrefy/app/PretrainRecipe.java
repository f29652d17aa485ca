package io.torrefy.app;

import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.posttrain.Checkpoint;
import io.torrefy.posttrain.Pretraining;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import io.torrefy.tensor.Rng;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The keys of a base model on the generated Countdown corpus, as a stage of a pipeline: what `torrefy pretrain` makes,
/// whose options are more.
final class PretrainRecipe implements RecipeKind {
    private static final int HEAD = 32;

    private final RecipeSchema schema = new RecipeSchema("pretrain");
    private final Key<Long> hidden = schema.integer("hidden", 128, "width of the model")
            .where(n -> n >= HEAD && n % HEAD == 0 && n <= 1 << 14, "a multiple of " + HEAD);
    private final Key<Long> layers = positive("layers", 4, "blocks of the model");
    private final Key<Long> length = positive("length", 256, "the longest text that the model reads, in tokens");
    private final Key<Long> steps = positive("steps", 1500, "optimiser steps");
    private final Key<Long> documents = positive("documents", 128, "documents a step");
    private final Key<Double> rate =
            schema.number("learning_rate", 2e-3, "the peak").where(x -> x > 0, "more than 0");
    private final Key<Long> seed = schema.integer("seed", 1, "of corpus and weights");
    private final Key<Long> saveSteps = positive("save_steps", 100, "steps between checkpoints");

    private Key<Long> positive(String name, long standard, String what) {
        return schema.integer(name, standard, what)
                .where(n -> n >= 1 && n <= Integer.MAX_VALUE, "1 to " + Integer.MAX_VALUE);
    }

    @Override
    public RecipeSchema schema() {
        return schema;
    }

    @Override
    public RunPlan plan(Recipe recipe, CommonOptions common) {
        return new RunPlan(
                "Pre-training",
                recipe.get(seed),
                recipe.get(steps),
                recipe.toMap(),
                Set.of("save_steps"),
                Optional.of(recipe.resolved()),
                (run, _) -> run(recipe, run, common));
    }

    private RunPlan.Outcome run(Recipe recipe, RunFolder run, CommonOptions common) throws IOException {
        Path out = run.path().resolve("model");
        PretrainTexts texts = new PretrainTexts.Generated(recipe.get(seed));
        Optional<Checkpoint> from = run.resumed();
        BpeTokenizer tokenizer = from.isPresent() ? BpeTokenizer.load(out) : texts.tokenizer(out);
        int vocab = (tokenizer.vocabSize() + 31) / 32 * 32;
        int width = number(recipe, hidden);
        DecoderConfig config = DecoderConfig.llama(
                vocab, width, number(recipe, layers), width / HEAD, width * 8 / 3 / 8 * 8, number(recipe, length));
        double loss;
        long parameters;
        try (CausalLm model = from.isPresent()
                        ? CausalLm.load(from.get().folder())
                        : CausalLm.create(config, Rng.of(recipe.get(seed)));
                Pretraining training = texts.training(
                        model,
                        tokenizer,
                        new Pretraining.Options(
                                recipe.get(steps),
                                number(recipe, documents),
                                recipe.get(rate),
                                Math.min(100, recipe.get(steps) / 10 + 1),
                                0.05))) {
            loss = new PretrainLoop(
                            common, training, out, recipe.get(steps), Optional.of(run), number(recipe, saveSteps))
                    .run(from);
            model.save(out);
            parameters = model.parameterCount();
        }
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("loss", loss);
        values.put("parameters", parameters);
        values.put("steps", recipe.get(steps));
        run.result(values);
        return new RunPlan.Outcome(
                List.of(String.format(Locale.ROOT, "%d parameters, loss %.4f.", parameters, loss)), values);
    }

    private static int number(Recipe recipe, Key<Long> key) {
        return Math.toIntExact(recipe.get(key));
    }
}
