package io.torrefy.rl.planning;

import static io.torrefy.rl.Grids.assertTable;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.ActionValues;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.Grids;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.envs.Blackjack;
import io.torrefy.rl.envs.BlackjackTable;
import io.torrefy.rl.envs.CliffWalking;
import io.torrefy.rl.envs.FrozenLake;
import io.torrefy.rl.envs.GridWorld;
import io.torrefy.rl.envs.Taxi;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// What is known of the classical problems, exactly.
class ClassicsTest {
    private static Plan best(FiniteMdp mdp, double gamma) {
        return ValueIteration.of(mdp, gamma, Stop.error(1e-12));
    }

    private static double start(FiniteMdp mdp, double[] v) {
        double sum = 0;
        for (int s = 0; s < v.length; s++) {
            sum += mdp.start()[s] * v[s];
        }
        return sum;
    }

    private static double steps(FiniteMdp mdp, TabularPolicy policy, int steps) {
        return start(
                mdp, PolicyEvaluation.of(mdp, policy, 1, Stop.sweeps(steps)).values());
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
        TabularPolicy uniform = TabularPolicy.uniform(16, 4);
        String[] rows = {
            "0 -1 -1 -1 -1 -1 -1 -1",
            "0 -1.75 -2 -2 -1.75 -2 -2 -2",
            "0 -2.4375 -2.9375 -3 -2.4375 -2.875 -3 -2.9375",
            "0 -6.1380 -8.3524 -8.9673 -6.1380 -7.7374 -8.4278 -8.3524"
        };
        int[] sweeps = {1, 2, 3, 10};
        for (int i = 0; i < sweeps.length; i++) {
            double[] v =
                    PolicyEvaluation.of(mdp, uniform, 1, Stop.sweeps(sweeps[i])).values();
            assertTable(Arrays.copyOf(v, 8), rows[i], 5e-5);
            for (int s = 0; s < 16; s++) {
                assertThat(v[s]).isCloseTo(v[15 - s], within(1e-12));
            }
        }
        assertTable(Bellman.solve(mdp, uniform, 1), """
                0 -14 -20 -22
                -14 -18 -20 -20
                -20 -20 -18 -14
                -22 -20 -14 0""", 1e-9);
        assertThat(PolicyEvaluation.of(mdp, uniform, 1, Stop.change(1e-4)).sweeps())
                .isEqualTo(173);
        assertThat(PolicyEvaluation.of(mdp, uniform, 1, Stop.change(1e-2)).sweeps())
                .isEqualTo(89);
        assertThat(PolicyEvaluation.inPlace(mdp, uniform, 1, Stop.change(1e-4)).sweeps())
                .isEqualTo(114);
        assertThat(PolicyEvaluation.inPlace(mdp, uniform, 1, Stop.change(1e-2)).sweeps())
                .isEqualTo(62);
    }

    /// Stakes are 1 to 50; one that cannot be placed is the largest that can.
    private static FiniteMdp gambler(double heads) {
        return FiniteMdp.of(101, 50, FiniteMdp.startIn(50, 101), (s, a, to) -> {
            if (s == 0 || s == 100) {
                to.add(1, s, 0, true);
                return;
            }
            int stake = Math.min(a + 1, Math.min(s, 100 - s));
            to.add(heads, s + stake, s + stake == 100 ? 1 : 0, s + stake == 100);
            to.add(1 - heads, s - stake, 0, s == stake);
        });
    }

    /// Sutton and Barto, Example 4.3.
    @Test
    void gamblersProblem() {
        Plan plan = best(gambler(0.4), 1);
        double[] v = plan.values();
        int[] at = {25, 50, 75, 1, 10, 37, 51, 63, 90, 99};
        double[] values = {.16, .4, .64, .0021, .0435, .2465, .4031, .4979, .8075, .9643};
        for (int i = 0; i < at.length; i++) {
            assertThat(v[at[i]]).as("capital %d", at[i]).isCloseTo(values[i], within(i < 3 ? 1e-9 : 5e-5));
        }
        assertThat(stakes(plan)).containsExactly(teeth());

        Plan poor = best(gambler(0.25), 1);
        assertThat(poor.values()[50]).isCloseTo(.25, within(1e-9));
        assertThat(poor.values()[25]).isCloseTo(.0625, within(1e-9));
        assertThat(poor.values()[75]).isCloseTo(.4375, within(1e-9));
        assertThat(stakes(poor)).containsExactly(teeth());

        Plan rich = best(gambler(0.55), 1);
        assertThat(rich.values()[1]).isCloseTo(.1818, within(5e-5));
        assertThat(rich.values()[10]).isCloseTo(.8656, within(5e-5));
        int[] ones = new int[99];
        Arrays.fill(ones, 1);
        assertThat(stakes(rich)).containsExactly(ones);
    }

    /// The smallest best stake at each capital.
    private static int[] stakes(Plan plan) {
        ActionValues q = plan.actionValues();
        int[] stakes = new int[99];
        Arrays.setAll(stakes, i -> q.greedySet(i + 1, 1e-8)[0] + 1);
        return stakes;
    }

    private static int[] teeth() {
        int[] stakes = new int[99];
        Arrays.setAll(stakes, i -> {
            int inside = (i + 1) % 25;
            return inside == 0 ? (i + 1 == 50 ? 50 : 25) : Math.min(inside, 25 - inside);
        });
        return stakes;
    }

