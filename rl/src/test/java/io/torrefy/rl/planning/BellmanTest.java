package io.torrefy.rl.planning;

import static io.torrefy.rl.Grids.assertTable;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.ActionValues;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.Grids;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.envs.GridWorld;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// Values of policies, to the printed digits of tables that others computed.
class BellmanTest {
    private static final String CONSISTENT = "→→→→↓/↑↑→→↓/↑←↓→↓/↑→○←↓/↑→↑←←";

    private static double[] solve(double forbidden, String arrows, double epsilon) {
        return Bellman.solve(
                Grids.forbidden(forbidden), TabularPolicy.epsilonGreedy(5, Grids.actions(arrows), epsilon), 0.9);
    }

    @Test
    void policiesOfFigure2Point7() {
        assertThat(solve(-1, "→→→↓↓/↑↑→↓↓/↑←↓→↓/↑→○←↓/↑→↑←←", 0)).containsExactly(Grids.detour(0.9), within(1e-9));
        assertThat(solve(-1, CONSISTENT, 0)).containsExactly(Grids.detour(0.9), within(1e-9));
        assertTable(solve(-1, "→".repeat(25), 0), """
                -6.561 -7.29  -8.1   -9     -10
                -8.461 -8.29  -8.1   -9     -10
                -7.461 -8.29  -8.1   -9     -10
                -7.471 -7.19  -9.1   -9     -10
                -7.561 -7.29  -8.1   -9     -10""", 1e-9);
        assertTable(solve(-1, "→←←↑↑/↓○→↓→/←→↓←○/○↓↑↑→/○→○→○", 0), """
                0    0       0      -10     -10
                -9   -10    -0.4263 -0.4737  -10
                -10  -0.5263 0.5263 -0.5263   0
                0   -1     -0.5263 -0.4737  -10
                0    0      0       0        0""", 5e-5);
    }

    @Test
    void uniformPolicies() {
        TabularPolicy uniform = TabularPolicy.uniform(25, 5);
        assertTable(Bellman.solve(Grids.forbidden(-1), uniform, 0.9), Grids.UNIFORM, 5e-5);
        assertTable(Bellman.solve(Grids.forbidden(-10), uniform, 0.9), """
                -19.4521 -23.6935 -23.3916 -16.7652 -13.3387
                -23.7951 -29.1778 -30.4891 -21.7682 -15.1004
                -23.7526 -32.7212 -31.2237 -25.7004 -17.4723
                -26.8264 -31.5758 -32.2196 -24.3933 -20.2117
                -27.8321 -30.9668 -27.3631 -22.9935 -17.7759""", 5e-5);
    }

    @Test
    void epsilonGreedyPolicies() {
        assertTable(solve(-10, CONSISTENT, 0.1), EPSILON_01, 5e-5);
        assertTable(solve(-10, CONSISTENT, 0.2), """
                -2.2004 -2.3727 -2.0814 -1.7030 -1.8311
                -2.4730 -3.0308 -3.2973 -2.2536 -1.9735
                -2.2858 -3.3380 -2.5225 -2.7901 -2.1751
                -2.5419 -2.4944 -2.8207 -2.0357 -2.3903
                -2.8052 -2.7931 -2.0651 -2.3190 -2.1515""", 5e-5);
        double[] half = solve(-10, CONSISTENT, 0.5);
        assertTable(Arrays.copyOfRange(half, 0, 5), "-7.9330 -8.9123 -8.3791 -7.1487 -7.6943", 5e-5);
        assertTable(Arrays.copyOfRange(half, 15, 25), """
                -9.5859 -15.2203 -16.8786 -14.2484 -12.0641
                -10.6133 -15.2368 -14.9429 -14.0824 -12.1785""", 5e-5);
    }

