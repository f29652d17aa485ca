package io.torrefy.rl.deep;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.rl.Box;
import io.torrefy.rl.Env;
import io.torrefy.rl.Space;
import io.torrefy.rl.Step;
import io.torrefy.rl.TimeLimit;
import io.torrefy.tensor.SplitMix;
import org.junit.jupiter.api.Test;

/// A linear system with a quadratic cost has a linear best policy, which Riccati's equation gives: the deterministic
/// policy gradient has to find it.
class RegulatorTest {
    private static final double A = 0.9;
    private static final double B = 0.5;
    private static final double ACTION_COST = 0.2;
    private static final double GAMMA = 0.9;

    /// x' = A x + B u pays -(x^2 + ACTION_COST u^2).
    private static final class Regulator implements Env<float[], float[]> {
        private SplitMix random = new SplitMix(0, 0);
        private double x;

        @Override
        public Space<float[]> observationSpace() {
            return Box.of(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, 1);
        }

        @Override
        public Space<float[]> actionSpace() {
            return Box.of(-2, 2, 1);
        }

        @Override
        public float[] reset(long seed) {
            random = new SplitMix(seed, 0);
            return reset();
        }

        @Override
        public float[] reset() {
            x = 2 * random.unit() - 1;
            return new float[] {(float) x};
        }

        @Override
        public Step<float[]> step(float[] action) {
            double reward = -(x * x + ACTION_COST * action[0] * action[0]);
            x = A * x + B * action[0];
            return new Step<>(new float[] {(float) x}, reward, false, false);
        }
    }

    /// P, of the best value -P x^2.
    private static double best() {
        double p = 1;
        for (int i = 0; i < 1000; i++) {
            double cross = GAMMA * A * B * p;
            p = 1 + GAMMA * A * A * p - cross * cross / (ACTION_COST + GAMMA * B * B * p);
        }
        return p;
    }

    /// The discounted return of a policy from a state.
    private static double value(Ddpg<float[]> agent, double from) {
        var system = new Regulator();
        system.x = from;
        double value = 0;
        double weight = 1;
        for (int t = 0; t < 200; t++) {
            Step<float[]> step = system.step(agent.act(new float[] {(float) system.x}));
            value += weight * step.reward();
            weight *= GAMMA;
        }
        return value;
    }

    @Test
    void theLinearRegulatorIsFound() {
        double p = best();
        for (long seed = 1; seed <= 2; seed++) {
            var settings = Ddpg.settings()
                    .seed(seed)
                    .gamma(GAMMA)
                    .hidden(32, 32)
                    .learningRate(1e-3)
                    .batchSize(64)
                    .bufferSize(20_000)
                    .learningStarts(500)
                    .explorationNoise(0.4)
                    .tau(0.02);
            try (var agent = Ddpg.of(() -> new TimeLimit<>(new Regulator(), 3), settings)) {
                agent.train(8000);
                double regret = 0;
                double all = 0;
                for (double x : new double[] {-1, -0.5, 0.5, 1}) {
                    double optimum = -p * x * x;
                    double value = value(agent, x);
                    assertThat(value).as("no policy is better").isLessThanOrEqualTo(optimum + 1e-6);
                    regret += optimum - value;
                    all -= optimum;
                }
                assertThat(regret / all).as("seed %d", seed).isLessThan(0.05);
            }
        }
    }

    @Test
    void doingNothingCostsAsMuchAgain() {
        double idle = 1 / (1 - GAMMA * A * A);
        assertThat(idle / best())
                .as("what the test above would see of a policy that learned nothing")
                .isGreaterThan(2);
    }
}
