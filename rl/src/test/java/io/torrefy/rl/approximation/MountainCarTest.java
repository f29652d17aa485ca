package io.torrefy.rl.approximation;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.rl.envs.MountainCar;
import org.junit.jupiter.api.Test;

/// Sutton and Barto, section 10.1: eight tilings of 8 x 8, a step size of 0.5 / 8, no exploration but what optimistic
/// values of 0 make. Figure 10.2 comes down to 120 steps an episode and below; no policy needs fewer than 83 from the
/// bottom.
class MountainCarTest {
    private static double lastHundred(boolean sarsa, long seed) {
        var q = new ActionValues(TileCoding.of(8, 8, new double[] {-1.2, -0.07}, new double[] {0.6, 0.07}), 3);
        var settings = new LinearSettings(0.5 / 8, 1, 0, 10_000);
        var car = new MountainCar();
        var byName = new LinearSarsa<float[]>(car, MountainCarTest::state, q, settings, seed);
        var greedy = new LinearQLearning<float[]>(car, MountainCarTest::state, q, settings, seed);
        double steps = 0;
        for (int episode = 0; episode < 500; episode++) {
            LinearEpisode done = sarsa ? byName.episode() : greedy.episode();
            assertThat(done.sum()).isEqualTo(-done.steps());
            steps += episode < 400 ? 0 : done.steps();
        }
        return steps / 100;
    }

    private static double[] state(float[] observation) {
        return new double[] {observation[0], observation[1]};
    }

    @Test
    void sarsaComesDownToThePublishedSteps() {
        double sum = 0;
        for (long seed = 1; seed <= 10; seed++) {
            sum += lastHundred(true, seed);
        }
        assertThat(sum / 10).isBetween(83.0, 125.0);
    }

    @Test
    void qLearningDoesToo() {
        double sum = 0;
        for (long seed = 1; seed <= 10; seed++) {
            sum += lastHundred(false, seed);
        }
        assertThat(sum / 10).isBetween(83.0, 125.0);
    }
}
