package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.RewardBatch;
import io.torrefy.posttrain.RewardBreakdown;
import io.torrefy.posttrain.Rewards;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// What gives completions their scores: rules, a reward model, or any function. It sees all completions of a rollout at
/// once, so that a model can read them in batches.
@FunctionalInterface
@Export(value = "posttrain.Scorer", since = "0.1")
public interface Scorer {
    /// One finite score a rollout, in their order.
    List<RewardBreakdown> score(List<Rollout> rollouts);

    /// The same where some rewards may fail: a completion without a score has a total of NaN and is counted.
    default RewardBatch scoreAll(List<Rollout> rollouts) {
        return new RewardBatch(score(rollouts), Map.of(), List.of());
    }

    /// A weighted sum of rewards, each of which sees all completions with their tokens. Those that may fail on some
    /// ([Rewards#withMaxFailures]) are borne: a group with a completion that has no score teaches nothing.
    static Scorer of(Rewards rewards) {
        return new SumOfRewards(rewards);
    }

    /// One reward.
    static Scorer of(String name, Reward reward) {
        return of(Rewards.of(name, reward));
    }

    /// Any function of a rollout's text or token ids.
    static Scorer ofFunction(String name, ToDoubleFunction<Rollout> function) {
        return rollouts -> rollouts.stream()
                .map(r -> {
                    double score = function.applyAsDouble(r);
                    return new RewardBreakdown(score, List.of(new RewardBreakdown.Part(name, 1, score)));
                })
                .toList();
    }
}
