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

/// The optimal values and policies of the book's grid and its small examples.
class PlanningTest {
    private static Plan best(FiniteMdp mdp, double gamma) {
        return ValueIteration.of(mdp, gamma, Stop.error(1e-11));
    }

    private static String greedySets(Plan plan) {
        ActionValues q = plan.actionValues();
        var text = new StringBuilder();
        for (int s = 0; s < q.states(); s++) {
            for (int a : q.greedySet(s, 1e-9)) {
                text.append("↑→↓←○".charAt(a));
            }
            text.append(' ');
        }
        return text.toString().trim();
    }

    private static final String BOOK_SETS = "↓ → ↓ ↓ ↓← ↓ ↓ ↓ ↓ ↓← →↓ →↓ ↓ ↓← ↓← → → ○ ← ← ↑ → ↑ ← ←";
    private static final String DETOUR_SETS = "→ → → →↓ ↓ ↑ ↑ → →↓ ↓ ↑ ← ↓ → ↓ ↑ → ○ ← ↓ ↑ → ↑ ← ←";

    @Test
    void theBook() {
        Plan plan = best(Grids.forbidden(-1), 0.9);
        assertTable(plan.values(), Grids.BOOK, 5e-5);
        assertThat(greedySets(plan)).isEqualTo(BOOK_SETS);
        assertThat(plan.converged()).isTrue();
    }

    @Test
    void theDetour() {
        Plan ten = best(Grids.forbidden(-10), 0.9);
        assertThat(ten.values()).containsExactly(Grids.detour(0.9), within(1e-9));
        assertThat(greedySets(ten)).isEqualTo(DETOUR_SETS);
        Plan near = best(Grids.forbidden(-1), 0.5);
        assertThat(near.values()).containsExactly(Grids.detour(0.5), within(1e-9));
        assertThat(greedySets(near)).isEqualTo(DETOUR_SETS);
    }

    @Test
    void onlyTheNextReward() {
        assertThat(best(Grids.forbidden(-1), 0).values())
                .containsExactly(Arrays.stream(Grids.DISTANCE)
                        .mapToDouble(d -> d == 1 ? 1 : 0)
                        .toArray());
    }

    /// At (4, 1): across the forbidden cell or around.
    @Test
    void whereThePolicyFlips() {
        double[][] crosses = {{-6, 0.9}, {-1, 0.55}};
        double[][] avoids = {{-6.5, 0.9}, {-1, 0.5}};
        for (double[] c : crosses) {
            assertThat(best(Grids.forbidden(c[0]), c[1]).choice()[15]).isEqualTo(1);
        }
        for (double[] c : avoids) {
            assertThat(best(Grids.forbidden(c[0]), c[1]).choice()[15]).isEqualTo(0);
        }
    }

    @Test
    void aTargetThatEndsTheEpisode() {
        for (double forbidden : new double[] {-1, -10}) {
            FiniteMdp mdp = GridWorld.bookMap()
                    .forbiddenReward(forbidden)
                    .targetTerminates(true)
                    .build()
                    .mdp();
            double[] v = best(mdp, 0.9).values();
            for (int s = 0; s < 25; s++) {
                double expected = s == 17 ? 0 : Math.pow(0.9, Grids.DISTANCE[s] - 1);
                assertThat(v[s]).isCloseTo(expected, within(1e-9));
            }
        }
    }

    /// r to 2 r + 3: v to 2 v + 3 / (1 - gamma), and the same policy.
    @Test
    void affineRewardsChangeNoPolicy() {
        Plan plan = best(
                GridWorld.bookMap()
                        .boundaryReward(1)
                        .forbiddenReward(1)
                        .targetReward(5)
                        .stepReward(3)
                        .build()
                        .mdp(),
                0.9);
        double[] book = best(Grids.forbidden(-1), 0.9).values();
        for (int s = 0; s < 25; s++) {
            assertThat(plan.values()[s]).isCloseTo(2 * book[s] + 30, within(1e-9));
        }
        assertThat(greedySets(plan)).isEqualTo(BOOK_SETS);
    }

