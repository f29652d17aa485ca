package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import java.util.Arrays;

/// The rewards of single tokens, from the score of the whole completion and its distance from the reference: each token
/// pays `coefficient * kl`, and the last one is given the score (InstructGPT, eq. 2, as a sum over tokens).
///
/// The score lies on the last token of the completion, its end token if it has one, as in verl and OpenRLHF. TRL puts
/// it one place behind where the padding leaves room, which discounts it once more if gamma is below 1.
@Export(value = "posttrain.TokenRewards", since = "0.1", members = "posttrain.token_rewards")
public final class TokenRewards {
    private TokenRewards() {}

    /// `-coefficient * kl` at each token, and the score at each completion's last.
    ///
    /// @param kl the divergence's estimate at each token, completions end to end
    /// @param scores one a completion
    /// @param lengths tokens of each completion, at least 1
    /// @return one a token
    /// @throws IllegalArgumentException naming everything that does not fit, or the completion with a score that is
    ///     not finite
    public static double[] of(double[] kl, double coefficient, double[] scores, int[] lengths) {
        Checks checks = new Checks("token rewards");
        long tokens = Arrays.stream(lengths).asLongStream().sum();
        checks.expect(Arrays.stream(lengths).allMatch(n -> n >= 1), "lengths >= 1", Arrays.toString(lengths));
        checks.expect(kl.length == tokens, tokens + " estimates, the sum of the lengths", kl.length);
        checks.expect(scores.length == lengths.length, lengths.length + " scores", scores.length);
        checks.expect(Double.isFinite(coefficient), "a finite coefficient", coefficient);
        for (int s = 0; s < scores.length; s++) {
            checks.expect(Double.isFinite(scores[s]), "finite scores", scores[s] + " for completion " + s);
        }
        checks.refuse();
        double[] rewards = new double[kl.length];
        for (int t = 0; t < kl.length; t++) {
            rewards[t] = -coefficient * kl[t];
        }
        int end = 0;
        for (int s = 0; s < lengths.length; s++) {
            end += lengths[s];
            rewards[end - 1] += scores[s];
        }
        return rewards;
    }
}
