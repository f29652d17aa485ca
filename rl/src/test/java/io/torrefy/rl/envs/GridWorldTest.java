package io.torrefy.rl.envs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.FiniteMdp;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The book's worlds: its tables, recomputed by others to the digits given here.
class GridWorldTest {
    /// Steps to the first reward of the target, without entering a forbidden cell.
    private static final int[] DISTANCE = {
        11, 10, 9, 8, 7, 12, 11, 8, 7, 6, 13, 14, 1, 6, 5, 14, 1, 1, 1, 4, 15, 2, 1, 2, 3
    };

    @Test
    void bookValues() {
        FiniteMdp mdp = GridWorld.book().mdp();
        double[] v = Solve.optimal(mdp, 0.9);
        assertTable(v, """
                5.8320 5.5800 6.2000 6.4800 5.8320
                6.4800 7.2000 8.0000 7.2000 6.4800
                7.2000 8.0000 10.000 8.0000 7.2000
                8.0000 10.000 10.000 10.000 8.0000
                7.2000 9.0000 10.000 9.0000 8.1000""", 5e-4);
        assertRow(mdp, v, 0, 4.2488, 5.022, 5.832, 4.2488, 5.2488);
        assertRow(mdp, v, 17, 8, 8, 9, 8, 10);
        assertRow(mdp, v, 21, 8, 9, 7.1, 6.48, 7.1);
    }

    @Test
    void bookPolicy() {
        GridWorld world = GridWorld.book();
        double[] v = Solve.optimal(world.mdp(), 0.9);
        List<String> best = List.of(
                        "↓ → ↓ ↓ ↓←".split(" "),
                        "↓ ↓ ↓ ↓ ↓←".split(" "),
                        "→↓ →↓ ↓ ↓← ↓←".split(" "),
                        "→ → ○ ← ←".split(" "),
                        "↑ → ↑ ← ←".split(" "))
                .stream()
                .flatMap(Arrays::stream)
                .toList();
        for (int s = 0; s < 25; s++) {
            var arrows = new StringBuilder();
            for (int a : Solve.greedy(world.mdp(), v, s, 0.9)) {
                arrows.append(world.moves().get(a).glyph());
            }
            assertThat(arrows.toString()).as("state %d", s).isEqualTo(best.get(s));
        }
    }

    @Test
    void forbiddenCellsThatCostTenOrNearSightGiveTheDetour() {
        double[] ten =
                Solve.optimal(GridWorld.bookMap().forbiddenReward(-10).build().mdp(), 0.9);
        double[] near = Solve.optimal(GridWorld.book().mdp(), 0.5);
        for (int s = 0; s < 25; s++) {
            assertThat(ten[s]).isCloseTo(Math.pow(0.9, DISTANCE[s] - 1) / 0.1, within(1e-11));
            assertThat(near[s]).isCloseTo(Math.pow(0.5, DISTANCE[s] - 1) / 0.5, within(1e-11));
        }
        double[] bouncing =
                Solve.optimal(GridWorld.bookMap().forbiddenBounces(true).build().mdp(), 0.9);
        assertThat(bouncing).containsExactly(ten, within(1e-11));
    }

    @Test
    void aTargetThatEndsTheEpisodePaysOnce() {
        for (double forbidden : new double[] {-1, -10}) {
            GridWorld world = GridWorld.bookMap()
                    .forbiddenReward(forbidden)
                    .targetTerminates(true)
                    .build();
            double[] v = Solve.optimal(world.mdp(), 0.9);
            for (int s = 0; s < 25; s++) {
                double expected = s == 17 ? 0 : Math.pow(0.9, DISTANCE[s] - 1);
                assertThat(v[s]).as("state %d", s).isCloseTo(expected, within(1e-11));
            }
        }
    }

    @Test
    void worldsOfTheBooksCode() {
        assertTable(Solve.optimal(GridWorld.bookPython().mdp(), 0.9), """
                42.6127 48.4585 54.9539 62.171 70.19
                48.4585 54.9539 62.171  70.19  79.1
                54.9539 62.171  70.19   79.1   89
                62.171  70.19   79.1    89    100
                70.19   79.1    89     100    100""", 5e-5);
        assertTable(Solve.optimal(GridWorld.bookMatlab().mdp(), 0.9), """
                6.29 8.10  9.00
                8.10 9.00 10.00
                9.00 10.00 10.00
                8.10 9.00 10.00""", 5e-3);
    }

    @Test
    void uniformPolicy() {
        assertTable(Solve.evaluate(GridWorld.book().mdp(), _ -> -1, 0.9, 500), """
                -3.8463 -3.8138 -3.6442 -3.1209 -3.2350
                -3.7936 -3.8473 -3.8004 -3.1063 -2.9241
                -3.5724 -3.8965 -3.3817 -3.1944 -2.9444
                -3.9008 -3.6159 -3.4031 -2.8976 -3.2393
                -4.4589 -4.1608 -3.3858 -3.3634 -3.4532""", 5e-5);
        assertTable(
                Solve.evaluate(GridWorld.bookMap().forbiddenReward(-10).build().mdp(), _ -> -1, 0.9, 500), """
                -19.4521 -23.6935 -23.3916 -16.7652 -13.3387
                -23.7951 -29.1778 -30.4891 -21.7682 -15.1004
                -23.7526 -32.7212 -31.2237 -25.7004 -17.4723
                -26.8264 -31.5758 -32.2196 -24.3933 -20.2117
                -27.8321 -30.9668 -27.3631 -22.9935 -17.7759""", 5e-5);
    }

