package io.torrefy.posttrain.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LockstepTest {
    private static final ProcessScorer FLAT = (_, drafts) -> new double[drafts.size()];

    private static ScriptedPolicy policy() {
        return new ScriptedPolicy(
                List.of("", "a\n", "b\n"),
                written -> written.size() < 4 ? new double[] {0.1, 0.5, 0.4} : new double[] {1, 0, 0});
    }

    private static String solve(Policy policy, int number) {
        Search search = number % 3 == 0
                ? new Mcts(6, 1, 3, 1, 0.5, 200, "\n", FLAT)
                : number % 3 == 1 ? new BeamSearch(2, 1) : SelfConsistency.majority(3, 1);
        Session session = new Session(policy, ScriptedPolicy.task(), ScriptedPolicy.problem(), 9, number * 1000L);
        return search.solve(session).draft().text() + session.tokens();
    }

    @Test
    void togetherIsOneByOne() {
        List<String> alone = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            alone.add(solve(policy(), i));
        }
        ScriptedPolicy shared = policy();
        long[] seen = {0, 0};
        List<String> together = Lockstep.run(shared, 20, LockstepTest::solve, (over, tokens) -> {
            seen[0] = over;
            seen[1] += tokens;
        });
        assertThat(together).isEqualTo(alone);
        assertThat(seen).containsExactly(20, shared.given);
    }

    @Test
    void whatFailsIsWhatIsThrown() {
        AtomicInteger over = new AtomicInteger();
        assertThatThrownBy(() -> Lockstep.run(
                        policy(),
                        8,
                        (own, i) -> {
                            if (i == 5) {
                                throw new IllegalArgumentException("number 5");
                            }
                            return solve(own, i);
                        },
                        (done, _) -> over.set(done)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("number 5");
        assertThat(over).hasValue(8);
        ScriptedPolicy broken = new ScriptedPolicy(List.of(""), _ -> {
            throw new IllegalStateException("no model");
        });
        assertThatThrownBy(() -> Lockstep.run(broken, 3, LockstepTest::solve, (_, _) -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no model");
    }

    @Test
    void noSearchesHaveNoResults() {
        assertThat(Lockstep.run(policy(), 0, LockstepTest::solve, (_, _) -> {})).isEmpty();
    }
}
