package io.torrefy.rl.envs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.rl.Env;
import io.torrefy.rl.FiniteEnv;
import org.junit.jupiter.api.Test;

class EnvsTest {
    @Test
    void namesSpeltWrongAreAnswered() {
        assertThatThrownBy(() -> Envs.make("CartPol-v1"))
                .hasMessage(
                        "[envs] expected the id of an environment; got 'CartPol-v1'. Hint: did you mean CartPole-v1 or"
                                + " CartPole-v0?");
        assertThatThrownBy(() -> Envs.make("Taxi-v3")).hasMessageContaining("there is Taxi-v4.");
        assertThatThrownBy(() -> Envs.make("cartpole")).hasMessageContaining("there is CartPole-v0 and CartPole-v1.");
        assertThatThrownBy(() -> Envs.make("griworld")).hasMessageContaining("did you mean gridworld?");
        assertThatThrownBy(() -> Envs.make("Doom")).hasMessageContaining("there are Acrobot-v1, Blackjack-v1,");
    }

    @Test
    void whatIsAskedForHasToBeThere() {
        assertThatThrownBy(() -> Envs.finite("CartPole-v1"))
                .hasMessageContaining("expected an environment with a finite");
        assertThatThrownBy(() -> Envs.discrete("Pendulum-v1")).hasMessageContaining("expected numbered actions");
        assertThatThrownBy(() -> Envs.continuous("CartPole-v1")).hasMessageContaining("expected actions in a Box");
        assertThatThrownBy(() -> Envs.register(EnvSpec.of("gridworld", GridWorld::book)))
                .hasMessageContaining("an id that is free");
        assertThatThrownBy(() -> EnvSpec.of("my env", GridWorld::book)).hasMessageContaining("without blanks");
        assertThatThrownBy(() -> EnvSpec.of("mine", GridWorld::book).maxSteps(-1))
                .hasMessageContaining("got -1");
    }

    @Test
    void limitsAndModelsShowThroughTheWrappers() {
        Env<?, ?> lake = Envs.make("FrozenLake-v1");
        assertThat(lake.toString()).startsWith("OrderEnforcing<TimeLimit<");
        assertThat(lake.find(FiniteEnv.class).orElseThrow().states()).isEqualTo(16);
        assertThat(Envs.discrete("FrozenLake-v1").find(FrozenLake.class)).isPresent();
        assertThat(Envs.finite("Blackjack-v1").actions()).isEqualTo(2);
        assertThat(Envs.make("CartPole-v1").find(FiniteEnv.class)).isEmpty();
    }

    /// One-hot: FrozenLake starts in state 0 of 16.
    @Test
    void numberedStatesAsVectors() {
        float[] first = Envs.discrete("FrozenLake-v1").reset(1);
        assertThat(first).hasSize(16);
        assertThat(first[0]).isEqualTo(1);
    }
}
