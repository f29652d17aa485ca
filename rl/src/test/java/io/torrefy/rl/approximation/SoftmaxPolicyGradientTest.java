package io.torrefy.rl.approximation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.envs.GridWorld;
import io.torrefy.testkit.Close;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// The 2 x 2 world of the book, against exact numbers from NumPy that finite differences confirm.
class SoftmaxPolicyGradientTest {
    private static final FiniteMdp WORLD = GridWorld.of(". #\n. T").build().mdp();

    private static SoftmaxPolicyGradient gradient() {
        return new SoftmaxPolicyGradient(WORLD, new double[] {0.25, 0.25, 0.25, 0.25}, 0.9);
    }

    @Test
    void theGradientOfTheUniformPolicyIsExact() {
        double[] theta = new double[20];
        Close.check("v", gradient().values(theta), new double[] {-4.3393, -4.0954, -3.6607, -3.9046}, 0, 5.1e-5);
        assertThat(gradient().objective(theta)).isCloseTo(-4, within(1e-9));
        double[] expected = {
            -.2830, -.1733, .5224, -.2830, .2170, -.2952, -.2952, .7907, .0950, -.2952, -.1224, .5733, -.3170, -.3170,
            .1830, -.3907, -.3048, -.3048, .3050, .6952
        };
        Close.check("gradient", gradient().gradient(theta), expected, 0, 5.1e-5);
    }

    /// With a step of 1; the start is the first of the 10, 100 and 1000.
    @Test
    void ascentComesToTheObjectivesOfTheReference() {
        double[] theta = new double[20];
        double[] at = new double[3];
        for (int k = 1; k <= 1000; k++) {
            if (k == 10 || k == 100 || k == 1000) {
                at[(int) Math.log10(k) - 1] = gradient().objective(theta);
            }
            double[] g = gradient().gradient(theta);
            for (int i = 0; i < theta.length; i++) {
                theta[i] += g[i];
            }
        }
        Close.check("J", at, new double[] {9.4374, 9.7185, 9.7468}, 0, 5.1e-5);
    }

    @Test
    void finiteDifferencesAgree() {
        double[] theta = new double[20];
        Arrays.setAll(theta, i -> Math.sin(i));
        double[] g = gradient().gradient(theta);
        double h = 1e-5;
        for (int i = 0; i < theta.length; i++) {
            double[] up = theta.clone();
            double[] down = theta.clone();
            up[i] += h;
            down[i] -= h;
            double slope = (gradient().objective(up) - gradient().objective(down)) / (2 * h);
            assertThat(g[i]).as("theta %d", i).isCloseTo(slope, within(1e-7));
        }
    }

    /// Softmax does not change when a state's parameters all do: a row sums to 0, whatever baseline stands in it.
    @Test
    void everyRowSumsToZero() {
        double[] theta = new double[20];
        Arrays.setAll(theta, i -> Math.cos(3 * i));
        double[] g = gradient().gradient(theta);
        for (int s = 0; s < 4; s++) {
            assertThat(Arrays.stream(g, 5 * s, 5 * s + 5).sum()).isCloseTo(0, within(1e-12));
        }
    }

    @Test
    void mistakesAreNamed() {
        assertThatThrownBy(() -> new SoftmaxPolicyGradient(WORLD, new double[4], 1))
                .hasMessageContaining("gamma in [0, 1); got 4 and 1.0");
        assertThatThrownBy(() -> gradient().policy(new double[3]))
                .hasMessageContaining("expected 20 parameters; got 3");
    }
}
