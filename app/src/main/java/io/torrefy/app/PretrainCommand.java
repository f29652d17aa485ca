package io.torrefy.app;

import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.nn.Schedule;
import io.torrefy.posttrain.Checkpoint;
import io.torrefy.posttrain.Pretraining;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Makes a base model from files of texts or from the generated corpus: the one that ships was made by this command
/// with its defaults.
@Command(
        name = "pretrain",
        description = {
            "Pre-trains a small base model, tokenizer included, on texts in files, or without --data on the generated"
                    + " Countdown corpus.",
            "Texts are streamed, shuffled, tokenised and packed into rows of --length tokens."
        })
final class PretrainCommand implements Callable<Integer> {
    @Mixin
    private CommonOptions common = new CommonOptions();

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "Where the model goes.")
    private Path out = Path.of("");

    @Option(names = "--steps", paramLabel = "N", description = "Optimiser steps. Default: ${DEFAULT-VALUE}.")
    private long steps = 1500;

    @Option(
            names = "--documents",
            paramLabel = "N",
            description = "Documents a step, or with --data rows a step. Default: ${DEFAULT-VALUE}.")
    private int documents = 128;

    @Option(names = "--seed", paramLabel = "N", description = "Of corpus and weights. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(names = "--hidden", paramLabel = "N", description = "Width of the model. Default: ${DEFAULT-VALUE}.")
    private int hidden = 128;

    @Option(names = "--layers", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int layers = 4;

    @Option(names = "--learning-rate", paramLabel = "X", description = "The peak. Default: ${DEFAULT-VALUE}.")
    private double learningRate = 2e-3;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            description = "Of the learning rate: an exported name, such as optim.schedules.linear, with what it needs"
                    + " beside the peak and the steps. Default: ${DEFAULT-VALUE}.")
    private String schedule = "optim.schedules.cosine_with_min_lr:minRate=0.01";

    @Option(
            names = "--family",
            paramLabel = "NAME",
            description = "Of the model: llama, gpt2, or an exported name. Default: ${DEFAULT-VALUE}.")
    private String family = "llama";

    @Option(
            names = "--length",
            paramLabel = "N",
            description = "The longest text that the model reads, in tokens. Default: ${DEFAULT-VALUE}.")
    private int length = 256;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            description = "Steps between checkpoints, in DIR/run; 0 for none. Default: 0, or 100 with --data.")
    private Optional<Integer> checkpointEvery = Optional.empty();

    @Option(
            names = "--resume",
            description = "Go on with the run in DIR/run from its newest checkpoint, bit for bit as if it had not"
                    + " stopped.")
    private boolean resume;

    @Mixin
    private TextOptions texts = new TextOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        check();
        int every = checkpointEvery.orElse(texts.given() ? 100 : 0);
        if (Files.exists(out.resolve("model.safetensors"))) {
            throw new RunException("[pretrain] expected a folder without a model; got " + out
                    + ", which has one. Hint: move it away, or choose another --out.");
        }
        PretrainTexts source = texts.open(common, seed, length, documents);
        if (every == 0) {
            return run(source, Optional.empty(), 0);
        }
        try (RunFolder run = RunFolder.open(out.resolve("run"), resume)) {
            run.notes().forEach(common.err()::println);
            run.onTrouble(trouble -> common.err().println(trouble.sentence()));
            run.config(configuration(source), Set.of("threads", "checkpoint_every"));
            return run(source, Optional.of(run), every);
        }
    }

    private void check() {
        common.check(steps >= 1, "--steps", "at least 1", steps);
        common.check(documents >= 1, "--documents", "at least 1", documents);
        common.check(layers >= 1, "--layers", "at least 1", layers);
        boolean positive = learningRate > 0 && Double.isFinite(learningRate);
        common.check(positive, "--learning-rate", "a positive number", learningRate);
        common.check(hidden >= 32 && hidden % 32 == 0, "--hidden", "a multiple of 32", hidden);
        common.check(length >= 1, "--length", "at least 1", length);
        checkpointEvery.ifPresent(n -> common.check(n >= 0, "--checkpoint-every", "at least 0", n));
        boolean keeps = checkpointEvery.orElse(texts.given() ? 100 : 0) > 0;
        common.check(!resume || keeps, "--resume", "--checkpoint-every of at least 1", "0");
        // Before there is a folder: what cannot be made is not to be found out after the tokenizer's training.
        schedule();
        configOf(1024);
    }

    private Schedule schedule() {
        long warmup = warmup();
        return new Named(common, "--schedule", "optim.schedules.")
                .make(schedule, Schedule.class, Map.of("peak", learningRate, "warmup", warmup, "total", steps));
    }

    private long warmup() {
        return Math.min(100, steps / 10 + 1);
    }

    private DecoderConfig configOf(int vocab) {
        Map<String, Integer> sizes = new LinkedHashMap<>();
        sizes.put("vocab", vocab);
        sizes.put("hidden", hidden);
        sizes.put("layers", layers);
        sizes.put("heads", hidden / 32);
        sizes.put("intermediate", hidden * 8 / 3 / 8 * 8);
        sizes.put("maxPositions", length);
        return new Named(common, "--family", "lm.families.").make(family, DecoderConfig.class, sizes);
    }

    private Map<String, Object> configuration(PretrainTexts source) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("data", source.description());
        config.put("steps", steps);
        config.put("documents", documents);
        config.put("seed", seed);
        config.put("family", family);
        config.put("hidden", hidden);
        config.put("layers", layers);
        config.put("length", length);
        config.put("learning_rate", learningRate);
        config.put("schedule", schedule);
        config.put("checkpoint_every", checkpointEvery.orElse(100));
        config.put("threads", Threads.count());
        return config;
    }

    private int run(PretrainTexts source, Optional<RunFolder> run, int every) throws IOException {
        Optional<Checkpoint> from = run.flatMap(RunFolder::resumed);
        BpeTokenizer tokenizer = from.isPresent() ? BpeTokenizer.load(out) : source.tokenizer(out);
        int vocab = (tokenizer.vocabSize() + 31) / 32 * 32;
        CausalLm model =
                from.isPresent() ? CausalLm.load(from.get().folder()) : CausalLm.create(configOf(vocab), Rng.of(seed));
        var options = new Pretraining.Options(steps, documents, learningRate, warmup(), 0.05);
        double loss;
        try (Pretraining training = source.training(model, tokenizer, options).schedule(schedule())) {
            loss = new PretrainLoop(common, training, out, steps, run, every).run(from);
        }
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
}