    static final String EPSILON_01 = """
            0.4260  0.5320  0.8748  1.2610  1.4458
            0.1402  0.0461  0.5339  1.2645  1.6727
            0.0903 -0.4101  3.3727  1.3577  1.9127
            -0.0926  3.3877  3.3397  3.6704  2.1852
            -0.2814  2.8041  3.7044  3.0723  2.6884""";

    /// With the rule of the book's figures 5.6 and 5.7.
    @Test
    void aBumpThatPaysBothRewards() {
        FiniteMdp mdp = GridWorld.bookMap()
                .forbiddenReward(-10)
                .additiveBump(true)
                .build()
                .mdp();
        double[] expected = {2.592, -3.2485, -16.6995};
        double[] epsilon = {0.1, 0.2, 0.5};
        for (int i = 0; i < 3; i++) {
            TabularPolicy policy = TabularPolicy.epsilonGreedy(5, Grids.actions(CONSISTENT), epsilon[i]);
            assertThat(Bellman.solve(mdp, policy, 0.9)[21]).isCloseTo(expected[i], within(5e-5));
        }
    }

    @Test
    void theLongRunGivesTheMeanReward() {
        FiniteMdp mdp = Grids.forbidden(-1);
        TabularPolicy uniform = TabularPolicy.uniform(25, 5);
        double[] d = Bellman.stationary(mdp, uniform);
        double[] v = Bellman.solve(mdp, uniform, 0.9);
        double mean = 0;
        for (int s = 0; s < 25; s++) {
            assertThat(d[s]).isCloseTo(1.0 / 25, within(1e-12));
            mean += d[s] * v[s];
        }
        assertThat((1 - 0.9) * mean).isCloseTo(-0.352, within(1e-12));

        FiniteMdp small = GridWorld.of(". #\n. T").build().mdp();
        double[] long2 = Bellman.stationary(small, TabularPolicy.epsilonGreedy(5, Grids.actions("↓↓→○"), 0.5));
        assertTable(long2, "0.0345 0.1084 0.1330 0.7241", 5e-5);

        TabularPolicy half = TabularPolicy.epsilonGreedy(5, Grids.actions(CONSISTENT), 0.5);
        assertThat(Bellman.stationary(mdp, half)[17]).isCloseTo(0.342, within(5e-4));
    }

    /// Zhao, Section 2.2: round and round, one reward a step.
    @Test
    void aCycleOfFour() {
        double[] r = {1, 2, 3, 4};
        FiniteMdp mdp = FiniteMdp.of(4, 1, FiniteMdp.startIn(0, 4), (s, _, to) -> to.add(1, (s + 1) % 4, r[s], false));
        double[] v = Bellman.solve(mdp, TabularPolicy.uniform(4, 1), 0.5);
        for (int s = 0; s < 4; s++) {
            double sum = 0;
            for (int k = 3; k >= 0; k--) {
                sum = r[(s + k) % 4] + 0.5 * sum;
            }
            assertThat(v[s]).isCloseTo(sum / (1 - Math.pow(0.5, 4)), within(1e-12));
        }
    }

    /// Sutton and Barto, Examples 3.5 and 3.8.
    @Test
    void theGridWithJumps() {
        FiniteMdp mdp = jumps();
        assertTable(Bellman.solve(mdp, TabularPolicy.uniform(25, 4), 0.9), """
                3.3090 8.7893 4.4276 5.3224 1.4922
                1.5216 2.9923 2.2501 1.9076 .5474
                .0508 .7382 .6731 .3582 -.4031
                -.9736 -.4355 -.3549 -.5856 -1.1831
                -1.8577 -1.3452 -1.2293 -1.4229 -1.9752""", 5e-5);
        double[] best = ValueIteration.of(mdp, 0.9, Stop.error(1e-10)).values();
        assertTable(Arrays.copyOf(best, 5), "21.9775 24.4194 21.9775 19.4194 17.4775", 5e-5);
        assertThat(best[1]).isCloseTo(10 / (1 - Math.pow(0.9, 5)), within(1e-9));
    }

