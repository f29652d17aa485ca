package io.torrefy.rl.temporal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.Exploration;
import io.torrefy.rl.TableEnv;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.envs.CliffWalking;
import io.torrefy.rl.envs.FrozenLake;
import io.torrefy.rl.envs.Taxi;
import io.torrefy.rl.planning.PolicyEvaluation;
import io.torrefy.rl.planning.Stop;
import io.torrefy.rl.stochastic.StepSize;
import org.junit.jupiter.api.Test;

/// Gymnasium's toy texts learned to their known optima. Judged by the exact value of the greedy policy within the limit
/// of steps: the return while exploring is far less.
class ToyTextLearningTest {
    private static double worth(TableEnv env, TabularResult result, int limit) {
        double[] v = PolicyEvaluation.of(env.mdp(), result.policy(), 1, Stop.sweeps(limit))
                .values();
        double sum = 0;
        for (int s = 0; s < v.length; s++) {
            sum += env.mdp().start()[s] * v[s];
        }
        return sum;
    }

    @Test
    void frozenLake() {
        FrozenLake env = FrozenLake.of(true);
        for (int seed = 0; seed < 5; seed++) {
            TabularResult result = QLearning.learn(
                    env,
                    TabularSettings.of(0.99)
                            .alpha(StepSize.atLeast(0.01, StepSize.power(1, 0.7)))
                            .epsilon(Exploration.linear(1, 0.1, 0.5))
                            .episodes(50_000)
                            .maxSteps(100)
                            .seed(seed));
            assertThat(worth(env, result, 100)).as("seed %d", seed).isCloseTo(.7402, within(5e-5));
            assertThat(result.warnings()).isEmpty();
        }
    }

    @Test
    void frozenLakeThatDoesNotSlip() {
        FrozenLake env = FrozenLake.of(false);
        for (int seed = 0; seed < 5; seed++) {
            TabularSettings settings = TabularSettings.of(0.95)
                    .alpha(0.8)
                    .episodes(1000)
                    .maxSteps(100)
                    .seed(seed);
            assertThat(worth(env, QLearning.learn(env, settings), 100))
                    .as("seed %d", seed)
                    .isEqualTo(1);
        }
    }

    /// The optimum is 7.93. Others' five seeds came to it but for one at 7.9233.
    @Test
    void taxi() {
        Taxi env = Taxi.of();
        for (int seed = 0; seed < 5; seed++) {
            TabularSettings settings =
                    TabularSettings.of(0.99).episodes(5000).maxSteps(200).seed(seed);
            assertThat(worth(env, QLearning.learn(env, settings), 200))
                    .as("seed %d", seed)
                    .isBetween(7.85, 7.9300001);
        }
    }

    /// The way along the edge: -13, and the safe one of Sarsa: -17 once it hardly explores any more.
    @Test
    void cliffWalking() {
        CliffWalking env = CliffWalking.of(false);
        for (int seed = 0; seed < 5; seed++) {
            TabularSettings settings =
                    TabularSettings.of(1).alpha(0.5).episodes(500).seed(seed);
            assertThat(worth(env, QLearning.learn(env, settings), 100))
                    .as("seed %d", seed)
                    .isEqualTo(-13);
        }
        for (int seed = 0; seed < 5; seed++) {
            TabularSettings settings = TabularSettings.of(1)
                    .alpha(0.1)
                    .epsilon(Exploration.linear(1, 0.001, 1))
                    .episodes(2000)
                    .seed(seed);
            assertThat(worth(env, Sarsa.learn(env, settings), 100))
                    .as("seed %d", seed)
                    .isEqualTo(-17);
        }
    }
}
