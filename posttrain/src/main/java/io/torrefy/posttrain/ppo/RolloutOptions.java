package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;

/// How completions are sampled and scored in a step. Names are TRL's where TRL has them.
///
/// @param problems different problems a step
/// @param numGenerations completions a problem: 1 for [Ppo] (TRL, verl and OpenRLHF), 2 or more for [Rloo] (2 in TRL)
///     and the baseline of [ReinforcePlusPlus]
/// @param maxCompletionLength tokens a completion may have (TRL's PPO calls it `response_length` and has 53, its RLOO
///     256)
/// @param temperature of sampling; log-probabilities are taken at the same (0.7 in TRL's PPO, else 1)
/// @param missingEosPenalty what is taken from the score of a completion that was cut off at its length limit; 0 in all
///     frameworks
/// @param microBatchTokens tokens in memory at a time; does not change the result but for rounding
/// @param seed of problems, sampling and the order of mini-batches
@Export(value = "posttrain.RolloutOptions", since = "0.1")
public record RolloutOptions(
        int problems,
        int numGenerations,
        int maxCompletionLength,
        double temperature,
        double missingEosPenalty,
        int microBatchTokens,
        long seed) {
    public RolloutOptions {
        Checks checks = new Checks("rollout");
        checks.expect(problems >= 1, "problems of at least 1, or the batch is empty", problems);
        checks.expect(numGenerations >= 1, "numGenerations of at least 1, or the batch is empty", numGenerations);
        checks.expect(maxCompletionLength >= 1, "a positive maxCompletionLength", maxCompletionLength);
        checks.expect(temperature > 0 && Double.isFinite(temperature), "a positive temperature", temperature);
        checks.expect(
                missingEosPenalty >= 0 && Double.isFinite(missingEosPenalty),
                "missingEosPenalty >= 0, which is taken off",
                missingEosPenalty);
        checks.expect(microBatchTokens >= 1, "microBatchTokens of at least 1", microBatchTokens);
        checks.refuse();
    }

    /// Completions a step.
    public int batch() {
        return problems * numGenerations;
    }
}
