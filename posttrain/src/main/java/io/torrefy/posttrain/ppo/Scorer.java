package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.RewardBreakdown;
import io.torrefy.posttrain.Rewards;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// What gives completions their scores: rules, a reward model, or any function. It sees all completions of a rollout at
/// once, so that a model can read them in batches.
@FunctionalInterface
@Export(value = "posttrain.Scorer", since = "0.1")
public interface Scorer {
    /// One finite score a rollout, in their order.
    List<RewardBreakdown> score(List<Rollout> rollouts);

    /// A weighted sum of rewards, each of which sees all completions with their tokens. The first that fails ends the
    /// run: a completion without a score has no place in a batch that is whitened.
    static Scorer of(Rewards rewards) {
        return rollouts ->
                rewards.scoreAll(rollouts.stream().map(Rollout::attempt).toList()).breakdowns();
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
