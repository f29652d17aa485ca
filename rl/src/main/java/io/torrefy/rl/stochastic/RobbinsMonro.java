package io.torrefy.rl.stochastic;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;

/// The root of a function that is seen through noise, by `w_{k+1} = w_k - a_k g~(w_k, noise_k)` (Robbins and Monro
/// 1951; Zhao, Section 6.2). It gets there with probability 1 if the slope of g is between two positive bounds, the
/// step sizes hold [Conditions], and the noise has mean zero and bounded variance given the past. Where g is steeper
/// than linear the second bound is missing: with g(w) = w^3 - 5, a_k = 1/k and standard normal noise 99.6 % of runs
/// from w_1 = 0 blow up, and none with 1/(k + 5).
///
/// `RobbinsMonro.of(w -> w * w * w - 5).noise(SplitMix::gaussian).steps(StepSize.inverse(1, 5)).seed(1).run(0, 1000)`
@Export(value = "rl.stochastic.RobbinsMonro", since = "0.1")
public final class RobbinsMonro {
    /// Beyond it a run has diverged.
    private static final double HUGE = 1e12;

    private final DoubleUnaryOperator g;
    private final ToDoubleFunction<SplitMix> noise;
    private final StepSize steps;
    private final double low;
    private final double high;
    private final double slope;
    private final long seed;

    private RobbinsMonro(
            DoubleUnaryOperator g,
            ToDoubleFunction<SplitMix> noise,
            StepSize steps,
            double low,
            double high,
            double slope,
            long seed) {
        this.g = g;
        this.noise = noise;
        this.steps = steps;
        this.low = low;
        this.high = high;
        this.slope = slope;
        this.seed = seed;
    }

    /// For the root of an increasing function, without noise, with steps 1/k.
    public static RobbinsMonro of(DoubleUnaryOperator g) {
        return new RobbinsMonro(
                g, _ -> 0, StepSize.harmonic(), Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, Double.NaN, 0);
    }

    /// What is added to each value of g.
    public RobbinsMonro noise(ToDoubleFunction<SplitMix> value) {
        return new RobbinsMonro(g, value, steps, low, high, slope, seed);
    }

    public RobbinsMonro steps(StepSize value) {
        return new RobbinsMonro(g, noise, value, low, high, slope, seed);
    }

    /// Puts an iterate that leaves `[from, to]` back onto its edge (Chung's truncation): it cannot blow up any
    /// more. A choice of its own, because it also hides steps that are too large.
    public RobbinsMonro project(double from, double to) {
        if (!(from < to)) {
            throw new IllegalArgumentException(
                    "[robbins-monro] expected an interval; got from " + from + " to " + to + ".");
        }
        return new RobbinsMonro(g, noise, steps, from, to, slope, seed);
    }

    /// The slope of g at the root, where it is known: lets the run warn of steps too small for the best rate.
    public RobbinsMonro slope(double value) {
        return new RobbinsMonro(g, noise, steps, low, high, value, seed);
    }

    public RobbinsMonro seed(long value) {
        return new RobbinsMonro(g, noise, steps, low, high, slope, value);
    }

    /// What a run came to.
    ///
    /// @param trace w_1, w_2, ...: one entry more than steps taken
    /// @param average of all iterates but the first (Polyak and Ruppert): close to the best there is with steps
    ///     k^-0.6, with no constant to be chosen
    /// @param diverged whether it was given up
    /// @param warnings what stands against convergence, and what was seen, for people
    public record Run(double[] trace, double average, boolean diverged, List<String> warnings) {
        /// The last iterate.
        public double value() {
            return trace[trace.length - 1];
        }
    }

    /// Takes so many steps from `first`, fewer where it diverges.
    ///
    /// @throws IllegalArgumentException if there is no step to take
    public Run run(double first, int count) {
        if (count < 1) {
            throw new IllegalArgumentException("[robbins-monro] expected at least one step; got " + count + ".");
        }
        var warnings = new ArrayList<String>();
        Conditions.broken(steps).forEach(broken -> warnings.add("[robbins-monro] " + broken));
        slow(warnings);
        var random = new SplitMix(seed, 0);
        var mean = new IncrementalMean();
        double[] trace = new double[count + 1];
        trace[0] = first;
        boolean unstable = false;
        for (int k = 1; k <= count; k++) {
            double w = trace[k - 1];
            double a = steps.at(k);
            double observed = g.applyAsDouble(w) + noise.applyAsDouble(random);
            trace[k] = Math.clamp(w - a * observed, low, high);
            mean.add(trace[k]);
            if (!(Math.abs(trace[k]) < HUGE)) {
                warnings.add("[robbins-monro] diverged: w = " + trace[k] + " after step " + k + " from w = " + w
                        + ". Hint: a step times the local slope of g has to stay below 2; smaller steps, a larger k0 in"
                        + " a/(k + k0), or project(from, to).");
                return new Run(Arrays.copyOf(trace, k + 1), mean.value(), true, List.copyOf(warnings));
            }
            if (!unstable && steep(w, a)) {
                unstable = true;
                warnings.add("[robbins-monro] unstable: at step " + k + ", w = " + w + ", the step " + a
                        + " times the slope of g is above 2, so that it lands farther from the root than it was.");
            }
        }
        return new Run(trace, mean.value(), false, List.copyOf(warnings));
    }

    private boolean steep(double w, double a) {
        double h = 1e-6 * Math.max(1, Math.abs(w));
        return a * (g.applyAsDouble(w + h) - g.applyAsDouble(w - h)) / (2 * h) > 2;
    }

    /// With a/k the error falls as k^-1/2 only where 2 a slope > 1; then its variance times k goes to a^2 s^2 / (2
    /// a slope - 1).
    private void slow(List<String> warnings) {
        if (steps instanceof StepSize.Inverse(double a, double _) && 2 * a * slope <= 1) {
            warnings.add("[robbins-monro] slow: 2 * a * slope is " + 2 * a * slope
                    + ", and at most 1 the error falls slower" + " than k^-1/2. Hint: a = " + 1 / slope
                    + " is best; too large costs little, too small a lot.");
        }
    }
}
