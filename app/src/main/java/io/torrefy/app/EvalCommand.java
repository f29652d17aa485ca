package io.torrefy.app;

import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.QaFile;
import io.torrefy.posttrain.Split;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.Verdict;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// `torrefy eval`.
@Command(
        name = "eval",
        description = {
            "Measures a model on problems held out from training, judged by an exact verifier. Choose settings by"
                    + " --split validation, and keep the held-out problems for what was chosen.",
            "One greedy completion a problem; with --samples K also pass@K and the accuracy of the majority's answer.",
            "With --search LIST searches are compared: accuracy against all tokens that were generated."
        })
final class EvalCommand implements Callable<Integer> {
    @Mixin
    private TaskOptions tasks = new TaskOptions();

    @Option(
            names = "--held-out",
            paramLabel = "SHARE",
            description = "The share of --data that is held out: 1 where the whole file is a test set. Default:"
                    + " ${DEFAULT-VALUE}, the questions that r1-zero holds out.")
    private double heldOut = QaFile.Options.DEFAULT.heldOutFraction();

    @Option(
            names = "--split",
            paramLabel = "SIDE",
            description = "held-out, validation or training problems. Default: held-out.",
            converter = SideConverter.class)
    private Split split = Split.HELD_OUT;

    @Option(names = "--count", paramLabel = "N", description = "Problems at most. Default: ${DEFAULT-VALUE}.")
    private int count = 500;

