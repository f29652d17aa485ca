package io.torrefy.rl.temporal;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.rl.Env;
import io.torrefy.rl.Step;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.TimeLimit;
import io.torrefy.rl.Wrapper;
import io.torrefy.rl.envs.CliffWalking;
import io.torrefy.rl.envs.FrozenLake;
import io.torrefy.rl.envs.GridWorld;
import io.torrefy.rl.stochastic.StepSize;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Learning while acting keeps each state's greatest value; learning from what was done looks at all of a state's
/// values every time. Both are the same algorithm, down to the bit.
class QLearningTest {
    /// Writes down what happens.
    private static final class Recorder extends Wrapper.SameSpaces<Integer, Integer> {
        private final List<int[]> steps = new ArrayList<>();
        private final List<Double> rewards = new ArrayList<>();
        private int state;

        Recorder(Env<Integer, Integer> inside) {
            super(inside);
        }

        @Override
        public Integer reset(long seed) {
            state = super.reset(seed);
            return state;
        }

        @Override
        public Integer reset() {
            state = super.reset();
            return state;
        }

        @Override
        public Step<Integer> step(Integer action) {
            Step<Integer> step = super.step(action);
            steps.add(new int[] {state, action, step.observation(), step.terminated() ? 1 : 0});
            rewards.add(step.reward());
            state = step.observation();
            return step;
        }

        Transitions transitions(int states, int actions) {
            boolean[] terminated = new boolean[steps.size()];
            for (int k = 0; k < terminated.length; k++) {
                terminated[k] = steps.get(k)[3] == 1;
            }
            return new Transitions(
                    states,
                    actions,
                    column(0),
                    column(1),
                    rewards.stream().mapToDouble(Double::doubleValue).toArray(),
                    column(2),
                    terminated);
        }

        private int[] column(int i) {
            return steps.stream().mapToInt(step -> step[i]).toArray();
        }
    }

    private static void same(Env<Integer, Integer> env, int states, int actions, TabularSettings settings) {
        var recorder = new Recorder(env);
        double[] online = QLearning.learn(recorder, settings).q().values();
        Transitions data = recorder.transitions(states, actions);
        assertThat(data.size()).isGreaterThan(1000);
        double[] offline = QLearning.learn(data, settings.gamma(), settings.alpha(), settings.initial())
                .values();
        assertThat(online).containsExactly(offline);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, 1})
    void keptMaximaChangeNoBit(double epsilon) {
        TabularSettings settings =
                TabularSettings.of(0.9).epsilon(epsilon).episodes(30).seed(4);
        for (double initial : new double[] {0, 10, -3}) {
            same(GridWorld.book(), 25, 5, settings.maxSteps(500).initial(initial));
            same(
                    new TimeLimit<>(CliffWalking.of(false), 400),
                    48,
                    4,
                    settings.initial(initial).alpha(0.5));
        }
    }

    @Test
    void norWhereChanceAndFallingStepsMoveThemDown() {
        same(
                FrozenLake.of(true),
                16,
                4,
                TabularSettings.of(0.99)
                        .epsilon(0.5)
                        .episodes(2000)
                        .initial(1)
                        .alpha(StepSize.power(1, 0.7))
                        .seed(2));
    }
}
