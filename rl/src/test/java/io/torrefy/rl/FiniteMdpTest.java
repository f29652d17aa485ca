package io.torrefy.rl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class FiniteMdpTest {
    private static FiniteMdp coin(double heads, int next, double reward) {
        return FiniteMdp.of(2, 1, FiniteMdp.startIn(0, 2), (_, _, to) -> {
            to.add(heads, next, reward, false);
            to.add(0.5, 0, 0, true);
        });
    }

    @Test
    void badModelsSayWhere() {
        assertThatThrownBy(() -> coin(0.4, 1, 1))
                .hasMessage(
                        "[mdp] expected a Markov decision process; got probabilities that sum to 0.9 in state 0 after"
                                + " action 0; probabilities that sum to 0.9 in state 1 after action 0. Hint: the outcomes of a"
                                + " state and an action are all that can happen, so their probabilities sum to one.");
        assertThatThrownBy(() -> coin(0.5, 2, 1)).hasMessageContaining("next state 2 of 2 in state 0 after action 0");
        assertThatThrownBy(() -> coin(0.5, 1, Double.POSITIVE_INFINITY)).hasMessageContaining("reward Infinity");
        assertThatThrownBy(() -> coin(Double.NaN, 1, 1)).hasMessageContaining("probability NaN");
        assertThatThrownBy(() -> coin(-0.5, 1, 1)).hasMessageContaining("probability -0.5");
        assertThatThrownBy(() -> FiniteMdp.of(1, 1, new double[] {1}, (_, _, _) -> {}))
                .hasMessageContaining("no outcome in state 0 after action 0");
        assertThatThrownBy(() -> FiniteMdp.of(1, 1, new double[] {0.5}, (_, _, to) -> to.add(1, 0, 0, true)))
                .hasMessageContaining("first states whose probabilities sum to 0.5");
        assertThatThrownBy(() -> FiniteMdp.startIn(3, 3)).hasMessageContaining("got 3");
        assertThatThrownBy(() -> FiniteMdp.of(0, 1, new double[0], (_, _, _) -> {}))
                .hasMessageContaining("0 states");
    }

    @Test
    void aUniformNumberChoosesByCumulativeProbability() {
        FiniteMdp mdp = FiniteMdp.of(3, 1, new double[] {0.25, 0, 0.75}, (_, _, to) -> {
            to.add(0.25, 0, 0, false);
            to.add(0.5, 1, 0, false);
            to.add(0.25, 2, 0, false);
        });
        assertThat(mdp.outcome(0, 0, 0)).isEqualTo(0);
        assertThat(mdp.outcome(0, 0, Math.nextDown(0.25))).isEqualTo(0);
        assertThat(mdp.outcome(0, 0, 0.25)).isEqualTo(1);
        assertThat(mdp.outcome(0, 0, 0.75)).isEqualTo(2);
        assertThat(mdp.outcome(0, 0, Math.nextDown(1.0))).isEqualTo(2);
        assertThat(mdp.first(0.2)).isEqualTo(0);
        assertThat(mdp.first(0.25)).isEqualTo(2);
    }

    @Test
    void callsOutOfOrderAndBadActionsAreRefused() {
        var env = new TableEnv(coin(0.5, 1, 1));
        assertThatThrownBy(() -> env.step(0)).isInstanceOf(IllegalStateException.class);
        env.resetTo(0);
        assertThatThrownBy(() -> env.step(1))
                .hasMessage("[env] expected an action in Discrete(1); got 1.")
                .isInstanceOf(IllegalArgumentException.class);
        while (!env.step(0).done()) {}
        assertThatThrownBy(() -> env.step(0)).hasMessageContaining("call reset()");
        assertThatThrownBy(() -> env.resetTo(2)).hasMessage("[env] expected a state in Discrete(2); got 2.");
    }
}
