package io.torrefy.rl.stochastic;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Minimises the mean of f(w, x) over data by `w_{k+1} = w_k - a_k g`, where g is the mean gradient of some of the data
/// (Zhao, Section 6.4): of all for batch gradient descent, of m draws for mini-batches, of one for SGD. Draws are with
/// replacement, so that a mini-batch as large as the data is not the batch.
@Export(value = "rl.stochastic.GradientDescent", since = "0.1")
public final class GradientDescent {
    private GradientDescent() {}

    /// The gradient of one sample's loss.
    @FunctionalInterface
    public interface Gradient {
        /// Adds the gradient of f(w, x) by w to `into`.
        void add(double[] w, double[] x, double[] into);
    }

    /// The loss `|w - x|^2 / 2`, whose minimum is the mean of the data.
    public static Gradient mean() {
        return (w, x, into) -> {
            for (int i = 0; i < w.length; i++) {
                into[i] += w[i] - x[i];
            }
        };
    }

    /// With the gradient of all data at every step.
    ///
    /// @return w_1, ..., w_{count + 1}
    public static double[][] batch(Gradient gradient, double[][] data, double[] first, StepSize steps, int count) {
        int[] all = new int[data.length];
        Arrays.setAll(all, i -> i);
        return descend(gradient, data, first, steps, count, all, null);
    }

    /// With the gradient of one sample at every step.
    ///
    /// @return w_1, ..., w_{count + 1}
    public static double[][] stochastic(
            Gradient gradient, double[][] data, double[] first, StepSize steps, int count, long seed) {
        return miniBatch(gradient, data, first, steps, count, 1, seed);
    }

    /// With the gradient of `size` samples, drawn with replacement, at every step.
    ///
    /// @return w_1, ..., w_{count + 1}
    /// @throws IllegalArgumentException on a size or count below 1, and without data
    public static double[][] miniBatch(
            Gradient gradient, double[][] data, double[] first, StepSize steps, int count, int size, long seed) {
        if (size < 1) {
            throw new IllegalArgumentException("[gradient descent] expected a batch of at least 1; got " + size + ".");
        }
        return descend(gradient, data, first, steps, count, new int[size], new SplitMix(seed, 0));
    }

    private static double[][] descend(
            Gradient gradient,
            double[][] data,
            double[] first,
            StepSize steps,
            int count,
            int[] chosen,
            @Nullable SplitMix random) {
        if (count < 1 || data.length == 0) {
            throw new IllegalArgumentException("[gradient descent] expected data and at least one step; got "
                    + data.length + " samples and " + count + " steps.");
        }
        double[][] trace = new double[count + 1][];
        trace[0] = first.clone();
        double[] sum = new double[first.length];
        for (int k = 1; k <= count; k++) {
            double[] w = trace[k - 1].clone();
            Arrays.fill(sum, 0);
            for (int i = 0; i < chosen.length; i++) {
                if (random != null) {
                    chosen[i] = random.below(data.length);
                }
                gradient.add(w, data[chosen[i]], sum);
            }
            double a = steps.at(k);
            for (int i = 0; i < w.length; i++) {
                w[i] -= a * (sum[i] / chosen.length);
                if (!Double.isFinite(w[i])) {
                    throw new ArithmeticException("[gradient descent] expected finite weights; got " + w[i] + " at " + i
                            + " after step " + k + ". Hint: a step times the largest curvature has to stay below 2; use"
                            + " smaller steps.");
                }
            }
            trace[k] = w;
        }
        return trace;
    }
}
