package io.torrefy.rl.approximation;

import io.torrefy.export.Export;
import java.util.Optional;

/// Tells diverging values by what no value can be: of rewards up to R none is above R / (1 - gamma). Estimates start
/// wherever their weights do and overshoot, so it fires at ten times the larger of that bound and the first estimates.
/// Without discounting there is no bound, and only what is not finite is told.
@Export(value = "rl.approximation.Divergence", since = "0.1")
public final class Divergence {
    private static final int FIRST = 100;
    private static final double TIMES = 10;

    private final double gamma;
    private double largestReward;
    private double firstEstimates;
    private double largest;
    private long seen;
    private Optional<String> warning = Optional.empty();

    /// @param gamma in [0, 1]
    public Divergence(double gamma) {
        this.gamma = gamma(gamma);
    }

    static double gamma(double gamma) {
        if (!(gamma >= 0 && gamma <= 1)) {
            throw new IllegalArgumentException("[linear] expected gamma in [0, 1]; got " + gamma + ".");
        }
        return gamma;
    }

    /// Takes note of an update: its reward, and what was estimated before it.
    public void see(double reward, double estimate) {
        seen++;
        largestReward = Math.max(largestReward, Math.abs(reward));
        double size = Math.abs(estimate);
        if (seen <= FIRST) {
            firstEstimates = Math.max(firstEstimates, size);
        }
        largest = Math.max(largest, size);
        double bound = TIMES * Math.max(largestReward / (1 - gamma), firstEstimates);
        if (warning.isEmpty() && (!Double.isFinite(estimate) || (gamma < 1 && size > bound && seen > FIRST))) {
            warning = Optional.of("[linear] the values diverge: after " + seen + " updates one is " + estimate
                    + ", and none can be above " + largestReward / (1 - gamma) + ". Hint: a smaller step size; and off"
                    + " the policy, semi-gradient learning with function approximation has no promise to converge"
                    + " (Baird 1995): learn from the policy's own steps, or a table.");
        }
    }

    /// The first sign, if there was one.
    public Optional<String> warning() {
        return warning;
    }
}
