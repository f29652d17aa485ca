package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.posttrain.RewardBreakdown;
import java.util.ArrayList;
import java.util.List;

/// Says which of two completions of a prompt is better, where a score of each alone cannot be had: TRL's
/// `BasePairwiseJudge`.
@FunctionalInterface
@Export(value = "posttrain.PairJudge", since = "0.1")
public interface PairJudge {
    /// The judge is undecided.
    int NEITHER = -1;

    /// For each pair 0 if the first is better, 1 if the second is, [#NEITHER] if that cannot be said.
    ///
    /// @param first completions
    /// @param second of the same prompts, in the same order
    int[] better(List<Rollout> first, List<Rollout> second);

    /// What the judge says as scores for [OnlineDpo], whose completions of a prompt follow each other: 1 for the
    /// better one, 0 for the other, 0.5 for both where it is undecided.
    default Scorer scorer() {
        return rollouts -> {
            List<Rollout> first = new ArrayList<>();
            List<Rollout> second = new ArrayList<>();
            for (int i = 0; i < rollouts.size(); i++) {
                (i % 2 == 0 ? first : second).add(rollouts.get(i));
            }
            if (first.size() != second.size()) {
                throw new IllegalStateException("[judge] expected two completions of each prompt; got "
                        + rollouts.size() + " in all. Hint: numGenerations is 2 with a judge.");
            }
            int[] better = better(first, second);
            if (better.length != first.size()) {
                throw new IllegalStateException(
                        "[judge] expected a judgement of each of " + first.size() + " pairs; got " + better.length);
            }
            List<RewardBreakdown> scores = new ArrayList<>();
            for (int i = 0; i < rollouts.size(); i++) {
                int verdict = better[i / 2];
                if (verdict != NEITHER && verdict != 0 && verdict != 1) {
                    throw new IllegalStateException("[judge] expected 0, 1 or " + NEITHER + "; got " + verdict
                            + " on problem " + rollouts.get(i).problem().id());
                }
                double score = verdict == NEITHER ? 0.5 : verdict == i % 2 ? 1 : 0;
                scores.add(new RewardBreakdown(score, List.of(new RewardBreakdown.Part("judge", 1, score))));
            }
            return scores;
        };
    }
}
