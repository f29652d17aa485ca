package io.torrefy.posttrain;

import io.torrefy.export.Export;
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

    /// One episode a problem, judged by the task's verifier.
    ///
    /// @param step optimiser steps done, and `phase` of the run, for the samples
    static Evaluation run(
            Episodes episodes,
            Tokenizer tokenizer,
            Task task,
            Rewards rewards,
            List<Problem> problems,
            Sampling sampling,
            long step,
            String phase) {
        List<Episode> sampled = episodes.run(problems, sampling, 0);
        List<Attempt> attempts = new ArrayList<>();
        for (int i = 0; i < problems.size(); i++) {
            attempts.add(attempt(problems.get(i), sampled.get(i), tokenizer));
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

    /// An episode as rewards see it: the text of all its turns and of what the environment said to them.
    static Attempt attempt(Problem problem, Episode episode, Tokenizer tokenizer) {
        return new Attempt(problem, tokenizer.decode(episode.ids(), true), episode.ids(), episode.truncated());
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
