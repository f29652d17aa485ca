package io.torrefy.rl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.envs.GridWorld;
import java.util.Arrays;

/// The book's 5 x 5 world and its tables as tests write them down.
public final class Grids {
    /// Steps to the target's first reward without entering a forbidden cell: v* is `gamma^(d-1) / (1-gamma)` where
    /// forbidden cells cost 10.
    public static final int[] DISTANCE = {
        11, 10, 9, 8, 7, 12, 11, 8, 7, 6, 13, 14, 1, 6, 5, 14, 1, 1, 1, 4, 15, 2, 1, 2, 3
    };

    /// The optimal values with forbidden cells at -1 and gamma 0.9.
    public static final String BOOK = """
            5.8320 5.5800 6.2000 6.4800 5.8320
            6.4800 7.2000 8.0000 7.2000 6.4800
            7.2000 8.0000 10.000 8.0000 7.2000
            8.0000 10.000 10.000 10.000 8.0000
            7.2000 9.0000 10.000 9.0000 8.1000""";

    /// Of the policy that takes every action alike, forbidden cells at -1.
    public static final String UNIFORM = """
            -3.8463 -3.8138 -3.6442 -3.1209 -3.2350
            -3.7936 -3.8473 -3.8004 -3.1063 -2.9241
            -3.5724 -3.8965 -3.3817 -3.1944 -2.9444
            -3.9008 -3.6159 -3.4031 -2.8976 -3.2393
            -4.4589 -4.1608 -3.3858 -3.3634 -3.4532""";

    private Grids() {}

    /// Sutton and Barto, Example 6.5: wind lifts by 0, 1 or 2 rows. Four moves, or the king's eight, or those and
    /// staying.
    public static FiniteMdp windy(int moves) {
        int[] rows = {-1, 0, 1, 0, -1, 1, 1, -1, 0};
        int[] columns = {0, 1, 0, -1, 1, 1, -1, -1, 0};
        int[] wind = {0, 0, 0, 1, 1, 1, 2, 2, 1, 0};
        return FiniteMdp.of(70, moves, FiniteMdp.startIn(30, 70), (s, a, to) -> {
            if (s == 37) {
                to.add(1, s, 0, true);
                return;
            }
            int row = Math.clamp(s / 10 + rows[a] - wind[s % 10], 0, 6);
            int column = Math.clamp(s % 10 + columns[a], 0, 9);
            to.add(1, row * 10 + column, -1, row * 10 + column == 37);
        });
    }

    public static FiniteMdp forbidden(double reward) {
        return GridWorld.bookMap().forbiddenReward(reward).build().mdp();
    }

    /// `gamma^(d-1) / (1-gamma)`.
    public static double[] detour(double gamma) {
        return Arrays.stream(DISTANCE)
                .mapToDouble(d -> StrictMath.pow(gamma, d - 1) / (1 - gamma))
                .toArray();
    }

    /// Actions from arrows, rows divided by slashes.
    public static int[] actions(String arrows) {
        return arrows.replaceAll("[/\\s]", "").chars().map("↑→↓←○"::indexOf).toArray();
    }

    public static double[] numbers(String table) {
        return Arrays.stream(table.trim().split("[\\s/]+"))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    public static void assertTable(double[] actual, String table, double tolerance) {
        assertThat(actual).containsExactly(numbers(table), within(tolerance));
    }

    /// Root of the mean squared difference.
    public static double rms(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return Math.sqrt(sum / a.length);
    }
}
