package io.torrefy.app;

import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.preference.PreferenceReward;
import io.torrefy.posttrain.rewards.TextRewards;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Held-out problems of a task, which models answer.
///
/// @param heldOut problems at most
/// @param maxTokens an answer may have
/// @param temperature of sampling; 0 takes the most likely tokens
/// @param generations answers to each problem
record Benchmark(Task task, int heldOut, int maxTokens, double temperature, int generations, long seed) {
    private static final int SLOTS = 128;
    private static final int SCORED_TOKENS = 8192;

    /// What came of it, by name, in this order: shares but for length and judged.
    ///
    /// - `accuracy`: answers that the verifier accepts;
    /// - `readability`: words of the language in what was thought (R1's language consistency), the mean over
    ///   answers;
    /// - `format`: answers in the strict form of R1-Zero;
    /// - `length`: mean tokens of an answer;
    /// - `cut_off`: answers that did not end;
    /// - `judged`: mean score of a reward model, where there is one.
    static final List<String> MEASURES = List.of("accuracy", "readability", "format", "length", "cut_off", "judged");

    private static final String JUDGED = "judged";

    /// A measure as people read it.
    static String text(String measure, double value) {
        return switch (measure) {
            case "length" -> String.format(Locale.ROOT, "%.1f", value);
            case JUDGED -> String.format(Locale.ROOT, "%.2f", value);
            default -> String.format(Locale.ROOT, "%.1f %%", 100 * value);
        };
    }

    /// @param judge the folder of a reward model
    Map<String, Double> of(Path model, String language, Optional<Path> judge) {
        Loaded loaded = Loaded.from(model);
        List<Attempt> attempts = attempts(loaded);
        Reward readable = TextRewards.languageConsistency(language);
        Reward format = Rewards.thinkAnswerFormat();
        Map<String, Double> sums = new LinkedHashMap<>();
        for (Attempt attempt : attempts) {
            Problem problem = attempt.problem();
            String text = attempt.completion();
            sums.merge("accuracy", task.verify(problem, text).correct() ? 1.0 : 0, Double::sum);
            sums.merge("readability", readable.score(problem, text), Double::sum);
            sums.merge("format", format.score(problem, text), Double::sum);
            sums.merge("length", (double) attempt.tokens(), Double::sum);
            sums.merge("cut_off", attempt.truncated() ? 1.0 : 0, Double::sum);
        }
        judge.ifPresent(folder -> sums.put(JUDGED, judged(folder, attempts)));
        sums.replaceAll((_, sum) -> sum / attempts.size());
        return sums;
    }

    /// The sum of scores. The judge reads texts in its own tokens, as models need not share its vocabulary.
    private static double judged(Path judge, List<Attempt> attempts) {
        Tokenizer tokenizer = BpeTokenizer.load(judge);
        try (ValueModel values = ValueModel.load(judge)) {
            int most = values.config().maxPositions();
            List<Attempt> read = attempts.stream()
                    .map(answer -> read(answer, tokenizer, most))
                    .toList();
            return Arrays.stream(PreferenceReward.of(values, tokenizer, SCORED_TOKENS)
                            .scores(read))
                    .sum();
        }
    }

    /// An answer in the judge's tokens, of which there may be more: as many as it has positions for.
    private static Attempt read(Attempt answer, Tokenizer tokenizer, int most) {
        Problem problem = answer.problem();
        int[] ids = answer.truncated()
                ? tokenizer.encode(answer.completion())
                : Tokens.completion(tokenizer, answer.completion());
        int room = most - Tokens.prompt(tokenizer, problem).length;
        return new Attempt(
                problem, answer.completion(), Arrays.copyOf(ids, Math.min(ids.length, room)), answer.truncated());
    }

    private List<Attempt> attempts(Loaded loaded) {
        List<Problem> problems = new ArrayList<>();
        for (Problem problem : task.heldOut(heldOut)) {
            problems.addAll(Collections.nCopies(generations, problem));
        }
        Sampling sampling =
                Sampling.of(maxTokens, temperature, seed).withStopIds(Set.of(Tokens.end(loaded.tokenizer())));
        List<Completion> answers;
        try (var lm = loaded.model();
                Generator generator = Generator.of(lm, loaded.tokenizer(), Math.min(SLOTS, problems.size()))) {
            answers = generator.generate(
                    problems.stream()
                            .map(problem -> Tokens.prompt(loaded.tokenizer(), problem))
                            .toList(),
                    sampling);
        }
        List<Attempt> attempts = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++) {
            Completion answer = answers.get(i);
            attempts.add(new Attempt(
                    problems.get(i),
                    loaded.tokenizer().decode(answer.ids(), true),
                    answer.ids(),
                    answer.finish() == Completion.Finish.LENGTH));
        }
        return attempts;
    }
}
