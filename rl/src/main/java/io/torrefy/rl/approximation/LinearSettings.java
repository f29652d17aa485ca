package io.torrefy.rl.approximation;

import io.torrefy.export.Export;

/// Settings of learning action values in an environment.
///
/// @param alpha step size; with features of which n are 1, as in tile coding, a step takes n times that of the way
/// @param gamma in [0, 1]
/// @param epsilon probability of a random action, in [0, 1]
/// @param maxSteps of an episode; one that is cut is treated as truncated
@Export(value = "rl.approximation.LinearSettings", since = "0.1")
public record LinearSettings(double alpha, double gamma, double epsilon, int maxSteps) {
    /// @throws IllegalArgumentException naming what is out of range
    public LinearSettings {
        Divergence.gamma(gamma);
        if (!(alpha > 0 && alpha <= 2) || !(epsilon >= 0 && epsilon <= 1) || maxSteps < 1) {
            throw new IllegalArgumentException("[linear] expected alpha in (0, 2], epsilon in [0, 1] and maxSteps >= 1;"
                    + " got " + alpha + ", " + epsilon + " and " + maxSteps + ".");
        }
    }
}
