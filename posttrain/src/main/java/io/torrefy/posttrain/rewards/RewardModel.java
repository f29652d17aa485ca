package io.torrefy.posttrain.rewards;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Score;
import java.util.Arrays;
import java.util.List;

/// A model with a scalar head that says how good completions are: the hook by which a trained reward model becomes a
/// [Reward]. It sees a step's completions at once and batches them as it likes.
///
/// ```java
/// RewardModel model = attempts -> scalarHead(attempts);
/// Rewards rewards = Rewards.of("preference", model.reward());
/// ```
@FunctionalInterface
@Export(value = "posttrain.rewards.RewardModel", since = "0.1")
public interface RewardModel {
    /// One score a completion, in their order. NaN where there is none, which counts as a failure.
    double[] scores(List<Attempt> attempts);

    /// This model as a reward.
    default Reward reward() {
        return new Reward() {
            @Override
            public List<Score> scoreAll(List<Attempt> attempts) {
                double[] scores = scores(attempts);
                return Arrays.stream(scores).mapToObj(Score::of).toList();
            }

            @Override
            public double score(Attempt attempt) {
                return scores(List.of(attempt))[0];
            }

            @Override
            public double score(Problem problem, String completion) {
                throw new UnsupportedOperationException(
                        "[reward] expected a completion's tokens; got its text. Hint: score an Attempt.");
            }
        };
    }
}
