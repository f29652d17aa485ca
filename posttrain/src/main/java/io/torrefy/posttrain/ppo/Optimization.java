package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.Module;
import io.torrefy.nn.Schedule;
import io.torrefy.posttrain.Learner;

/// How a rollout is learnt from. Names are TRL's where TRL has them. The optimiser is AdamW with betas 0.9 and 0.95 and
/// a weight decay of 0.01.
///
/// @param steps rollouts of the whole run
/// @param learningRate the policy's peak, reached after `warmup` steps: 3e-6 in TRL's PPO, 1e-6 in its RLOO, in verl
///     and OpenRLHF
/// @param warmup steps until the peak
/// @param decay whether it is then brought down linearly over `steps`, or held
/// @param numPpoEpochs how often the rollout is gone through: 4 in TRL, 1 in verl and OpenRLHF (TRL's RLOO calls it
///     `num_iterations` and has 1)
/// @param numMiniBatches updates in each of them: 1 in TRL, 4 in verl (1024 prompts by 256)
/// @param maxGradNorm each update's gradient is scaled down to it: 1
@Export(value = "posttrain.Optimization", since = "0.1")
public record Optimization(
        long steps,
        double learningRate,
        long warmup,
        boolean decay,
        int numPpoEpochs,
        int numMiniBatches,
        double maxGradNorm) {
    public Optimization {
        Checks checks = new Checks("optimization");
        checks.expect(steps >= 1, "steps of at least 1", steps);
        checks.expect(learningRate > 0 && Double.isFinite(learningRate), "a positive learningRate", learningRate);
        checks.expect(warmup >= 0 && warmup <= steps, "warmup from 0 to the " + steps + " steps", warmup);
        checks.expect(numPpoEpochs >= 1, "numPpoEpochs of at least 1", numPpoEpochs);
        checks.expect(numMiniBatches >= 1, "numMiniBatches of at least 1", numMiniBatches);
        checks.expect(maxGradNorm > 0, "a positive maxGradNorm", maxGradNorm);
        checks.refuse();
    }

    /// What updates a model so, with this or another peak.
    ///
    /// @param op for messages
    Learner learner(String op, Module model, double peak) {
        AdamW optimizer = AdamW.of(model.namedParameters(), peak).withBetas(0.9, 0.95);
        Schedule schedule = decay ? Schedule.linear(peak, warmup, steps) : Schedule.constantWithWarmup(peak, warmup);
        return Learner.of(op, model, optimizer, schedule, maxGradNorm);
    }
}
