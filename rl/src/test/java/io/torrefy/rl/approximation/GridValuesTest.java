package io.torrefy.rl.approximation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.envs.GridWorld;
import io.torrefy.tensor.SplitMix;
import io.torrefy.testkit.Close;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The values of the uniform policy in the book's grid world (S. Zhao, section 8.2.4, figures 8.6 and 8.7), against
/// exact solutions computed in NumPy.
class GridValuesTest {
    private static final double GAMMA = 0.9;
    private static final FiniteMdp WORLD = GridWorld.book().mdp();
    private static final double[] UNIFORM = filled(125, 0.2);
    private static final double[] EVEN = filled(25, 1 / 25.0);

    private static double[] filled(int n, double value) {
        double[] all = new double[n];
        Arrays.fill(all, value);
        return all;
    }

    /// Columns and rows, scaled to [from, 1].
    private static double[][] phi(Features features, double from) {
        double[][] phi = new double[25][];
        for (int s = 0; s < 25; s++) {
            phi[s] = features.vector(place(s, from));
        }
        return phi;
    }

    private static double[] place(int s, double from) {
        double range = 1 - from;
        return new double[] {from + range * (s % 5) / 4, from + range * (s / 5) / 4};
    }

    private static LinearEvaluation evaluation(double[][] phi) {
        return LinearEvaluation.of(WORLD, UNIFORM, phi, EVEN, GAMMA);
    }

    /// With a feature for each state the fixed point is the value itself.
    private static double[] values() {
        double[][] phi = new double[25][];
        Arrays.setAll(phi, s -> Features.oneHot(25).vector(s));
        return evaluation(phi).fixedPoint();
    }

    private static double rmse(double[] a, double[] b) {
        double squares = 0;
        for (int i = 0; i < a.length; i++) {
            squares += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return Math.sqrt(squares / a.length);
    }

    @Test
    void aFeatureForEachStateGivesTheValues() {
        double[] expected = {
            -3.8463, -3.8138, -3.6442, -3.1209, -3.2350, -3.7936, -3.8473, -3.8004, -3.1063, -2.9241, -3.5724, -3.8965,
            -3.3817, -3.1944, -2.9444, -3.9008, -3.6159, -3.4031, -2.8976, -3.2393, -4.4589, -4.1608, -3.3858, -3.3634,
            -3.4532
        };
        Close.check("v", values(), expected, 0, 5.1e-5);
    }

    @ParameterizedTest
    @CsvSource({
        "polynomial, 1, 3, 0.2215, 0.2228",
        "polynomial, 2, 6, 0.1919, 0.1935",
        "polynomial, 3, 10, 0.1246, 0.1251",
        "fourier, 1, 4, 0.2063, 0.2067",
        "fourier, 2, 9, 0.1360, 0.1374",
        "fourier, 3, 16, 0.0925, 0.0973",
        "fourier, 5, 36, 0, 0"
    })
    void bestFitAndFixedPointAreExact(String kind, int order, int size, double best, double fixed) {
        boolean polynomial = kind.equals("polynomial");
        Features features = polynomial ? PolynomialFeatures.of(2, order) : FourierFeatures.of(2, order);
        assertThat(features.size()).isEqualTo(size);
        LinearEvaluation linear = evaluation(phi(features, polynomial ? -1 : 0));
        double[] v = values();
        assertThat(rmse(linear.values(linear.bestFit(v)), v)).as("best fit").isCloseTo(best, within(5.1e-5));
        assertThat(rmse(linear.values(linear.fixedPoint()), v))
                .as("fixed point")
                .isCloseTo(fixed, within(5.1e-5));
    }

    @Test
    void theWeightsOfThePlaneAreKnown() {
        double[] w = evaluation(phi(PolynomialFeatures.of(2, 1), -1)).fixedPoint();
        Close.check("w", w, new double[] {-3.5200, 0.4186, -0.0930}, 0, 5.1e-5);
    }

    /// 500 episodes of 500 steps with a step size of 0.0005: the reference came to 0.224, 0.200, 0.134, 0.213,
    /// 0.147 and 0.141. No run of it can be below the best fit; the margins are those of one run's noise.
    @ParameterizedTest
    @CsvSource({
        "polynomial, 1, 0.2215, 0.224",
        "polynomial, 2, 0.1919, 0.200",
        "polynomial, 3, 0.1246, 0.134",
        "fourier, 1, 0.2063, 0.213",
        "fourier, 2, 0.1360, 0.147",
        "fourier, 3, 0.0925, 0.141"
    })
    void sampledStepsComeClose(String kind, int order, double best, double reference) {
        boolean polynomial = kind.equals("polynomial");
        Features features = polynomial ? PolynomialFeatures.of(2, order) : FourierFeatures.of(2, order);
        double[] v = values();
        double sum = 0;
        int seeds = 5;
        for (long seed = 1; seed <= seeds; seed++) {
            double error = simulate(features, polynomial ? -1 : 0, seed, v);
            assertThat(error).isGreaterThanOrEqualTo(best - 1e-4);
            sum += error;
        }
        assertThat(sum / seeds).isCloseTo(reference, within(0.04));
    }

    private static double simulate(Features features, double from, long seed, double[] v) {
        var random = new SplitMix(seed, 0);
        var value = new LinearValue(features);
        for (int i = 0; i < features.size(); i++) {
            value.weights()[i] = random.gaussian();
        }
        var td = new LinearTd(value, GAMMA);
        for (int episode = 0; episode < 500; episode++) {
            int s = random.below(25);
            for (int t = 0; t < 500; t++) {
                int row = WORLD.outcome(s, random.below(5), random.unit());
                int next = WORLD.next()[row];
                td.update(0.0005, place(s, from), WORLD.reward()[row], place(next, from), WORLD.terminal()[row]);
                s = next;
            }
        }
        assertThat(td.warning()).isEmpty();
        double[] estimates = new double[25];
        Arrays.setAll(estimates, s -> value.at(place(s, from)));
        return rmse(estimates, v);
    }

    @Test
    void oneHotFeaturesAreATableBitForBit() {
        var random = new SplitMix(1, 0);
        var value = new LinearValue(Features.oneHot(25));
        var td = new LinearTd(value, GAMMA);
        double[] table = new double[25];
        int s = 0;
        for (int t = 0; t < 20_000; t++) {
            int row = WORLD.outcome(s, random.below(5), random.unit());
            int next = WORLD.next()[row];
            td.update(0.1, new double[] {s}, WORLD.reward()[row], new double[] {next}, false);
            table[s] += 0.1 * (WORLD.reward()[row] + GAMMA * table[next] - table[s]);
            s = next;
        }
        assertThat(value.weights()).isEqualTo(table);
    }
}
