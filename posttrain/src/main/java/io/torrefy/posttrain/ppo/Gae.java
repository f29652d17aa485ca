package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Generalised advantage estimation (Schulman et al. 2016, eq. 11 to 16) on packed sequences, each of which ends with
/// its last token:
///
/// ```
/// delta_t = r_t + gamma V_(t+1) - V_t         V = 0 behind the end
/// A_t     = delta_t + gamma lambda A_(t+1)
/// return  = A + V
/// ```
///
/// @param advantages (tokens)
/// @param returns (tokens), what the critic is fitted to
@Export(value = "posttrain.Gae", since = "0.1")
public record Gae(double[] advantages, double[] returns) {
    /// Advantages and returns of whole sequences.
    ///
    /// @param rewards one a token, sequences end to end
    /// @param values the critic's, of the state in which each token was chosen
    /// @param lengths tokens of each sequence
    /// @param gamma 1 in TRL, verl and OpenRLHF
    /// @param lambda 0.95 in TRL, 1 in verl and OpenRLHF
    /// @throws IllegalArgumentException naming everything that does not fit
    public static Gae of(double[] rewards, double[] values, int[] lengths, double gamma, double lambda) {
        return of(rewards, values, lengths, gamma, lambda, null);
    }

    /// The same where some tokens are not the policy's (what a tool or the environment said in between): value and
    /// advantage are carried through them, as in verl, so the result is that of the sequence without them. Theirs
    /// are 0.
    ///
    /// @param chosen whether the policy chose the token; null for all
    public static Gae of(
            double[] rewards,
            double[] values,
            int[] lengths,
            double gamma,
            double lambda,
            boolean @Nullable [] chosen) {
        check(rewards, values, lengths, gamma, lambda, chosen);
        double[] advantages = new double[rewards.length];
        double[] returns = new double[rewards.length];
        int end = rewards.length;
        for (int s = lengths.length - 1; s >= 0; s--) {
            int from = end - lengths[s];
            double nextValue = 0;
            double next = 0;
            for (int t = end - 1; t >= from; t--) {
                if (chosen != null && !chosen[t]) {
                    continue;
                }
                double delta = rewards[t] + gamma * nextValue - values[t];
                next = delta + gamma * lambda * next;
                nextValue = values[t];
                advantages[t] = next;
                returns[t] = next + nextValue;
            }
            end = from;
        }
        return new Gae(advantages, returns);
    }

    /// Discounted sums of the rewards from each token on: what [Gae] with `lambda` 1 is without a critic.
    ///
    /// @throws IllegalArgumentException as there
    public static double[] rewardsToGo(double[] rewards, int[] lengths, double gamma) {
        return of(rewards, new double[rewards.length], lengths, gamma, 1).returns();
    }

    private static void check(
            double[] rewards,
            double[] values,
            int[] lengths,
            double gamma,
            double lambda,
            boolean @Nullable [] chosen) {
        Checks checks = new Checks("gae");
        long tokens = Arrays.stream(lengths).asLongStream().sum();
        checks.expect(Arrays.stream(lengths).allMatch(n -> n >= 0), "lengths >= 0", Arrays.toString(lengths));
        checks.expect(rewards.length == tokens, tokens + " rewards, the sum of the lengths", rewards.length);
        checks.expect(values.length == tokens, tokens + " values, the sum of the lengths", values.length);
        checks.expect(chosen == null || chosen.length == tokens, tokens + " marks", chosen == null ? 0 : chosen.length);
        checks.expect(gamma >= 0 && gamma <= 1, "gamma in [0, 1]", gamma);
        checks.expect(lambda >= 0 && lambda <= 1, "lambda in [0, 1]", lambda);
        checks.expect(Arrays.stream(rewards).allMatch(Double::isFinite), "finite rewards", "one that is not");
        checks.expect(Arrays.stream(values).allMatch(Double::isFinite), "finite values", "one that is not");
        checks.refuse();
    }
}
