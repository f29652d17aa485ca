package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;

/// The loss of reward models from pairs (Bradley and Terry 1952; Ouyang et al. 2022, arXiv 2203.02155, eq. 1), with a
/// margin (Llama 2, arXiv 2307.09288, eq. 2) and scores held near 0 (Eisenstein et al. 2023, arXiv 2312.09244, eq. 2):
///
/// ```
/// mean(-ls(r_c - r_r - margin)) + center_rewards_coefficient · mean((r_c + r_r)²)
/// ```
///
/// as TRL 1.13's `RewardTrainer`. InstructGPT weighs the pairs of a prompt with K ranked answers by 1 / (K over 2);
/// here every pair counts the same.
@Export(value = "posttrain.RewardLoss", since = "0.1")
public final class RewardLoss {
    private RewardLoss() {}

    /// The loss, a scalar: the sum over these pairs divided by the whole step's.
    ///
    /// @param chosen (pairs), scores of the chosen answers
    /// @param rejected (pairs), scores of the rejected ones
    /// @param margins of each pair, 0 for none
    /// @param centerRewardsCoefficient 0 for none; 0.01 is usual
    /// @param pairs of the whole step
    /// @throws IllegalArgumentException naming everything that does not fit
    @Export(value = "posttrain.reward_loss", since = "0.1")
    public static Tensor loss(
            Tensor chosen, Tensor rejected, double[] margins, double centerRewardsCoefficient, double pairs) {
        Wrong wrong = new Wrong("reward");
        long[] shape = {margins.length};
        wrong.need(margins.length > 0, "at least one pair", "none");
        for (Tensor scores : new Tensor[] {chosen, rejected}) {
            wrong.need(
                    Arrays.equals(shape, scores.shape()),
                    "scores of shape " + Arrays.toString(shape) + ", as many as margins",
                    Arrays.toString(scores.shape()));
        }
        wrong.need(Arrays.stream(margins).allMatch(Double::isFinite), "finite margins", Arrays.toString(margins));
        wrong.need(centerRewardsCoefficient >= 0, "a centerRewardsCoefficient >= 0", centerRewardsCoefficient);
        wrong.need(pairs > 0, "a positive number of pairs", pairs);
        wrong.refuse();
        Tensor x = chosen.sub(rejected).sub(Answers.vector(margins, chosen.dtype()));
        Tensor loss = x.logSigmoid().sum().mul(-1 / pairs);
        return centerRewardsCoefficient == 0
                ? loss
                : loss.add(chosen.add(rejected).square().sum().mul(centerRewardsCoefficient / pairs));
    }
}
