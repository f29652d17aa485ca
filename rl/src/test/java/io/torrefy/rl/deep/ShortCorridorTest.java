package io.torrefy.rl.deep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.Box;
import io.torrefy.rl.Discrete;
import io.torrefy.rl.Env;
import io.torrefy.rl.Space;
import io.torrefy.rl.Step;
import io.torrefy.rl.TimeLimit;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Sutton and Barto, example 13.1: three states that look the same, in the second of which the actions are swapped.
/// Going right with probability p is worth `(2p - 4) / (p (1 - p))`, at most -11.657 at p = 2 - sqrt(2); a greedy
/// policy never arrives.
class ShortCorridorTest {
    private static final class Corridor implements Env<float[], Integer> {
        private int state;

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
            state = 0;
            return new float[] {1};
        }

        @Override
        public Step<float[]> step(Integer action) {
            boolean right = action == 1 ^ state == 1;
            state = Math.max(0, state + (right ? 1 : -1));
            return new Step<>(new float[] {1}, -1, state == 3, false);
        }
    }

    private static double worth(double p) {
        return (2 * p - 4) / (p * (1 - p));
    }

    /// From where a policy is worth -82 (p = 0.05) or -44 (p = 0.95).
    @ParameterizedTest
    @CsvSource({"true, 0.05", "true, 0.95", "false, 0.05", "false, 0.95"})
    void aStochasticPolicyIsFound(boolean baseline, double from) {
        assertThat(worth(2 - Math.sqrt(2))).isCloseTo(-11.65685, within(1e-5));
        for (long seed = 1; seed <= 3; seed++) {
            var settings = Reinforce.settings()
                    .seed(seed)
                    .gamma(1)
                    .hidden()
                    .learningRate(0.003)
                    .baselineLearningRate(0.1)
                    .baseline(baseline);
            try (var agent = Reinforce.of(() -> new TimeLimit<>(new Corridor(), 1000), settings)) {
                begin(agent, from);
                for (int episode = 0; episode < 6000; episode++) {
                    agent.train(agent.steps() + 1);
                }
                double p = agent.probabilities(new float[] {1})[1];
                assertThat(worth(p)).as("p = %s, seed %d", p, seed).isCloseTo(-11.65685, within(0.3));
            }
        }
    }

    private static void begin(Reinforce<float[]> agent, double p) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            float right = (float) Math.log(p / (1 - p));
            agent.actor.namedParameters().get("0.bias").copyFrom(Tensor.of(new float[] {0, right}));
        }
    }
}
