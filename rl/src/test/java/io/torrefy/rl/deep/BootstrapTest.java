package io.torrefy.rl.deep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.Box;
import io.torrefy.rl.Discrete;
import io.torrefy.rl.Env;
import io.torrefy.rl.Space;
import io.torrefy.rl.Step;
import io.torrefy.rl.TimeLimit;
import org.junit.jupiter.api.Test;

/// A state that pays 1 at every step is worth 1 / (1 - gamma) = 5 if a limit on time is all that ends it, and 1 if the
/// first step ends it for good. Whoever bootstraps from neither learns (1 - 0.8^3) / 0.2 = 2.44 at most of the first.
class BootstrapTest {
    private record Paying(boolean terminates) implements Env<float[], Integer> {
        @Override
        public Space<float[]> observationSpace() {
            return Box.of(0, 1, 1);
        }

        @Override
        public Space<Integer> actionSpace() {
            return Discrete.of(2);
        }

        @Override
        public float[] reset(long seed) {
            return reset();
        }

        @Override
        public float[] reset() {
            return new float[] {1};
        }

        @Override
        public Step<float[]> step(Integer action) {
            return new Step<>(reset(), 1, terminates, false);
        }
    }

    private static Env<float[], Integer> cut() {
        return new TimeLimit<>(new Paying(false), 3);
    }

    private static Env<float[], Integer> ended() {
        return new TimeLimit<>(new Paying(true), 3);
    }

    private static double dqn(Env<float[], Integer> env) {
        var settings = Dqn.settings()
                .gamma(0.8)
                .hidden(8)
                .learningRate(0.01)
                .learningStarts(32)
                .batchSize(32)
                .trainEvery(1)
                .targetEvery(20);
        try (var agent = Dqn.of(() -> env, settings)) {
            agent.train(3000);
            return agent.actionValues(new float[] {1})[0];
        }
    }

    private static double a2c(Env<float[], Integer> env) {
        try (var agent = A2c.of(
                () -> env, A2c.settings().environments(1).gamma(0.8).hidden(8).learningRate(3e-3))) {
            agent.train(15_000);
            return agent.value(new float[] {1});
        }
    }

    private static double ppo(Env<float[], Integer> env) {
        var settings = Ppo.settings()
                .environments(1)
                .gamma(0.8)
                .hidden(8)
                .learningRate(3e-3)
                .annealSteps(60_000);
        try (var agent = Ppo.of(() -> env, settings)) {
            agent.train(60_000);
            return agent.value(new float[] {1});
        }
    }

    private static double qac(Env<float[], Integer> env) {
        try (var agent =
                Qac.of(() -> env, Qac.settings().environments(1).gamma(0.8).hidden(8))) {
            agent.train(6000);
            return agent.actionValues(new float[] {1})[0];
        }
    }

    private static double offPolicy(Env<float[], Integer> env) {
        var settings =
                OffPolicyActorCritic.settings().environments(1).gamma(0.8).hidden(8);
        try (var agent = OffPolicyActorCritic.of(() -> env, Behavior.UNIFORM, settings)) {
            agent.train(6000);
            return agent.value(new float[] {1});
        }
    }

    @Test
    void aLimitOnTimeTakesNothingFromAValue() {
        assertThat(dqn(cut())).as("dqn").isCloseTo(5, within(0.15));
        assertThat(a2c(cut())).as("a2c").isCloseTo(5, within(0.15));
        assertThat(ppo(cut())).as("ppo").isCloseTo(5, within(0.15));
        assertThat(qac(cut())).as("qac").isCloseTo(5, within(0.15));
        assertThat(offPolicy(cut())).as("off policy").isCloseTo(5, within(0.15));
    }

    @Test
    void nothingIsBootstrappedFromATerminalState() {
        assertThat(dqn(ended())).as("dqn").isCloseTo(1, within(0.05));
        assertThat(a2c(ended())).as("a2c").isCloseTo(1, within(0.05));
        assertThat(ppo(ended())).as("ppo").isCloseTo(1, within(0.05));
        assertThat(qac(ended())).as("qac").isCloseTo(1, within(0.05));
        assertThat(offPolicy(ended())).as("off policy").isCloseTo(1, within(0.05));
    }
}
