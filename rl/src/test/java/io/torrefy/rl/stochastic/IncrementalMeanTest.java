package io.torrefy.rl.stochastic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.tensor.SplitMix;
import java.math.BigDecimal;
import java.math.MathContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IncrementalMeanTest {
    /// No double is closer to the exact mean, after every sample; where that lies half-way between two, either will
    /// do.
    @ParameterizedTest
    @ValueSource(doubles = {0, 1e9, -3e-7, 1e300})
    void isTheMeanExactly(double offset) {
        for (double guess : new double[] {0, 1e300, Double.NaN}) {
            var random = new SplitMix(3, 0);
            var mean = new IncrementalMean(guess);
            BigDecimal sum = BigDecimal.ZERO;
            for (int k = 1; k <= 5000; k++) {
                double x = offset + random.gaussian();
                mean.add(x);
                sum = sum.add(new BigDecimal(x));
                BigDecimal exact = sum.divide(BigDecimal.valueOf(k), new MathContext(400));
                double off = exact.subtract(new BigDecimal(mean.value())).abs().doubleValue();
                assertThat(off).as("after %d", k).isLessThanOrEqualTo(Math.ulp(mean.value()) / 2 * (1 + 1e-9));
            }
        }
    }

    @Test
    void manySamplesAroundALargeNumber() {
        var random = new SplitMix(4, 0);
        var mean = new IncrementalMean();
        long sum = 0;
        for (int k = 0; k < 10_000_000; k++) {
            // Multiples of 2^-20, so that a long holds their sum exactly.
            long part = (long) (random.gaussian() * (1 << 20));
            sum += part;
            mean.add(1e9 + part * 0x1.0p-20);
        }
        double exact = BigDecimal.valueOf(sum)
                .divide(BigDecimal.valueOf(1L << 20), MathContext.DECIMAL128)
                .divide(BigDecimal.valueOf(10_000_000), MathContext.DECIMAL128)
                .add(BigDecimal.valueOf(1_000_000_000))
                .doubleValue();
        assertThat(mean.value()).isEqualTo(exact);
        assertThat(mean.count()).isEqualTo(10_000_000);
    }

    /// Samples that are all the first one tell nothing more than it.
    @Test
    void dependentSamplesDoNotHelp() {
        var mean = new IncrementalMean();
        for (int k = 0; k < 1000; k++) {
            mean.add(0.1);
        }
        assertThat(mean.value()).isEqualTo(0.1);
    }

    /// E w_k - mu = (1 - a)^k (w_0 - mu), and the variance goes to a / (2 - a).
    @ParameterizedTest
    @ValueSource(doubles = {0.5, 0.1, 0.05})
    void constantStepsKeepAShareOfTheNoise(double a) {
        int runs = 4000;
        int steps = 400;
        double sum = 0;
        double squares = 0;
        for (int seed = 0; seed < runs; seed++) {
            double w =
                    new Dvoretzky(StepSize.constant(a), StepSize.constant(a), SplitMix::gaussian).run(1, steps, seed);
            sum += w;
            squares += w * w;
        }
        double variance = a / (2 - a);
        assertThat(sum / runs).isCloseTo(Math.pow(1 - a, steps), within(5 * Math.sqrt(variance / runs)));
        assertThat(squares / runs).isCloseTo(variance, within(5 * variance * Math.sqrt(2.0 / runs)));
    }
}
