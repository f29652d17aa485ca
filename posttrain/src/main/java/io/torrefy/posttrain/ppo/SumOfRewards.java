package io.torrefy.posttrain.ppo;

import io.torrefy.posttrain.RewardBatch;
import io.torrefy.posttrain.RewardBreakdown;
import io.torrefy.posttrain.Rewards;
import java.util.List;

/// Rewards as a [Scorer].
record SumOfRewards(Rewards rewards) implements Scorer {
    @Override
    public List<RewardBreakdown> score(List<Rollout> rollouts) {
        return scoreAll(rollouts).breakdowns();
    }

    @Override
    public RewardBatch scoreAll(List<Rollout> rollouts) {
        return rewards.scoreAll(rollouts.stream().map(Rollout::attempt).toList());
    }
}
