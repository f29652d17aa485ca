package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/// Accuracy on held-out problems.
///
/// @param accuracy the share of correct answers
/// @param samples every problem with its completion
@Export(value = "posttrain.Evaluation", since = "0.1")
public record Evaluation(double accuracy, List<RunSample> samples) {

    /// One completion a problem, judged by the task's verifier.
    ///
    /// @param step optimiser steps done, and `phase` of the run, for the samples
    static Evaluation run(
            Generator generator,
            Tokenizer tokenizer,
            Task task,
            Rewards rewards,
            List<Problem> problems,
            Sampling sampling,
            long step,
            String phase) {
        List<int[]> prompts =
                problems.stream().map(p -> Tokens.prompt(tokenizer, p.prompt())).toList();
        List<Completion> completions = generator.generate(prompts, sampling);
        List<Attempt> attempts = new ArrayList<>();
        for (int i = 0; i < problems.size(); i++) {
            attempts.add(attempt(problems.get(i), completions.get(i), tokenizer));
        }
        List<RewardBreakdown> scored = rewards.scoreAll(attempts).breakdowns();
        List<RunSample> samples = new ArrayList<>();
        int right = 0;
        for (int i = 0; i < problems.size(); i++) {
            RunSample sample = sample(step, phase, attempts.get(i), scored.get(i), task);
            right += sample.correct() ? 1 : 0;
            samples.add(sample);
        }
        return new Evaluation(problems.isEmpty() ? 0 : (double) right / problems.size(), samples);
    }

    static Attempt attempt(Problem problem, Completion completion, Tokenizer tokenizer) {
        return new Attempt(
                problem,
                tokenizer.decode(completion.ids(), true),
                completion.ids(),
                completion.finish() == Completion.Finish.LENGTH);
    }

    static RunSample sample(long step, String phase, Attempt attempt, RewardBreakdown reward, Task task) {
        Problem problem = attempt.problem();
        String text = attempt.completion();
        var parts = new LinkedHashMap<String, Double>();
        reward.parts().forEach(part -> parts.put(part.name(), part.weight() * part.score()));
        return new RunSample(
                step,
                phase,
                problem.prompt(),
                text,
                String.valueOf(problem.goal()),
                task.verify(problem, text).correct(),
                reward.total(),
                parts,
                attempt.tokens(),
                attempt.truncated() ? "length" : "stop");
    }
}
