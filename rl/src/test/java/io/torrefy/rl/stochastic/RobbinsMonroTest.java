package io.torrefy.rl.stochastic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.Grids;
import io.torrefy.tensor.SplitMix;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// The examples of Zhao, Chapter 6, with what they really do.
class RobbinsMonroTest {
    private static final RobbinsMonro CUBE = RobbinsMonro.of(w -> w * w * w - 5);
    private static final double ROOT = Math.cbrt(5);

    @Test
    void tanh() {
        RobbinsMonro search = RobbinsMonro.of(w -> StrictMath.tanh(w - 1));
        double[] trace = search.run(3, 1000).trace();
        Grids.assertTable(Arrays.copyOfRange(trace, 1, 6), "2.03597 1.64783 1.45776 1.35069 1.28330", 5e-6);
        assertThat(trace[50]).isCloseTo(1.028788, within(5e-7));
        assertThat(trace[100]).isCloseTo(1.014396, within(5e-7));
        assertThat(trace[1000]).isCloseTo(1.001440, within(5e-7));
        // Its slope has no positive bound: from afar it takes ages.
        assertThat(search.run(10, 999).value()).isCloseTo(2.560, within(0.01));
        assertThat(search.run(100, 999).value()).isCloseTo(92.51, within(0.01));
    }

    /// The book's example as it is stated: steps 1/k from 0.
    @Test
    void tooLongSteps() {
        RobbinsMonro.Run run = CUBE.run(0, 50);
        assertThat(run.diverged()).isTrue();
        assertThat(Arrays.copyOf(run.trace(), 4)).containsExactly(new double[] {0, 5, -55, 55_405}, within(1e-6));
        assertThat(run.trace()[4]).isCloseTo(-4.25e13, within(0.01e13));
        assertThat(run.trace()).hasSize(5);
        assertThat(run.warnings()).hasSize(2);
        assertThat(run.warnings().getFirst())
                .startsWith(
                        "[robbins-monro] unstable: at step 2, w = 5.0, the step 0.5 times the slope of g is above 2");
        assertThat(run.warnings().getLast())
                .contains("diverged")
                .contains("after step 4")
                .contains("a larger k0");
    }

    private static double[] diverged(StepSize steps) {
        double[] share = new double[4];
        for (int first = 0; first < 4; first++) {
            for (int seed = 0; seed < 2000; seed++) {
                RobbinsMonro.Run run =
                        CUBE.noise(SplitMix::gaussian).steps(steps).seed(seed).run(first, 50);
                share[first] += run.diverged() ? 1.0 / 2000 : 0;
            }
        }
        return share;
    }

    /// Shares of 2000 runs from w_1 = 0, 1, 2, 3 against those of 10 000 that others counted; within 5 standard
    /// errors.
    @Test
    void howOftenItBlowsUp() {
        assertThat(diverged(StepSize.harmonic())).containsExactly(new double[] {.996, .996, .428, 1}, within(.06));
        assertThat(diverged(StepSize.inverse(1, 1))).containsExactly(new double[] {.29, .67, .003, 1}, within(.06));
        assertThat(diverged(StepSize.inverse(1, 5))).containsExactly(0, 0, 0, 0);
        assertThat(diverged(StepSize.inverse(0.25, 0))).containsExactly(0, 0, 0, 0);
        assertThat(diverged(StepSize.constant(0.05))).containsExactly(0, 0, 0, 0);
    }

    /// k times the variance goes to a^2 / (2 a c - 1) with c = 3 * 5^(2/3).
    @Test
    void centralLimit() {
        double[] a = {1, 0.25};
        double[] limit = {.060444, .018458};
        for (int i = 0; i < a.length; i++) {
            double squares = 0;
            double error = 0;
            int runs = 2000;
            int steps = 2000;
            for (int seed = 0; seed < runs; seed++) {
                double off = CUBE.noise(SplitMix::gaussian)
                                .steps(StepSize.inverse(a[i], i == 0 ? 5 : 0))
                                .seed(seed)
                                .run(1, steps)
                                .value()
                        - ROOT;
                squares += off * off / runs;
                error += Math.abs(off) / runs;
            }
            // 5 standard errors of a variance, and 3 % for what is not yet the limit.
            assertThat(steps * squares).isCloseTo(limit[i], within(limit[i] * (5 * Math.sqrt(2.0 / runs) + 0.03)));
            assertThat(error).isLessThan(0.01);
        }
    }

    @Test
    void projectionKeepsItInside() {
        RobbinsMonro.Run run =
                CUBE.noise(SplitMix::gaussian).project(0, 3).seed(1).run(0, 10_000);
        assertThat(run.diverged()).isFalse();
        assertThat(run.value()).isCloseTo(ROOT, within(0.05));
    }

    /// The mean of standard normal numbers from 10. The last iterate with steps k^-0.6 has the variance of half a
    /// step, k^-0.6 / 2; the average of all has nearly the best there is: .0106 by others, where 1/sqrt(k) is .01.
    @Test
    void averagingNeedsNoConstant() {
        double last = 0;
        double average = 0;
        for (int seed = 0; seed < 400; seed++) {
            RobbinsMonro.Run run = RobbinsMonro.of(w -> w)
                    .noise(SplitMix::gaussian)
                    .steps(StepSize.power(1, 0.6))
                    .seed(seed)
                    .run(10, 10_000);
            last += run.value() * run.value() / 400;
            average += run.average() * run.average() / 400;
        }
        // 4 standard errors of a root of a variance: 4 / sqrt(800).
        assertThat(Math.sqrt(last)).isCloseTo(Math.sqrt(Math.pow(10_000, -0.6) / 2), within(.0446 * 0.15));
        assertThat(Math.sqrt(average)).isCloseTo(.0106, within(.0106 * 0.15));
    }

    @Test
    void warningsTeach() {
        RobbinsMonro line = RobbinsMonro.of(w -> w);
        assertThat(line.steps(StepSize.power(1, 2)).run(1, 10).warnings().getFirst())
                .contains("sum to a finite number");
        assertThat(line.steps(StepSize.inverse(0.3, 0)).slope(1).run(1, 10).warnings())
                .singleElement()
                .asString()
                .contains("slow: 2 * a * slope is 0.6")
                .contains("a = 1.0 is best");
        assertThat(line.slope(1).run(1, 10).warnings()).isEmpty();
        assertThatThrownBy(() -> line.run(1, 0)).hasMessageContaining("at least one step; got 0");
        assertThatThrownBy(() -> line.project(1, 1)).hasMessageContaining("an interval");
    }
}
