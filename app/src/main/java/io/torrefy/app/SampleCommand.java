package io.torrefy.app;

import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.Split;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.search.GeneratorPolicy;
import io.torrefy.posttrain.search.PreferenceSampling;
import io.torrefy.posttrain.search.RejectionSampling;
import io.torrefy.posttrain.search.SearchScore;
import io.torrefy.posttrain.search.Searches;
import io.torrefy.posttrain.search.StepLabels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Datasets from a model's own samples.
@Command(
        name = "sample",
        description = {
            "Samples a model's solutions of a task's training problems and writes them as a dataset of JSON Lines: what"
                    + " sft, dpo, reward and kto learn from.",
            "--kind completions keeps the best (rejection sampling); preferences pairs good with bad ones; unpaired judges"
                    + " each alone; steps labels every step by rollouts (Math-Shepherd)."
        })
final class SampleCommand implements Callable<Integer> {
    /// What is written.
    enum Kind {
        COMPLETIONS,
        PREFERENCES,
        UNPAIRED,
        STEPS
    }

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "The dataset.")
    private Path out = Path.of("");

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            description = "completions, preferences, unpaired or steps. Default: completions.")
    private Kind kind = Kind.COMPLETIONS;

    @Mixin
    private TaskOptions tasks = new TaskOptions();

    @Option(names = "--count", paramLabel = "N", description = "Problems. Default: ${DEFAULT-VALUE}.")
    private int count = 500;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Decides problems and samples. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(names = "--samples", paramLabel = "N", description = "Of a problem. Default: ${DEFAULT-VALUE}.")
    private int samples = 8;

    @Option(names = "--temperature", paramLabel = "X", description = "Of sampling. Default: ${DEFAULT-VALUE}.")
    private double temperature = 1;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Length of a completion. Default: ${DEFAULT-VALUE}, as in r1-zero.")
    private int maxTokens = 160;

    @Option(
            names = "--keep",
            paramLabel = "N",
            description = "Completions or pairs of a problem at most. Default: ${DEFAULT-VALUE}.")
    private int keep = 1;

    @Option(
            names = "--threshold",
            paramLabel = "X",
            description = "The least reward of a completion that is kept, or difference of rewards of a pair. Default:"
                    + " ${DEFAULT-VALUE}.")
    private double threshold = 1;

    @Option(
            names = "--rollouts",
            paramLabel = "N",
            description = "Of each step, for --kind steps. Default: ${DEFAULT-VALUE}.")
    private int rollouts = 8;

    @Option(
            names = "--separator",
            paramLabel = "TEXT",
            description = "What a step ends at: newline, comma, blank (an empty line) or a text. Default: newline.")
    private String separator = "newline";

    @Mixin
    private RewardOptions rewards = new RewardOptions();

    @Mixin
    private ModelOption model = new ModelOption();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        common.check(count >= 1, "--count", "at least 1", count);
        common.check(rollouts >= 1, "--rollouts", "at least 1", rollouts);
        common.check(
                kind != Kind.STEPS || !rewards.named(),
                "--reward",
                "another kind than steps, which the task judges",
                "it");
        Path folder = out.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw common.bad("Invalid value for option '--out': there is no folder " + folder);
        }
        Task task = tasks.chosen(common);
        Maker maker = maker(task);
        Loaded loaded = model.load();
        List<Problem> problems =
                task.problems(Split.TRAINING, seed).limit(count).toList();
        long start = System.nanoTime();
        int slots = Math.min(128, samples * problems.size());
        Made made;
        try (GeneratorPolicy policy = GeneratorPolicy.of(loaded.model(), loaded.tokenizer(), slots, seed)) {
            SearchProgress progress = new SearchProgress(common.err(), "sample", problems.size());
            made = maker.write(policy, problems, progress::show);
            progress.done();
        }
        report(task, problems.size(), made, (System.nanoTime() - start) * 1e-9);
        return 0;
    }

    private void report(Task task, int problems, Made made, double seconds) {
        common.out()
                .printf(
                        Locale.ROOT,
                        "%d lines from %d of %d problems, %,d tokens in %.0f s: %s%n",
                        made.lines,
                        made.used,
                        problems,
                        made.tokens,
                        seconds,
                        out);
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("kind", name(kind));
        line.put("task", task.name());
        line.put("problems", problems);
        line.put("lines", made.lines);
        line.put("used", made.used);
        line.put("tokens", made.tokens);
        line.put("seconds", seconds);
        line.put("out", out.toString());
        common.result(line);
    }

    /// @param used problems that gave a line
    private record Made(int lines, int used, long tokens) {}

    /// What writes a kind, made before the model is loaded, so that bad options are said at once.
    @FunctionalInterface
    private interface Maker {
        Made write(GeneratorPolicy policy, List<Problem> problems, SearchScore.Watcher watcher) throws IOException;
    }

    private Maker maker(Task task) {
        try {
            return switch (kind) {
                case COMPLETIONS -> {
                    var sampling = new RejectionSampling(samples, temperature, threshold, keep, maxTokens);
                    Rewards sum = judges(task);
                    yield (policy, problems, watcher) -> {
                        var made = sampling.write(out, policy, task, sum, problems, watcher);
                        return new Made(made.kept(), made.solved(), made.tokens());
                    };
                }
                case PREFERENCES, UNPAIRED -> {
                    var sampling = new PreferenceSampling(
                            samples, temperature, threshold, keep, maxTokens, kind == Kind.UNPAIRED);
                    Rewards sum = judges(task);
                    yield (policy, problems, watcher) -> {
                        var made = sampling.write(out, policy, task, sum, problems, watcher);
                        return new Made(made.lines(), made.paired(), made.tokens());
                    };
                }
                case STEPS -> {
                    var labels =
                            new StepLabels(samples, rollouts, temperature, maxTokens, Searches.separator(separator));
                    yield (policy, problems, watcher) -> {
                        var made = labels.write(out, policy, task, problems, watcher);
                        return new Made(made.solutions(), made.problems(), made.tokens());
                    };
                }
            };
        } catch (IllegalArgumentException e) {
            throw common.bad(String.valueOf(e.getMessage()));
        }
    }

    /// The rewards that are named, or else the task's verifier alone.
    private Rewards judges(Task task) {
        Reward accuracy = task.accuracy();
        return rewards.named() ? rewards.make(common, task, maxTokens, accuracy, 0) : Rewards.of("accuracy", accuracy);
    }

    private static String name(Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}
