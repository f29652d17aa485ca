package io.torrefy.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ClassicControlTest {
    /// Gymnasium calls CartPole-v1 solved at a mean return of 475 over 100 episodes; 500 000 steps is what
    /// CleanRL's published runs take. Without exploring, 100 episodes have to be as good.
    @Test
    void ppoSolvesCartPoleWithinThePublishedBudget() {
        ClassicControl.Result result = ClassicControl.run("ppo", "CartPole-v1", 3, false);
        assertThat(result.solved()).as("%s", result).isTrue();
        assertThat(result.greedy().meanReturn()).as("%s", result).isGreaterThanOrEqualTo(475);
    }

    @Test
    void unknownNamesAreAnswered() {
        assertThatThrownBy(() -> ClassicControl.run("sac", "CartPole-v1", 1, false))
                .hasMessageContaining("got 'sac'");
        assertThatThrownBy(() -> ClassicControl.run("ppo", "Taxi-v4", 1, false))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