    /// The rules differ in one outcome of the whole book's grid: down from (5, 2).
    @Test
    void aBumpMayPayBothRewards() {
        FiniteMdp text = GridWorld.bookMap().forbiddenReward(-10).build().mdp();
        FiniteMdp figure = GridWorld.bookMap()
                .forbiddenReward(-10)
                .additiveBump(true)
                .build()
                .mdp();
        for (int k = 0; k < text.reward().length; k++) {
            boolean bump = k == 21 * 5 + Move.DOWN.ordinal();
            assertThat(figure.reward()[k] - text.reward()[k])
                    .as("outcome %d", k)
                    .isEqualTo(bump ? -10 : 0);
        }
        assertThat(text.reward()[21 * 5 + Move.DOWN.ordinal()]).isEqualTo(-1);
    }

    /// Sutton and Barto, Example 4.1.
    @Test
    void fourByFour() {
        FiniteMdp mdp = GridWorld.of(4, 4)
                .target(1, 1)
                .target(4, 4)
                .targetTerminates(true)
                .targetReward(-1)
                .stepReward(-1)
                .stay(false)
                .build()
                .mdp();
        assertTable(Solve.evaluate(mdp, _ -> -1, 1, 3), """
                0 -2.4375 -2.9375 -3
                -2.4375 -2.875 -3 -2.9375
                -2.9375 -3 -2.875 -2.4375
                -3 -2.9375 -2.4375 0""", 1e-12);
        assertTable(Solve.evaluate(mdp, _ -> -1, 1, 1000), """
                0 -14 -20 -22
                -14 -18 -20 -20
                -20 -20 -18 -14
                -22 -20 -14 0""", 1e-9);
    }

    /// The law of total probability, by hand for one cell: right of (1, 1) slips up into the wall or down.
    @Test
    void slippingSharesTheChance() {
        FiniteMdp mdp = GridWorld.of(". .\n. T").slip(0.2).build().mdp();
        int right = mdp.offsets()[Move.RIGHT.ordinal()];
        assertThat(mdp.next()[right]).isEqualTo(1);
        assertThat(mdp.next()[right + 1]).isEqualTo(0);
        assertThat(mdp.next()[right + 2]).isEqualTo(2);
        assertThat(Arrays.copyOfRange(mdp.probability(), right, right + 3)).containsExactly(0.8, 0.1, 0.1);
        assertThat(Arrays.copyOfRange(mdp.reward(), right, right + 3)).containsExactly(0, -1, 0);
    }

    @Test
    void badMapsSayWhere() {
        assertThatThrownBy(() -> GridWorld.of(". .\n. x"))
                .hasMessage("[gridworld] expected a letter of a map; got 'x' in row 2, column 2. Hint: '#' is a cell to"
                        + " keep away from, '.' is a free cell, 'S' is the start, 'T' is a target.");
        assertThatThrownBy(() -> GridWorld.of(". . .\n. .")).hasMessageContaining("3 cells in row 1 and 2 in row 2");
        assertThatThrownBy(() -> GridWorld.of(" \n ")).hasMessageContaining("empty text");
        assertThatThrownBy(() -> GridWorld.of("S S")).hasMessageContaining("at most one start S; got 2");
        assertThatThrownBy(() -> GridWorld.of(0, 5)).hasMessageContaining("got 0 x 5");
        assertThatThrownBy(() -> GridWorld.bookMap().forbid(0, 1)).hasMessageContaining("both count from 1");
        assertThatThrownBy(() -> GridWorld.bookMap().slip(1.5).build()).hasMessageContaining("got 1.5");
        assertThatThrownBy(() -> GridWorld.of(". .").targetTerminates(true).build())
                .hasMessageContaining("put a T into the map");
        assertThatThrownBy(() -> GridWorld.of("S # T")
                        .targetTerminates(true)
                        .forbiddenBounces(true)
                        .build())
                .hasMessageContaining("forbidden cells all around");
        assertThatThrownBy(() -> GridWorld.bookMap().moves(Move.UP, Move.UP).build())
                .hasMessageContaining("actions that differ");
        assertThatThrownBy(() -> GridWorld.bookMap().targetReward(Double.NaN).build())
                .hasMessageContaining("reward NaN in state 12 after action 2");
    }

    static void assertTable(double[] actual, String table, double tolerance) {
        double[] expected = Arrays.stream(table.trim().split("\\s+"))
                .mapToDouble(Double::parseDouble)
                .toArray();
        assertThat(actual).containsExactly(expected, within(tolerance));
    }

    private static void assertRow(FiniteMdp mdp, double[] v, int s, double... expected) {
        for (int a = 0; a < expected.length; a++) {
            assertThat(Solve.q(mdp, v, s, a, 0.9)).as("q(%d, %d)", s, a).isCloseTo(expected[a], within(5e-5));
        }
    }
}
