package io.torrefy.rl.stochastic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.tensor.SplitMix;
import org.junit.jupiter.api.Test;

/// Zhao, Section 6.4: the mean of points in a square of side 20.
class GradientDescentTest {
    private static final double[] FAR = {20, 20};

    private static double[][] square(long seed) {
        var random = new SplitMix(seed, 0);
        double[][] data = new double[100][];
        for (int i = 0; i < data.length; i++) {
            data[i] = new double[] {20 * random.unit() - 10, 20 * random.unit() - 10};
        }
        return data;
    }

    @Test
    void batchesWithStepsOfOneOverKAreTheMeanAtOnceAndStay() {
        double[][] data = square(1);
        double x = 0;
        double y = 0;
        for (double[] point : data) {
            x += point[0] / data.length;
            y += point[1] / data.length;
        }
        double[][] trace = GradientDescent.batch(GradientDescent.mean(), data, FAR, StepSize.harmonic(), 30);
        for (int k = 1; k <= 30; k++) {
            assertThat(trace[k]).containsExactly(new double[] {x, y}, within(1e-12));
        }
    }

    /// Distance to the true mean: rms sqrt(66.67 * .99 / (k m) + 66.67 / 100) for both coordinates. Over 2000 sets
    /// of points.
    @Test
    void smallBatchesAreNoisyMeans() {
        int runs = 2000;
        int[] sizes = {1, 5, 50};
        int[] at = {1, 2, 5, 10, 30};
        for (int size : sizes) {
            double[] squares = new double[31];
            for (int seed = 0; seed < runs; seed++) {
                double[][] trace = GradientDescent.miniBatch(
                        GradientDescent.mean(), square(seed), FAR, StepSize.harmonic(), 30, size, seed + 10_000);
                for (int k : at) {
                    squares[k] += (trace[k][0] * trace[k][0] + trace[k][1] * trace[k][1]) / runs;
                }
            }
            for (int k : at) {
                double expected = 66.67 * .99 / (k * size) + .6667;
                assertThat(squares[k]).as("m = %d, k = %d", size, k).isCloseTo(expected, within(0.12 * expected));
            }
        }
    }

    @Test
    void badInputSaysWhy() {
        var mean = GradientDescent.mean();
        assertThatThrownBy(() -> GradientDescent.batch(mean, new double[0][], FAR, StepSize.harmonic(), 1))
                .hasMessageContaining("got 0 samples");
        assertThatThrownBy(() -> GradientDescent.miniBatch(mean, square(1), FAR, StepSize.harmonic(), 1, 0, 1))
                .hasMessageContaining("a batch of at least 1; got 0");
        assertThatThrownBy(() -> GradientDescent.batch(mean, square(1), FAR, StepSize.constant(1e200), 10))
                .isInstanceOf(ArithmeticException.class)
                .hasMessageContaining("smaller steps");
    }
}