    private static FiniteMdp jumps() {
        int[] rows = {-1, 0, 1, 0};
        int[] columns = {0, 1, 0, -1};
        return FiniteMdp.of(25, 4, FiniteMdp.startIn(0, 25), (s, a, to) -> {
            int row = s / 5 + rows[a];
            int column = s % 5 + columns[a];
            if (s == 1) {
                to.add(1, 21, 10, false);
            } else if (s == 3) {
                to.add(1, 13, 5, false);
            } else if (row < 0 || row > 4 || column < 0 || column > 4) {
                to.add(1, s, -1, false);
            } else {
                to.add(1, row * 5 + column, 0, false);
            }
        });
    }

    @Test
    void actionValuesOfTheBook() {
        FiniteMdp mdp = Grids.forbidden(-1);
        double[] v = ValueIteration.of(mdp, 0.9, Stop.error(1e-10)).values();
        ActionValues q = Bellman.actionValues(mdp, v, 0.9);
        assertTable(Arrays.copyOfRange(q.values(), 0, 5), "4.2488 5.022 5.832 4.2488 5.2488", 5e-5);
        assertTable(Arrays.copyOfRange(q.values(), 85, 90), "8 8 9 8 10", 1e-9);
        assertTable(Arrays.copyOfRange(q.values(), 105, 110), "8 9 7.1 6.48 7.1", 1e-9);
    }

    @Test
    void badInputSaysWhy() {
        FiniteMdp mdp = Grids.forbidden(-1);
        TabularPolicy uniform = TabularPolicy.uniform(25, 5);
        assertThatThrownBy(() -> Bellman.solve(mdp, uniform, 1.5))
                .hasMessage("[bellman] expected gamma in [0, 1); got 1.5. Hint: values are sums of rewards weighted by"
                        + " gamma^t, which have a limit only below 1; 0.9 looks about 10 steps ahead.");
        assertThatThrownBy(() -> Bellman.solve(mdp, uniform, Double.NaN)).hasMessageContaining("got NaN");
        assertThatThrownBy(() -> Bellman.solve(mdp, uniform, 1)).hasMessageContaining("no end from state 0");
        assertThatThrownBy(() -> Bellman.solve(mdp, TabularPolicy.uniform(4, 5), 0.9))
                .hasMessage("[policy] expected a policy over 25 states and 5 actions; got one over 4 and 5.");
        assertThatThrownBy(() -> new TabularPolicy(1, 2, new double[] {0.5, 0.4}))
                .hasMessageContaining("got 0.9 in state 0");
        assertThatThrownBy(() -> new TabularPolicy(1, 2, new double[] {1.5, -0.5}))
                .hasMessageContaining("got -0.5 in state 0 for action 1");
        assertThatThrownBy(() -> TabularPolicy.of(5, 0, 5)).hasMessageContaining("got 5 in state 1");
    }

    /// Without discount a policy that never ends has no value: state 2 only ever stays.
    @Test
    void improperPoliciesAreRefused() {
        FiniteMdp mdp = FiniteMdp.of(3, 2, FiniteMdp.startIn(0, 3), (s, a, to) -> {
            if (a == 0) {
                to.add(1, s, -1, false);
            } else {
                to.add(1, s, -1, true);
            }
        });
        TabularPolicy improper = TabularPolicy.of(2, 1, 1, 0);
        assertThatThrownBy(() -> Bellman.solve(mdp, improper, 1)).hasMessageContaining("no end from state 2");
        assertThatThrownBy(() -> PolicyEvaluation.of(mdp, improper, 1, Stop.error(1e-6)))
                .hasMessageContaining("no end from state 2");
        assertThat(Bellman.solve(mdp, TabularPolicy.of(2, 1, 1, 1), 1)).containsExactly(-1, -1, -1);
        assertThat(PolicyEvaluation.of(mdp, improper, 1, Stop.sweeps(7)).values())
                .containsExactly(-1, -1, -7);
    }
}
