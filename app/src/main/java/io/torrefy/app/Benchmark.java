package io.torrefy.app;

import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.rewards.TextRewards;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Held-out problems of a task, which models answer greedily.
record Benchmark(Task task, int heldOut, int maxTokens) {
    private static final int SLOTS = 128;

    /// What came of it, by name, in this order: shares but for the length.
    ///
    /// - `accuracy`: answers that the verifier accepts;
    /// - `readability`: words of the language in what was thought (R1's language consistency), the mean over
    ///   answers;
    /// - `format`: answers in the strict form of R1-Zero;
    /// - `length`: mean tokens of an answer;
    /// - `cut_off`: answers that did not end.
    static final List<String> MEASURES = List.of("accuracy", "readability", "format", "length", "cut_off");

    Map<String, Double> of(Path model, String language) {
        Loaded loaded = Loaded.from(model);
        List<Problem> problems = task.heldOut(heldOut);
        Sampling greedy = Sampling.greedy(maxTokens).withStopIds(Set.of(Tokens.end(loaded.tokenizer())));
        List<Completion> answers;
        try (var lm = loaded.model();
                Generator generator = Generator.of(lm, loaded.tokenizer(), Math.min(SLOTS, problems.size()))) {
            answers = generator.generate(
                    problems.stream()
                            .map(problem -> Tokens.prompt(loaded.tokenizer(), problem))
                            .toList(),
                    greedy);
        }
        Reward readable = TextRewards.languageConsistency(language);
        Reward format = Rewards.thinkAnswerFormat();
        double[] sums = new double[MEASURES.size()];
        for (int i = 0; i < problems.size(); i++) {
            Problem problem = problems.get(i);
            Completion answer = answers.get(i);
            String text = loaded.tokenizer().decode(answer.ids(), true);
            sums[0] += task.verify(problem, text).correct() ? 1 : 0;
            sums[1] += readable.score(problem, text);
            sums[2] += format.score(problem, text);
            sums[3] += answer.ids().length;
            sums[4] += answer.finish() == Completion.Finish.LENGTH ? 1 : 0;
        }
        Map<String, Double> measured = new LinkedHashMap<>();
        for (int i = 0; i < sums.length; i++) {
            measured.put(MEASURES.get(i), sums[i] / problems.size());
        }
        return measured;
    }
}