    /// The world with rows for columns, up for left and down for right.
    @Test
    void turnedWorldsHaveTurnedValues() {
        GridWorld.Builder turned = GridWorld.of(5, 5).target(3, 4);
        for (int[] cell : new int[][] {{2, 2}, {2, 3}, {3, 3}, {4, 2}, {4, 4}, {5, 2}}) {
            turned.forbid(cell[1], cell[0]);
        }
        Plan plan = best(turned.build().mdp(), 0.9);
        Plan book = best(GridWorld.book().mdp(), 0.9);
        int[] action = {3, 2, 1, 0, 4};
        for (int s = 0; s < 25; s++) {
            int other = s % 5 * 5 + s / 5;
            assertThat(plan.values()[other]).isCloseTo(book.values()[s], within(1e-9));
            for (int a = 0; a < 5; a++) {
                assertThat(plan.actionValues().get(other, action[a]))
                        .isCloseTo(book.actionValues().get(s, a), within(1e-9));
            }
        }
    }

    /// The names of states change nothing: state s is called 7 s + 3 modulo 25.
    @Test
    void namesOfStatesChangeNothing() {
        FiniteMdp book = GridWorld.book().mdp();
        int[] name = new int[25];
        int[] called = new int[25];
        for (int s = 0; s < 25; s++) {
            name[s] = (7 * s + 3) % 25;
            called[name[s]] = s;
        }
        FiniteMdp other = FiniteMdp.of(25, 5, FiniteMdp.startIn(name[0], 25), (s, a, to) -> {
            int row = book.offsets()[called[s] * 5 + a];
            to.add(1, name[book.next()[row]], book.reward()[row], false);
        });
        double[] values = best(book, 0.9).values();
        Plan plan = best(other, 0.9);
        Plan improved = PolicyIteration.of(other, 0.9);
        for (int s = 0; s < 25; s++) {
            assertThat(plan.values()[name[s]]).isEqualTo(values[s]);
            assertThat(improved.values()[name[s]]).isCloseTo(values[s], within(1e-9));
        }
    }

    /// Sweeps until the largest change is below the bound, and the error that is left then: not the bound.
    @Test
    void aChangeIsNotAnError() {
        FiniteMdp mdp = Grids.forbidden(-1);
        double[] exact = best(mdp, 0.9).values();
        double[] bounds = {1e-2, 1e-4, 1e-6, 1e-8};
        int[] sweeps = {45, 89, 133, 176};
        double[] errors = {0.0873, 8.5e-4, 8.2e-6, 8.8e-8};
        for (int i = 0; i < bounds.length; i++) {
            Plan plan = ValueIteration.of(mdp, 0.9, Stop.change(bounds[i]));
            assertThat(plan.sweeps()).isEqualTo(sweeps[i]);
            double error = 0;
            for (int s = 0; s < 25; s++) {
                error = Math.max(error, Math.abs(plan.values()[s] - exact[s]));
            }
            assertThat(error).isCloseTo(errors[i], within(0.01 * errors[i]));
            Plan bounded = ValueIteration.of(mdp, 0.9, Stop.error(bounds[i]));
            assertThat(bounded.values()).containsExactly(exact, within(bounds[i] + 1e-11));
        }
    }

    /// Zhao, Section 4.1.2.
    @Test
    void valueIterationOnTwoByTwo() {
        FiniteMdp mdp = GridWorld.of(". #\n. T").build().mdp();
        double[][] iterates = {{0, 1, 1, 1}, {0.9, 1.9, 1.9, 1.9}, {1.71, 2.71, 2.71, 2.71}};
        for (int k = 1; k <= 3; k++) {
            assertThat(ValueIteration.of(mdp, 0.9, Stop.sweeps(k)).values())
                    .containsExactly(iterates[k - 1], within(1e-12));
        }
        assertThat(best(mdp, 0.9).values()).containsExactly(new double[] {9, 10, 10, 10}, within(1e-9));
        assertThat(Bellman.actionValues(mdp, new double[4], 0.9).values())
                .containsExactly(-1, -1, 0, -1, 0, -1, -1, 1, 0, -1, 0, 1, -1, -1, 0, -1, -1, -1, 0, 1);
    }