    @Option(names = "--samples", paramLabel = "K", description = "Completions a problem. Default: ${DEFAULT-VALUE}.")
    private int samples = 1;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            description = "Of sampling; 0 is greedy. Default: 0, or 1 with several samples.")
    private Optional<Double> temperature = Optional.empty();

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Length of a completion. Default: ${DEFAULT-VALUE}, as in r1-zero.")
    private int maxTokens = 160;

    @Option(names = "--seed", paramLabel = "N", description = "Of the samples. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Mixin
    private SearchEval search = new SearchEval();

    @Mixin
    private ModelOption model = new ModelOption();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        common.check(count >= 1, "--count", "at least 1", count);
        common.check(samples >= 1, "--samples", "at least 1", samples);
        common.check(maxTokens >= 1, "--max-tokens", "at least 1", maxTokens);
        common.check(heldOut > 0 && heldOut <= 1, "--held-out", "a share above 0, at most 1", heldOut);
        double heat = temperature.orElse(samples == 1 ? 0.0 : 1.0);
        common.check(heat >= 0 && Double.isFinite(heat), "--temperature", "at least 0", heat);
        common.check(samples == 1 || heat > 0, "--temperature", "above 0 with several samples", heat);
        Task chosen = tasks.chosen(common, heldOut);
        search.read(common, chosen);
        if (search.asked() && (samples != 1 || temperature.isPresent())) {
            throw common.bad("Options '--samples' and '--temperature' are not for --search. Hint: each search has its"
                    + " own, as in best-of-8:temperature=0.8");
        }
        List<Problem> problems = problems(chosen);
        Loaded loaded = model.load();
        if (search.asked()) {
            search.run(common, loaded, chosen, problems, maxTokens, seed, about(chosen, problems));
            return 0;
        }
        Sampling sampling = Sampling.of(maxTokens, heat, seed).withStopIds(Set.of(Tokens.end(loaded.tokenizer())));
        long start = System.nanoTime();
        List<Completion> done = generate(loaded, problems, sampling);
        double seconds = (System.nanoTime() - start) / 1e9;
        report(chosen, problems, Score.of(chosen, problems, samples, texts(loaded, done)), done, heat, seconds);
        return 0;
    }

    private List<Problem> problems(Task chosen) {
        List<Problem> problems = new ArrayList<>();
        switch (split) {
            case HELD_OUT -> problems.addAll(chosen.heldOut(count));
            case VALIDATION -> problems.addAll(chosen.validation(count));
            case TRAINING -> chosen.problems(Split.TRAINING, seed).limit(count).forEach(problems::add);
        }
        if (problems.isEmpty()) {
            throw new IllegalArgumentException("[eval] expected " + SideConverter.name(split) + " problems; the task "
                    + chosen.name() + " has none."
                    + (split == Split.HELD_OUT ? " Hint: --held-out 1 takes all of a file." : ""));
        }
        return problems;
    }

    /// The sides by the names that people write.
    private static final class SideConverter implements ITypeConverter<Split> {
        @Override
        public Split convert(String value) {
            return Arrays.stream(Split.values())
                    .filter(side -> name(side).equalsIgnoreCase(value))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException(
                            "expected held-out, validation or training but was '" + value + "'"));
        }

        static String name(Split side) {
            return side.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private List<Completion> generate(Loaded loaded, List<Problem> problems, Sampling sampling) {
        List<int[]> prompts = new ArrayList<>();
        for (Problem problem : problems) {
            int[] prompt = Tokens.prompt(loaded.tokenizer(), problem);
            for (int i = 0; i < samples; i++) {
                prompts.add(prompt);
            }
        }
        try (Generator generator = Generator.of(loaded.model(), loaded.tokenizer(), Math.min(prompts.size(), 128))) {
            return generator.generate(prompts, sampling);
        }
    }

    private static List<String> texts(Loaded loaded, List<Completion> done) {
        return done.stream().map(c -> loaded.tokenizer().decode(c.ids(), true)).toList();
    }

    private Map<String, Object> about(Task chosen, List<Problem> problems) {
        Map<String, Object> about = new LinkedHashMap<>();
        about.put("model", model.folder().toString());
        about.put("task", chosen.name());
        about.put("split", SideConverter.name(split));
        about.put("problems", problems.size());
        return about;
    }

    private void report(
            Task chosen, List<Problem> problems, Score score, List<Completion> done, double heat, double seconds) {
        long tokens = done.stream().mapToLong(c -> c.ids().length).sum();
        long cut = done.stream()
                .filter(c -> c.finish() == Completion.Finish.LENGTH)
                .count();
        say(
                "Accuracy: %.1f %% of %d %s problems (%s, %s).",
                100 * score.accuracy(),
                score.problems(),
                SideConverter.name(split),
                chosen.name(),
                heat == 0 ? "greedy" : samples + " samples each at temperature " + heat);
        if (samples > 1) {
            say(
                    "pass@%d: %.1f %%. Majority of %d: %.1f %%.",
                    samples, 100 * score.pass(), samples, 100 * score.majority());
        }
        score.outcomes().forEach((outcome, n) -> say("  %-14s %6d", outcome, n));
        say(
                "Mean length %.1f tokens, %d cut off, %.0f tokens/s.",
                (double) tokens / done.size(), cut, tokens / seconds);
        Map<String, Object> json = about(chosen, problems);
        json.put("samples", samples);
        json.put("temperature", heat);
        json.put("accuracy", score.accuracy());
        json.put("pass_at_k", score.pass());
        json.put("majority", score.majority());
        json.put("outcomes", score.outcomes());
        json.put("mean_tokens", (double) tokens / done.size());
        json.put("cut_off", cut);
        json.put("tokens_per_second", tokens / seconds);
        json.put("seconds", seconds);
        common.result(json);
    }

    private void say(String format, Object... values) {
        common.out().println(String.format(Locale.ROOT, format, values));
    }

    /// What the verifier said of all completions.
    ///
    /// @param accuracy the share of completions that are right
    /// @param pass the share of problems with a right completion among their samples
    /// @param majority the share of problems whose most frequent answer is right; of equally frequent ones the
    ///     first
    /// @param outcomes completions by the verifier's class
    record Score(int problems, double accuracy, double pass, double majority, Map<String, Integer> outcomes) {
        /// @param texts `samples` completions of each problem, in order
        static Score of(Task task, List<Problem> problems, int samples, List<String> texts) {
            Map<String, Integer> outcomes = new LinkedHashMap<>();
            for (Verdict.Outcome outcome : Verdict.Outcome.values()) {
                outcomes.put(outcome.label(), 0);
            }
            int right = 0;
            int passed = 0;
            int majority = 0;
            for (int p = 0; p < problems.size(); p++) {
                List<Verdict> verdicts = new ArrayList<>();
                for (int i = 0; i < samples; i++) {
                    verdicts.add(task.verify(problems.get(p), texts.get(p * samples + i)));
                }
                verdicts.forEach(v -> outcomes.merge(v.outcome().label(), 1, Integer::sum));
                int good = (int) verdicts.stream().filter(Verdict::correct).count();
                right += good;
                passed += good > 0 ? 1 : 0;
                majority += mostFrequentIsRight(verdicts) ? 1 : 0;
            }
            double n = problems.size();
            return new Score(problems.size(), right / (n * samples), passed / n, majority / n, outcomes);
        }

        private static boolean mostFrequentIsRight(List<Verdict> verdicts) {
            Map<String, Integer> votes = new LinkedHashMap<>();
            verdicts.stream()
                    .filter(v -> v.outcome() != Verdict.Outcome.NO_ANSWER)
                    .forEach(v -> votes.merge(v.said(), 1, Integer::sum));
            int most = votes.values().stream().mapToInt(v -> v).max().orElse(0);
            Optional<String> winner = votes.entrySet().stream()
                    .filter(vote -> vote.getValue() == most)
                    .map(Map.Entry::getKey)
                    .findFirst();
            return winner.isPresent()
                    && verdicts.stream()
                            .filter(v -> v.said().equals(winner.get()))
                            .anyMatch(Verdict::correct);
        }
    }
}
