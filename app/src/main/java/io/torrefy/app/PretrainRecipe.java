package io.torrefy.app;

import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.posttrain.Checkpoint;
import io.torrefy.posttrain.Corpus;
import io.torrefy.posttrain.Countdown;
import io.torrefy.posttrain.Pretraining;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import io.torrefy.tensor.Rng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The keys of a base model on the generated Countdown corpus, as a stage of a pipeline: a new one, as `torrefy
/// pretrain` makes, or one that goes on learning.
final class PretrainRecipe implements RecipeKind {
    private static final int HEAD = 32;

    private final RecipeSchema schema = new RecipeSchema("pretrain");
    private final Key<String> model =
            schema.text("model", "", "folder of a model that goes on learning, with its tokenizer; empty: a new one");
    private final Key<Double> mixed = schema.number(
                    "mixed", 0, "the probability that the corpus words a comparison in Chinese, in place of English")
            .where(x -> x >= 0 && x <= 1, "0 to 1");
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
        Problems found = new Problems("pretrain");
        Optional<ModelFolder> base = Optional.empty();
        if (!recipe.get(model).isEmpty()) {
            found.unused(recipe, "model", hidden, layers, length);
            base = found.attempt(() -> ModelFolder.open(Path.of(recipe.get(model)), ""));
        }
        found.refuse();
        Optional<ModelFolder> learner = base;
        return new RunPlan(
                "Pre-training",
                recipe.get(seed),
                recipe.get(steps),
                recipe.toMap(),
                Set.of("save_steps"),
                Optional.of(recipe.resolved()),
                (run, _) -> run(recipe, learner, run, common));
    }

    private RunPlan.Outcome run(Recipe recipe, Optional<ModelFolder> base, RunFolder run, CommonOptions common)
            throws IOException {
        Path out = run.path().resolve("model");
        Corpus corpus = Corpus.of(Countdown.standard(), Corpus.Options.DEFAULT.mixed(recipe.get(mixed)));
        PretrainTexts texts = new PretrainTexts.Generated(corpus, recipe.get(seed));
        Optional<Checkpoint> from = run.resumed();
        if (from.isEmpty() && base.isPresent()) {
            Files.createDirectories(out);
            base.get().copyTokenizer(out);
        }
        BpeTokenizer tokenizer = from.isPresent() || base.isPresent() ? BpeTokenizer.load(out) : texts.tokenizer(out);
        double loss;
        long parameters;
        try (CausalLm learner = from.map(checkpoint -> CausalLm.load(checkpoint.folder()))
                        .or(() -> base.map(folder -> CausalLm.load(folder.path())))
                        .orElseGet(() -> CausalLm.create(config(recipe, tokenizer), Rng.of(recipe.get(seed))));
                Pretraining training = texts.training(
                        learner,
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
            learner.save(out);
            parameters = learner.parameterCount();
        }
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("loss", loss);
        values.put("parameters", parameters);
        values.put("steps", recipe.get(steps));
        run.result(values);
        return new RunPlan.Outcome(
                List.of(String.format(Locale.ROOT, "%d parameters, loss %.4f.", parameters, loss)), values);
    }

    private DecoderConfig config(Recipe recipe, BpeTokenizer tokenizer) {
        int vocab = (tokenizer.vocabSize() + 31) / 32 * 32;
        int width = number(recipe, hidden);
        return DecoderConfig.llama(
                vocab, width, number(recipe, layers), width / HEAD, width * 8 / 3 / 8 * 8, number(recipe, length));
    }

    private static int number(Recipe recipe, Key<Long> key) {
        return Math.toIntExact(recipe.get(key));
    }
}