    /// Zhao, Section 4.2.3: left, stay, right on two cells, from always left.
    @Test
    void policyIterationOnOneByTwo() {
        FiniteMdp mdp = FiniteMdp.of(2, 3, FiniteMdp.startIn(0, 2), (s, a, to) -> {
            int next = s + a - 1;
            boolean out = next < 0 || next > 1;
            to.add(1, out ? s : next, out ? -1 : next, false);
        });
        TabularPolicy left = TabularPolicy.of(3, 0, 0);
        double[][] iterates = {{-1, 0}, {-1.9, -0.9}, {-2.71, -1.71}};
        for (int k = 1; k <= 3; k++) {
            assertThat(PolicyEvaluation.of(mdp, left, 0.9, Stop.sweeps(k)).values())
                    .containsExactly(iterates[k - 1], within(1e-12));
        }
        double[] v = Bellman.solve(mdp, left, 0.9);
        assertThat(v).containsExactly(new double[] {-10, -9}, within(1e-9));
        assertThat(Bellman.actionValues(mdp, v, 0.9).values())
                .containsExactly(new double[] {-10, -9, -7.1, -9, -7.1, -9.1}, within(1e-9));
        Plan plan = PolicyIteration.of(mdp, 0.9, new int[] {0, 0});
        assertThat(plan.choice()).containsExactly(2, 1);
        assertThat(plan.residuals()).hasSize(2);
        assertThat(plan.values()).containsExactly(new double[] {10, 10}, within(1e-9));
    }

    /// From the policy that always stays; ties must not keep it going for ever.
    @Test
    void policyIterationEndsInSpiteOfTies() {
        int[] stay = Grids.actions("○".repeat(25));
        for (double forbidden : new double[] {-1, -10}) {
            FiniteMdp mdp = Grids.forbidden(forbidden);
            Plan plan = PolicyIteration.of(mdp, 0.9, stay);
            assertThat(plan.converged()).isTrue();
            assertThat(plan.values()).containsExactly(best(mdp, 0.9).values(), within(1e-9));
            ActionValues q = plan.actionValues();
            for (int s = 0; s < 25; s++) {
                assertThat(q.greedySet(s, 1e-9)).contains(plan.choice()[s]);
            }
        }
    }

    @Test
    void truncatedPolicyIterationLiesBetweenTheTwo() {
        FiniteMdp mdp = Grids.forbidden(-1);
        for (int k : new int[] {1, 2, 3, 10, 50}) {
            assertThat(TruncatedPolicyIteration.of(mdp, 0.9, 1, Stop.sweeps(k)).values())
                    .containsExactly(ValueIteration.of(mdp, 0.9, Stop.sweeps(k)).values());
        }
        double[] exact = PolicyIteration.of(mdp, 0.9).values();
        int[] inner = {1, 3, 6, 20, 100};
        int[] rounds = {153, 51, 26, 8, 5};
        for (int i = 0; i < inner.length; i++) {
            assertThat(error(TruncatedPolicyIteration.of(mdp, 0.9, inner[i], Stop.sweeps(rounds[i])), exact))
                    .as("%d sweeps a round", inner[i])
                    .isLessThanOrEqualTo(1e-6);
            assertThat(error(TruncatedPolicyIteration.of(mdp, 0.9, inner[i], Stop.sweeps(rounds[i] - 1)), exact))
                    .as("%d sweeps a round, one round less", inner[i])
                    .isGreaterThan(1e-6);
        }
        assertThat(TruncatedPolicyIteration.of(mdp, 0.9, 7, Stop.error(1e-9)).values())
                .containsExactly(exact, within(1e-9));
    }

    private static double error(Plan plan, double[] exact) {
        double error = 0;
        for (int s = 0; s < exact.length; s++) {
            error = Math.max(error, Math.abs(plan.values()[s] - exact[s]));
        }
        return error;
    }

