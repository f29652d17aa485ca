package io.torrefy.rl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.rl.EnvChecker.Finding;
import io.torrefy.rl.envs.Envs;
import io.torrefy.tensor.SplitMix;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class EnvCheckerTest {
    @Test
    void whatIsRegisteredKeepsItsContract() {
        for (String id : Envs.ids()) {
            assertThatCode(() -> EnvChecker.require(Envs.make(id))).as(id).doesNotThrowAnyException();
        }
        assertThat(EnvChecker.check(Envs.make("CartPole-v1"))).isEmpty();
        assertThat(EnvChecker.check(Envs.make("FrozenLake-v1"))).isEmpty();
    }

    /// Known peculiarities of Gymnasium's, and the book's world that never ends.
    @Test
    void whatSurprisesIsAWarning() {
        assertThat(EnvChecker.check(Envs.make("CliffWalking-v1")))
                .extracting(Finding::text)
                .containsExactly("10 of 48 states cannot be reached from the start, such as 37: their values mean"
                        + " nothing to an agent");
        assertThat(EnvChecker.check(Envs.make("gridworld")))
                .extracting(Finding::rule)
                .containsExactly("endless");
        assertThat(EnvChecker.check(Envs.make("Pendulum-v1")))
                .extracting(Finding::text)
                .containsExactly("number 0 is in [-2.0, 2.0], where learners expect [-1, 1]. Hint:"
                        + " TransformAction.rescale(env)");
    }

    /// A coin that is wrong in one way at a time.
    private static class Coin implements Env<float[], Integer> {
        SplitMix random = new SplitMix(0, 0);
        int step;
        final float[] shared = new float[1];

        float[] seen(double x) {
            return new float[] {(float) x};
        }

        double reward() {
            return 1;
        }

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
            random = new SplitMix(seed, 0);
            return reset();
        }

        @Override
        public float[] reset() {
            step = 0;
            return seen(random.unit());
        }

        @Override
        public Step<float[]> step(Integer action) {
            if (step >= 5) {
                throw new IllegalStateException("over");
            }
            step++;
            return new Step<>(seen(random.unit()), reward(), step == 5, false);
        }
    }

    private static List<String> rules(Env<?, ?> env) {
        return EnvChecker.check(env).stream()
                .filter(Finding::error)
                .map(Finding::rule)
                .toList();
    }

    @Test
    void eachMistakeIsFound() {
        assertThat(EnvChecker.check(new Coin())).isEmpty();
        assertThat(rules(new Coin() {
                    @Override
                    public float[] reset(long seed) {
                        return reset();
                    }
                }))
                .contains("same-seed");
        assertThat(rules(new Coin() {
                    @Override
                    float[] seen(double x) {
                        return new float[] {(float) x + 1};
                    }
                }))
                .containsExactly("observation", "observation");
        assertThat(rules(new Coin() {
                    @Override
                    double reward() {
                        return Double.NaN;
                    }
                }))
                .containsExactly("reward");
        assertThat(rules(new Coin() {
                    @Override
                    float[] seen(double x) {
                        shared[0] = (float) x;
                        return shared;
                    }
                }))
                .contains("owned");
        assertThat(rules(new Coin() {
                    @Override
                    public void close() {
                        step++;
                        if (step > 5) {
                            throw new IllegalStateException("closed");
                        }
                    }
                }))
                .containsExactly("close");
        assertThat(rules(new Coin() {
                    @Override
                    public Step<float[]> step(Integer action) {
                        throw new IndexOutOfBoundsException("7");
                    }
                }))
                .containsExactly("fails");
        assertThat(EnvChecker.check(new Scripted(Collections.nCopies(9000, new float[] {1}), new double[9000], 4)))
                .extracting(Finding::toString)
                .anyMatch(text -> text.startsWith("warning order: a step after the end"));
    }

    /// A walk whose model lies.
    private static FiniteEnv lying(FiniteMdp truth, FiniteMdp told) {
        var env = new TableEnv(truth);
        return new FiniteEnv() {
            @Override
            public int states() {
                return env.states();
            }

            @Override
            public int actions() {
                return env.actions();
            }

            @Override
            public FiniteMdp mdp() {
                return told;
            }

            @Override
            public Integer resetTo(int state) {
                return env.resetTo(state);
            }

            @Override
            public Space<Integer> observationSpace() {
                return env.observationSpace();
            }

            @Override
            public Space<Integer> actionSpace() {
                return env.actionSpace();
            }

            @Override
            public Integer reset(long seed) {
                return env.reset(seed);
            }

            @Override
            public Integer reset() {
                return env.reset();
            }

            @Override
            public Step<Integer> step(Integer action) {
                return env.step(action);
            }
        };
    }

    private static FiniteMdp coin(double heads, double reward, double first) {
        return FiniteMdp.of(2, 1, new double[] {first, 1 - first}, (_, _, to) -> {
            to.add(heads, 0, reward, false);
            to.add(1 - heads, 1, 0, true);
        });
    }

    @Test
    void aModelThatLiesIsFound() {
        FiniteMdp truth = coin(0.5, 1, 0.5);
        assertThat(rules(lying(truth, truth))).isEmpty();
        assertThat(EnvChecker.check(lying(truth, coin(0.8, 1, 0.5))).getFirst().toString())
                .startsWith("error model: action 0 in state 0 led to state 0 in ")
                .endsWith("of 400 tries, where the model says 0.8");
        assertThat(EnvChecker.check(lying(truth, coin(0.5, 2, 0.5))).getFirst().toString())
                .contains("with reward 1.0, which the model does not have");
        assertThat(rules(lying(truth, coin(0.5, 1, 0.9)))).contains("start");
        assertThatThrownBy(() -> EnvChecker.require(lying(truth, coin(0.8, 1, 0.5))))
                .hasMessageContaining("[check] expected an environment that keeps its contract; got model: action 0");
    }
}
