package io.torrefy.posttrain.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.posttrain.Task;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MctsTest {
    private static final List<String> STEPS = List.of("", "a\n", "b\n");

    /// Three steps, each a or b with equal probability, and then the end.
    private static ScriptedPolicy tree() {
        return new ScriptedPolicy(
                STEPS, written -> written.size() < 3 ? new double[] {0, 0.5, 0.5} : new double[] {1, 0, 0});
    }

    /// The values of the eight leaves, aaa to bbb.
    private static ProcessScorer leaves(double... values) {
        return (_, drafts) -> drafts.stream()
                .mapToDouble(draft -> draft.open() ? 0.5 : values[number(draft.text())])
                .toArray();
    }

    private static int number(String text) {
        int number = 0;
        for (char c : text.replace("\n", "").toCharArray()) {
            number = 2 * number + (c == 'b' ? 1 : 0);
        }
        return number;
    }

    private static Mcts mcts(int n, double rollout, long budget, ProcessScorer scorer) {
        return new Mcts(n, 1.25, 8, 1, rollout, budget, "\n", scorer);
    }

    /// By hand: 0.5 + 1.25 * 0.3 * 4 / 4; 0 + 2 * 0.2 * 1 / 1 with no visit yet; 0.25 + 1 * 0.5 * sqrt(2) / 2.
    @Test
    void puctIsTheFormula() {
        assertThat(Mcts.puct(0.5, 0.3, 16, 3, 1.25)).isCloseTo(0.875, within(1e-15));
        assertThat(Mcts.puct(0, 0.2, 0, 0, 2)).isCloseTo(0.4, within(1e-15));
        assertThat(Mcts.puct(0.25, 0.5, 2, 1, 1)).isCloseTo(0.6035533905932737, within(1e-15));
        assertThat(Mcts.puct(0.7, 0.9, 100, 5, 0)).isEqualTo(0.7);
    }

    @Test
    void theBestLeafOfASmallTreeIsFound() {
        for (int best = 0; best < 8; best++) {
            double[] values = {0.1, 0.3, 0.2, 0.4, 0.35, 0.25, 0.15, 0.05};
            values[best] = 0.9;
            for (double rollout : new double[] {0, 0.5, 1}) {
                Session session = ScriptedPolicy.session(tree(), ScriptedPolicy.task(), 10);
                // 24 samples of two steps miss one of them once in eight million times.
                Solution found = new Mcts(200, 1.25, 24, 1, rollout, 0, "\n", leaves(values)).solve(session);
                assertThat(number(found.draft().text()))
                        .as("rollout %s", rollout)
                        .isEqualTo(best);
                assertThat(found.draft().end()).isEqualTo(Draft.End.STOP);
                assertThat(found.score()).isEqualTo(0.9);
            }
        }
    }

    /// A step keeps what was learned before it: no draft is scored a second time, whatever steps were taken
    /// between.
    @Test
    void theSubtreeIsReused() {
        Set<String> open = new HashSet<>();
        List<String> twice = new ArrayList<>();
        ProcessScorer watching = (_, drafts) -> {
            drafts.stream()
                    .filter(Draft::open)
                    .filter(draft -> !open.add(draft.text()))
                    .forEach(draft -> twice.add(draft.text()));
            return leaves(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8).score(null, drafts);
        };
        Session session = ScriptedPolicy.session(tree(), ScriptedPolicy.task(), 10);
        Solution found = mcts(60, 0, 0, watching).solve(session);
        assertThat(number(found.draft().text())).isEqualTo(7);
        assertThat(open).isNotEmpty();
        assertThat(twice).isEmpty();
    }

    /// A leaf of 1 cannot be bettered, so the search ends there: with rollouts alone, and a policy that cannot
    /// miss, one expansion (8 tokens) and one rollout (3).
    @Test
    void aScoreOfOneEndsTheSearch() {
        ScriptedPolicy sure = new ScriptedPolicy(
                STEPS, written -> written.size() < 3 ? new double[] {0, 0, 1} : new double[] {1, 0, 0});
        Session session = ScriptedPolicy.session(sure, ScriptedPolicy.task(), 10);
        Solution found = mcts(100, 1, 0, leaves(0, 0, 0, 0, 0, 0, 0, 1)).solve(session);
        assertThat(found.score()).isEqualTo(1);
        assertThat(session.tokens()).isEqualTo(8 + 3).isEqualTo(sure.given);
    }

    @Test
    void theBudgetIsNeverExceededAndEveryTokenIsCounted() {
        Task task = ScriptedPolicy.task("b\nb\na\n");
        for (long budget = 1; budget <= 120; budget++) {
            ScriptedPolicy policy = tree();
            Session session = ScriptedPolicy.session(policy, task, 10);
            mcts(8, 0.5, budget, new RolloutScorer(3, 1)).solve(session);
            assertThat(session.tokens())
                    .as("budget %d", budget)
                    .isLessThanOrEqualTo(budget)
                    .isEqualTo(policy.given);
        }
    }

    @Test
    void theSameSeedGivesTheSameTree() {
        Mcts search = mcts(20, 0.5, 300, leaves(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8));
        Session one = ScriptedPolicy.session(tree(), ScriptedPolicy.task(), 10);
        Session other = ScriptedPolicy.session(tree(), ScriptedPolicy.task(), 10);
        assertThat(search.solve(one).draft().ids())
                .containsExactly(search.solve(other).draft().ids());
        assertThat(one.tokens()).isEqualTo(other.tokens());
    }

    @Test
    void optionsThatCannotBeAreRefused() {
        ProcessScorer any = leaves();
        assertThatThrownBy(() -> mcts(0, 0, 0, any)).hasMessageContaining("n, the root's visits");
        assertThatThrownBy(() -> mcts(1, 2, 0, any)).hasMessageContaining("rollout");
        assertThatThrownBy(() -> mcts(1, 0, -1, any)).hasMessageContaining("budget");
        assertThatThrownBy(() -> new Mcts(1, 1, 1, 0, 0, 0, "\n", any)).hasMessageContaining("temperature");
    }
}
