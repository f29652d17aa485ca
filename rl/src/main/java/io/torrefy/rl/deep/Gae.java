package io.torrefy.rl.deep;

import io.torrefy.export.Export;

/// Generalised advantage estimation (Schulman et al. 2016, "High-dimensional continuous control using generalized
/// advantage estimation", eq. 11 to 16) over time:
///
/// ```
/// delta_t = r_t + gamma V(s'_t) - V(s_t)              V(s'_t) = 0 where s'_t is terminal
/// A_t     = delta_t + gamma lambda A_(t+1)            A_(t+1) = 0 where the episode is over
/// return  = A + V
/// ```
///
/// The two zeros are two different things. An episode that a limit of time cut has no A_(t+1), for what follows belongs
/// to the next episode; but its last state has a value, and that is bootstrapped from.
///
/// @param advantages (time, environments), row after row
/// @param returns of the same shape, what a critic is fitted to
@Export(value = "rl.deep.Gae", since = "0.1")
public record Gae(float[] advantages, float[] returns) {
    /// Advantages and returns of `environments` episodes side by side. All arrays are (time, environments).
    ///
    /// @param values V(s_t), of the states that were acted in
    /// @param next V(s'_t), of the states that the actions led to, before any reset
    /// @param terminated whether s'_t is terminal
    /// @param done whether the episode ended with the step, terminated or truncated
    /// @throws IllegalArgumentException on lengths that differ or are no multiple of `environments`, and on gamma
    ///     or lambda outside of [0, 1]
    public static Gae of(
            float[] rewards,
            float[] values,
            float[] next,
            boolean[] terminated,
            boolean[] done,
            int environments,
            double gamma,
            double lambda) {
        int n = rewards.length;
        if (values.length != n || next.length != n || terminated.length != n || done.length != n) {
            throw new IllegalArgumentException("[gae] expected arrays of one length; got rewards " + n + ", values "
                    + values.length + ", next " + next.length + ", terminated " + terminated.length + ", done "
                    + done.length + ".");
        }
        if (environments < 1 || n % environments != 0) {
            throw new IllegalArgumentException("[gae] expected (time, environments) with whole rows; got " + n
                    + " numbers for " + environments + " environments.");
        }
        Checks.unit("gae", "gamma", gamma);
        Checks.unit("gae", "lambda", lambda);
        float[] advantages = new float[n];
        float[] returns = new float[n];
        for (int e = 0; e < environments; e++) {
            double following = 0;
            for (int i = n - environments + e; i >= 0; i -= environments) {
                double bootstrap = terminated[i] ? 0 : gamma * next[i];
                double delta = rewards[i] + bootstrap - values[i];
                following = delta + (terminated[i] || done[i] ? 0 : gamma * lambda * following);
                advantages[i] = (float) following;
                returns[i] = (float) (following + values[i]);
            }
        }
        return new Gae(advantages, returns);
    }

    /// Brings a batch to mean 0 and standard deviation 1 (Bessel's; plus 1e-8), as CleanRL does per mini-batch.
    static float[] normalized(float[] advantages) {
        double mean = 0;
        for (float a : advantages) {
            mean += a;
        }
        mean /= advantages.length;
        double squares = 0;
        for (float a : advantages) {
            squares += (a - mean) * (a - mean);
        }
        double scale = 1 / (Math.sqrt(squares / Math.max(1, advantages.length - 1)) + 1e-8);
        float[] result = new float[advantages.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) ((advantages[i] - mean) * scale);
        }
        return result;
    }
}