    @Test
    void frozenLake() {
        FiniteMdp mdp = FrozenLake.of(true).mdp();
        Plan plan = best(mdp, 0.99);
        assertThat(plan.start()).isCloseTo(.542026, within(5e-7));
        assertThat(best(mdp, 1).start()).isCloseTo(.823529, within(5e-7));
        assertThat(steps(mdp, plan.policy(), 100)).isCloseTo(.7402, within(5e-5));
        assertThat(ValueIteration.of(mdp, 1, Stop.sweeps(100)).start()).isCloseTo(.74419, within(5e-6));
        assertThat(steps(mdp, TabularPolicy.uniform(16, 4), 100)).isCloseTo(.0139, within(5e-5));
        // Left, down, right, up are 0 to 3.
        ActionValues q = plan.actionValues();
        int[][] sets = {{0}, {3}, {3}, {3}, {0}, {}, {0, 2}, {}, {3}, {1}, {0}, {}, {}, {2}, {1}, {}};
        for (int s = 0; s < 16; s++) {
            if (sets[s].length > 0) {
                assertThat(q.greedySet(s, 1e-9)).as("state %d", s).containsExactly(sets[s]);
            }
        }
        assertThat(best(FrozenLake.of(false).mdp(), 0.95).start()).isCloseTo(.773781, within(5e-7));
    }

    @Test
    void largeFrozenLake() {
        FiniteMdp mdp = FrozenLake.of(FrozenLake.MAP_8X8, true).mdp();
        Plan plan = best(mdp, 0.99);
        assertThat(plan.start()).isCloseTo(.41464, within(5e-6));
        assertThat(steps(mdp, plan.policy(), 100)).isCloseTo(.6317, within(5e-5));
        assertThat(ValueIteration.of(mdp, 1, Stop.sweeps(200)).start()).isCloseTo(.91322, within(5e-6));
    }

    @Test
    void cliffWalking() {
        FiniteMdp mdp = CliffWalking.of(false).mdp();
        assertThat(best(mdp, 1).start()).isEqualTo(-13);
        assertThat(best(mdp, 0.99).start()).isCloseTo(-12.2479, within(5e-5));
        assertThat(best(mdp, 0.9).start()).isCloseTo(-7.4581, within(5e-5));
        assertThat(best(CliffWalking.of(true).mdp(), 1).start()).isCloseTo(-64.709, within(5e-4));
    }

    @Test
    void windyGrid() {
        assertThat(best(Grids.windy(4), 1).start()).isEqualTo(-15);
        assertThat(best(Grids.windy(8), 1).start()).isEqualTo(-7);
        assertThat(best(Grids.windy(9), 1).start()).isEqualTo(-7);
    }

    @Test
    void taxi() {
        FiniteMdp mdp = Taxi.of().mdp();
        assertThat(ValueIteration.of(mdp, 1, Stop.sweeps(200)).start()).isCloseTo(7.93, within(1e-9));
        assertThat(best(mdp, 0.99).start()).isCloseTo(6.3275, within(5e-5));
    }

    @Test
    void blackjack() {
        assertThat(best(Blackjack.mdp(Blackjack.Rules.PLAIN), 1).start()).isCloseTo(-.046556, within(5e-7));
        FiniteMdp mdp = Blackjack.mdp(Blackjack.Rules.BOOK);
        Plan plan = best(mdp, 1);
        assertThat(plan.start()).isCloseTo(-.043113, within(5e-7));
        String[] hard = {"HHHSSSHHHH", "HSSSSSHHHH", "HSSSSSHHHH", "HSSSSSHHHH", "HSSSSSHHHH"};
        for (int sum = 12; sum <= 21; sum++) {
            for (int dealer = 1; dealer <= 10; dealer++) {
                char expected = sum >= 17 ? 'S' : hard[sum - 12].charAt(dealer - 1);
                assertThat(action(plan, sum, dealer, false))
                        .as("hard %d against %d", sum, dealer)
                        .isEqualTo(expected);
                char soft = sum >= 19 ? 'S' : sum == 18 ? "HSSSSSSSHH".charAt(dealer - 1) : 'H';
                assertThat(action(plan, sum, dealer, true))
                        .as("soft %d against %d", sum, dealer)
                        .isEqualTo(soft);
            }
        }
        TabularPolicy twenty = threshold(mdp, 20);
        assertThat(start(mdp, Bellman.solve(mdp, twenty, 1))).isCloseTo(-.350111, within(5e-7));
        assertThat(start(mdp, Bellman.solve(mdp, TabularPolicy.uniform(mdp.states(), 2), 1)))
                .isLessThan(-.39);
    }

    private static char action(Plan plan, int sum, int dealer, boolean soft) {
        return plan.choice()[BlackjackTable.state(sum, dealer, soft)] == 0 ? 'S' : 'H';
    }

    /// Hits below a sum.
    static TabularPolicy threshold(FiniteMdp mdp, int sum) {
        int[] choice = new int[mdp.states()];
        for (int hand = 4; hand < sum; hand++) {
            for (int dealer = 1; dealer <= 10; dealer++) {
                choice[BlackjackTable.state(hand, dealer, false)] = 1;
                choice[BlackjackTable.state(hand, dealer, true)] = 1;
            }
        }
        return TabularPolicy.of(2, choice);
    }
}