    /// The best of the policies that explore, forbidden cells at -10.
    @Test
    void theBestEpsilonGreedyPolicies() {
        FiniteMdp mdp = Grids.forbidden(-10);
        assertTable(greedy(mdp, 0.1).values(), BellmanTest.EPSILON_01, 5e-5);
        Plan fifth = greedy(mdp, 0.2);
        assertTable(fifth.values(), """
                -1.0898 -1.4922 -1.1285 -0.6242 -0.6102
                -1.4924 -2.2295 -2.2666 -1.0369 -0.5844
                -1.1333 -2.3838 -2.2277 -1.4899 -0.6186
                -1.5605 -2.2425 -2.6051 -1.4186 -1.0712
                -1.9619 -2.5086 -1.7680 -1.3976 -0.9818""", 5e-5);
        assertThat(fifth.choice()).containsExactly(Grids.actions("○←→→↓/↑↑→→○/○←→→↑/↑→○→↑/↑→→→○"));
        Plan half = greedy(mdp, 0.5);
        assertTable(half.values(), """
                -4.2794 -5.4940 -4.4997 -2.5939 -2.3209
                -5.5974 -7.6584 -7.7173 -4.0969 -2.4046
                -5.4414 -8.9341 -7.9575 -5.5739 -2.7749
                -6.7275 -8.7359 -9.2527 -5.4327 -4.1700
                -7.6889 -8.6668 -6.5344 -5.0842 -3.6888""", 5e-5);
        assertThat(half.choice()).containsExactly(Grids.actions("○←→→○/↑↑→→↑/○←→→↑/↑←↓→↑/↑→→→○"));
        FiniteMdp both = GridWorld.bookMap()
                .forbiddenReward(-10)
                .additiveBump(true)
                .build()
                .mdp();
        assertThat(greedy(both, 0.2).values()[21]).isCloseTo(-2.9561, within(5e-5));
        assertThat(greedy(both, 0.5).values()[21]).isCloseTo(-10.0536, within(5e-5));
    }

    private static Plan greedy(FiniteMdp mdp, double epsilon) {
        return PolicyIteration.of(mdp, 0.9, TabularPolicy.uniform(25, 5), epsilon);
    }

    /// Zhao, Chapter 5, forbidden cells at -1: what each round gains.
    @Test
    void policyIterationAmongPoliciesThatExplore() {
        Plan plan = greedy(Grids.forbidden(-1), 0.5);
        assertTable(plan.values(), """
                -0.3258 -0.3182 -0.0870 0.2237 0.0113
                -0.0171  0.1710  0.4054 0.5376 0.3483
                 0.3702  0.6468  2.0610 0.9282 0.6227
                 0.6202  2.1378  2.4024 2.3236 0.8669
                 0.2315  1.4899  2.4232 1.7289 1.1118""", 5e-5);
        assertThat(plan.choice()).containsExactly(Grids.actions("↓→→↓↓/↓↓↓↓↓/→↓↓↓←/→→○←←/↑→↑←←"));
        assertThat(plan.residuals()).containsExactly(new double[] {5.251, 1.961, 0.169, 0}, within(5e-4));
    }

    @Test
    void inPlaceSweepsFindTheSame() {
        FiniteMdp mdp = Grids.forbidden(-1);
        Plan plan = ValueIteration.inPlace(mdp, 0.9, Stop.error(1e-10));
        assertThat(plan.values()).containsExactly(best(mdp, 0.9).values(), within(1e-9));
    }

    @Test
    void badInputSaysWhy() {
        FiniteMdp mdp = Grids.forbidden(-1);
        assertThatThrownBy(() -> ValueIteration.of(mdp, 1, Stop.error(1e-6)))
                .hasMessage(
                        "[value iteration] expected gamma in [0, 1), or 1 where every state reaches an end; got 1 and"
                                + " no end from state 0. Hint: without an end and without discount the sum of rewards has no"
                                + " limit; use gamma < 1, or end episodes with a terminal outcome.");
        assertThatThrownBy(() -> ValueIteration.of(mdp, -0.1, Stop.error(1e-6))).hasMessageContaining("got -0.1");
        assertThatThrownBy(() -> PolicyIteration.of(mdp, 2)).hasMessageContaining("got 2.0");
        assertThatThrownBy(() -> TruncatedPolicyIteration.of(mdp, 0.9, 0, Stop.error(1)))
                .hasMessageContaining("at least one sweep a round; got 0");
        assertThatThrownBy(() -> Stop.error(0)).hasMessageContaining("got 0.0");
        Plan cut = ValueIteration.of(mdp, 0.9, Stop.error(1e-9).atMost(5));
        assertThat(cut.converged()).isFalse();
        assertThat(cut.sweeps()).isEqualTo(5);
        // A way to earn for ever without discount, beside an end.
        FiniteMdp rich = FiniteMdp.of(1, 2, FiniteMdp.startIn(0, 1), (_, a, to) -> to.add(1, 0, 1e308, a == 0));
        assertThatThrownBy(() -> ValueIteration.of(rich, 1, Stop.change(1)))
                .isInstanceOf(ArithmeticException.class)
                .hasMessageContaining("every way to stay for ever has to cost something");
    }
}
