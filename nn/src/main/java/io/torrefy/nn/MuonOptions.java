package io.torrefy.nn;

import io.torrefy.export.Export;

/// Settings of [Muon].
///
/// @param momentum how much of the momentum stays
/// @param nesterov look ahead along the momentum
/// @param weightDecay decoupled: parameters shrink by `learningRate * weightDecay` before the step
/// @param eps the least norm that a matrix is divided by
/// @param iterations of Newton and Schulz
/// @param adjust how the learning rate depends on the shape
@Export(value = "optim.MuonOptions", since = "0.1")
public record MuonOptions(
        double momentum, boolean nesterov, double weightDecay, double eps, int iterations, Adjust adjust) {
    /// PyTorch's defaults.
    public static final MuonOptions DEFAULT = new MuonOptions(0.95, true, 0.1, 1e-7, 5, Adjust.ORIGINAL);

    /// What a matrix of `rows` and `columns` multiplies the learning rate by.
    public enum Adjust {
        /// sqrt(max(1, rows / columns)) (Jordan 2024).
        ORIGINAL,
        /// 0.2 sqrt(max(rows, columns)): updates as large as AdamW's, whose learning rate and decay then serve
        /// (Moonlight, Liu et al. 2025, section 2.2).
        MATCH_RMS_ADAMW;

        double factor(long rows, long columns) {
            return switch (this) {
                case ORIGINAL -> Math.sqrt(Math.max(1, (double) rows / columns));
                case MATCH_RMS_ADAMW -> 0.2 * Math.sqrt(Math.max(rows, columns));
            };
        }
    }

    /// @throws IllegalArgumentException if a number is out of its range
    public MuonOptions {
        Options.rate("momentum", momentum);
        Options.notNegative("weightDecay", weightDecay);
        Options.notNegative("eps", eps);
        if (iterations < 1 || iterations >= 100) {
            throw new IllegalArgumentException("[optimizer] expected 1 to 99 iterations; got " + iterations);
        }
    }

    public MuonOptions withMomentum(double value) {
        return new MuonOptions(value, nesterov, weightDecay, eps, iterations, adjust);
    }

    public MuonOptions withNesterov(boolean value) {
        return new MuonOptions(momentum, value, weightDecay, eps, iterations, adjust);
    }

    public MuonOptions withWeightDecay(double value) {
        return new MuonOptions(momentum, nesterov, value, eps, iterations, adjust);
    }

    public MuonOptions withEps(double value) {
        return new MuonOptions(momentum, nesterov, weightDecay, value, iterations, adjust);
    }

    public MuonOptions withIterations(int value) {
        return new MuonOptions(momentum, nesterov, weightDecay, eps, value, adjust);
    }

    public MuonOptions withAdjust(Adjust value) {
        return new MuonOptions(momentum, nesterov, weightDecay, eps, iterations, value);
    }
}
