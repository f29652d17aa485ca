package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import org.jspecify.annotations.Nullable;

/// Makes the mean of a batch 0 and its variance 1: `(x - mean) / sqrt(variance + 1e-8)`, over the tokens that count.
///
/// Frameworks differ in the divisor of the variance, and a batch's own mean and variance are meant in all of them: cut
/// a batch into micro-batches after whitening, never before.
@Export(value = "posttrain.Whitening", since = "0.1", members = "posttrain.whitening")
public final class Whitening {
    /// Added to the variance: TRL's and verl's value.
    public static final double EPSILON = 1e-8;

    private Whitening() {}

    /// All values, with the sample variance (n - 1) of TRL and verl.
    public static double[] whiten(double[] values) {
        return whiten(values, null, true, true);
    }

    /// All values scaled, their mean kept: what TRL's `whiten_rewards` does to rewards, whose sign means something.
    public static double[] scale(double[] values) {
        return whiten(values, null, true, false);
    }

    /// The values that count, with the divisor and the mean of one's choice.
    ///
    /// @param counts whether a value counts; those that do not come back as 0. null for all
    /// @param unbiased whether the variance is divided by n - 1 (TRL, verl) or n (OpenRLHF, which then clamps it at
    ///     1e-8 where this adds it)
    /// @param shiftMean whether the mean becomes 0, or stays
    /// @return a new array; fewer than two values, or equal ones, have variance 0
    /// @throws IllegalArgumentException if a value that counts is not finite, or `counts` has another length
    public static double[] whiten(double[] values, boolean @Nullable [] counts, boolean unbiased, boolean shiftMean) {
        Checks checks = new Checks("whiten");
        checks.expect(
                counts == null || counts.length == values.length,
                values.length + " marks",
                counts == null ? 0 : counts.length);
        checks.refuse();
        int n = 0;
        double sum = 0;
        double first = Double.NaN;
        for (int i = 0; i < values.length; i++) {
            if (counts == null || counts[i]) {
                checks.expect(Double.isFinite(values[i]), "finite values", values[i] + " at " + i);
                first = n == 0 ? values[i] : first;
                sum += values[i] - first; // from the first on, equal values have exactly their own mean
                n++;
            }
        }
        checks.refuse();
        double mean = n == 0 ? 0 : first + sum / n;
        double squares = 0;
        for (int i = 0; i < values.length; i++) {
            squares += counts == null || counts[i] ? (values[i] - mean) * (values[i] - mean) : 0;
        }
        double variance = n < 2 ? 0 : squares / (unbiased ? n - 1 : n);
        double inverse = 1 / Math.sqrt(variance + EPSILON);
        double[] out = new double[values.length];
        for (int i = 0; i < out.length; i++) {
            if (counts == null || counts[i]) {
                out[i] = (values[i] - mean) * inverse + (shiftMean ? 0 : mean);
            }
        }
        return out;
    }
}
