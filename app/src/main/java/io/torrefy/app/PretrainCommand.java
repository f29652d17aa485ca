package io.torrefy.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Corpus;
import io.torrefy.posttrain.Pretraining;
import io.torrefy.posttrain.RunException;
import io.torrefy.tensor.Rng;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Makes a base model from the generated corpus: the one that ships was made by this command with its defaults.
@Command(
        name = "pretrain",
        description = "Pre-trains a small base model, tokenizer included, on the generated Countdown corpus.")
final class PretrainCommand implements Callable<Integer> {
    private static final long TOKENIZER_DOCUMENTS = 20_000;
    private static final String WORDS_AND_NUMBERS = " ?\\p{N}{1,3}| ?\\p{L}+| ?[^\\s\\p{L}\\p{N}]+|\\s";

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "Where the model goes.")
    private Path out = Path.of("");

    @Option(names = "--steps", paramLabel = "N", description = "Optimiser steps. Default: ${DEFAULT-VALUE}.")
    private long steps = 1500;

    @Option(names = "--documents", paramLabel = "N", description = "Documents a step. Default: ${DEFAULT-VALUE}.")
    private int documents = 128;

    @Option(names = "--seed", paramLabel = "N", description = "Of corpus and weights. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(names = "--hidden", paramLabel = "N", description = "Width of the model. Default: ${DEFAULT-VALUE}.")
    private int hidden = 128;

    @Option(names = "--layers", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int layers = 4;

    @Option(names = "--learning-rate", paramLabel = "X", description = "The peak. Default: ${DEFAULT-VALUE}.")
    private double learningRate = 2e-3;

    @Override
    public Integer call() throws IOException {
        common.apply();
        common.check(steps >= 1, "--steps", "at least 1", steps);
        common.check(documents >= 1, "--documents", "at least 1", documents);
        common.check(layers >= 1, "--layers", "at least 1", layers);
        boolean positive = learningRate > 0 && Double.isFinite(learningRate);
        common.check(positive, "--learning-rate", "a positive number", learningRate);
        common.check(hidden >= 32 && hidden % 32 == 0, "--hidden", "a multiple of 32", hidden);
        if (Files.exists(out.resolve("model.safetensors"))) {
            throw new RunException("[pretrain] expected a folder without a model; got " + out
                    + ", which has one. Hint: move it away, or choose another --out.");
        }
        Corpus corpus = Corpus.standard();
        BpeTokenizer tokenizer = tokenizer(corpus);
        int vocab = (tokenizer.vocabSize() + 31) / 32 * 32;
        CausalLm model = CausalLm.create(
                DecoderConfig.llama(vocab, hidden, layers, hidden / 32, hidden * 8 / 3 / 8 * 8, 256), Rng.of(seed));
        double loss = train(corpus, tokenizer, model);
        model.save(out);
        common.out().printf(Locale.ROOT, "%d parameters, loss %.4f, saved in %s%n", model.parameterCount(), loss, out);
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("loss", loss);
        line.put("parameters", model.parameterCount());
        line.put("steps", steps);
        line.put("model", out.toString());
        common.result(line);
        return 0;
    }

    private BpeTokenizer tokenizer(Corpus corpus) {
        var trained = BpeTrainer.of(512)
                .endOfText("<|endoftext|>")
                .added("<think>", "</think>", "<answer>", "</answer>")
                .splitRegex(WORDS_AND_NUMBERS)
                .train(corpus.documents(seed).limit(TOKENIZER_DOCUMENTS).map(Corpus.Document::text)::iterator);
        try {
            Files.createDirectories(out);
        } catch (IOException e) {
            throw new RunException("[pretrain] cannot create " + out + ": " + e.getMessage());
        }
        trained.save(out);
        return trained.tokenizer();
    }

    /// The mean loss of the last steps. The curve goes to `pretraining.jsonl` beside the model.
    private double train(Corpus corpus, Tokenizer tokenizer, CausalLm model) throws IOException {
        var options = new Pretraining.Options(steps, documents, learningRate, Math.min(100, steps / 10 + 1), 0.05);
        double mean = 0;
        long began = System.nanoTime();
        long tokens = 0;
        ObjectMapper json = new ObjectMapper();
        try (Pretraining training = Pretraining.of(
                        model,
                        i -> {
                            var document = corpus.document(seed, i);
                            return Pretraining.ids(tokenizer, document.problem().prompt(), document.completion());
                        },
                        options);
                var curve = Files.newBufferedWriter(out.resolve("pretraining.jsonl"), StandardCharsets.UTF_8)) {
            for (long step = 0; step < steps; step++) {
                Pretraining.Step done = training.step(step);
                tokens += done.tokens();
                mean = step == 0 ? done.loss() : 0.98 * mean + 0.02 * done.loss();
                if ((step + 1) % 25 == 0 || step + 1 == steps) {
                    Map<String, Object> point = new LinkedHashMap<>();
                    point.put("step", step + 1);
                    point.put("loss", mean);
                    point.put("tokens", tokens);
                    curve.write(json.writeValueAsString(point) + "\n");
                    curve.flush();
                    common.err()
                            .printf(
                                    Locale.ROOT,
                                    "step %d/%d  loss %.4f  %.0f tokens/s%n",
                                    step + 1,
                                    steps,
                                    mean,
                                    tokens / ((System.nanoTime() - began) * 1e-9));
                    common.err().flush();
                }
            }
        }
        return mean;
    }
}
