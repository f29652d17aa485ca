package io.torrefy.rl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.EpisodeStatistics.Episode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WrappersTest {
    private static final List<float[]> SEEN = List.of(
            new float[] {1, 10},
            new float[] {2, -4},
            new float[] {0.5f, 3},
            new float[] {-1, 7},
            new float[] {4, 0.25f},
            new float[] {2, 2});
    private static final double[] REWARDS = {1, -2, 0.5, 3, 0.25};

    @Test
    void aLimitTruncatesAndDoesNotTerminate() {
        var env = new OrderEnforcing<>(new TimeLimit<>(Scripted.rewards(REWARDS), 3));
        assertThatThrownBy(() -> env.step(0)).isInstanceOf(IllegalStateException.class);
        for (int episode = 0; episode < 2; episode++) {
            env.reset();
            assertThat(env.step(0).done()).isFalse();
            assertThat(env.step(0).done()).isFalse();
            Step<float[]> last = env.step(0);
            assertThat(last.truncated()).isTrue();
            assertThat(last.terminated()).isFalse();
            assertThatThrownBy(() -> env.step(0)).hasMessageContaining("after each step that is done()");
        }
        assertThatThrownBy(() -> new TimeLimit<>(Scripted.rewards(REWARDS), 0)).hasMessageContaining("got 0");
    }

    @Test
    void theLastAllowedStepMayTerminateToo() {
        var env = new TimeLimit<>(new Scripted(SEEN, REWARDS, 2), 3);
        env.reset();
        env.step(0);
        env.step(0);
        assertThat(env.step(0)).matches(Step::terminated).matches(Step::truncated);
    }

    @Test
    void statisticsAreOfWholeEpisodes() {
        var env = new RecordEpisodeStatistics<>(new Scripted(SEEN, REWARDS, 3), 2);
        assertThat(env.statistics().meanReturn()).isNaN();
        for (int episode = 0; episode < 3; episode++) {
            env.reset();
            while (!env.step(0).done()) {}
        }
        env.reset();
        env.step(0);
        assertThat(env.statistics().count()).isEqualTo(3);
        assertThat(env.statistics().last()).containsExactly(new Episode(2.5, 4), new Episode(2.5, 4));
        assertThat(env.statistics().meanReturn()).isEqualTo(2.5);
        assertThat(env.statistics().meanLength()).isEqualTo(4);
        assertThatThrownBy(() -> new EpisodeStatistics(0)).hasMessageContaining("got 0");
    }

    /// Gymnasium 1.3's wrapper on the same observations; it keeps its moments in floats, hence the tolerance.
    @Test
    void observationsAsGymnasiumNormalizesThem() {
        var env = new NormalizeObservation<>(new Scripted(SEEN, REWARDS, -1));
        List<float[]> theirs = List.of(
                new float[] {0.007072594948112965f, 0.009955381043255329f},
                new float[] {0.9998499751091003f, -0.9999983906745911f},
                new float[] {-1.068892240524292f, 1.756203346303664e-05f},
                new float[] {-1.5010926723480225f, 0.5720994472503662f},
                new float[] {1.6252250671386719f, -0.6091976165771484f},
                new float[] {0.3790857791900635f, -0.23047542572021484f});
        assertThat(env.reset()).containsExactly(theirs.get(0), within(1e-4f));
        for (int i = 1; i < 5; i++) {
            assertThat(env.step(0).observation()).containsExactly(theirs.get(i), within(1e-4f));
        }
        assertThat(env.step(0).observation()).containsExactly(theirs.get(5), within(1e-4f));
        env.freeze(true);
        assertThat(env.reset()).containsExactly(env.reset());
    }

    /// Gymnasium 1.3's wrapper on the same rewards, of which the third ends an episode.
    @Test
    void rewardsAsGymnasiumNormalizesThem() {
        var env = new NormalizeReward<>(new Scripted(SEEN, new double[] {1, -2, 0.5, 3, 0.25}, 2), 0.9);
        double[] theirs = {
            70.71421321062337, -1.9047662151156022, 0.5582396923246904, 1.8379674552459524, 0.14321475891012367
        };
        env.reset();
        for (double expected : theirs) {
            assertThat(env.step(0).reward()).isCloseTo(expected, within(1e-9));
        }
        assertThatThrownBy(() -> new NormalizeReward<>(Scripted.rewards(1), 1.5))
                .hasMessageContaining("got 1.5");
    }

    @Test
    void rewardsThroughAFunction() {
        var env = new TransformReward<>(Scripted.rewards(3, -1), r -> 2 * r);
        env.reset();
        assertThat(env.step(0).reward()).isEqualTo(6);
        assertThat(env.step(0).reward()).isEqualTo(-2);
    }

    /// Keeps the actions that it is given.
    private static final class Forces implements Env<float[], float[]> {
        final List<float[]> taken = new ArrayList<>();

        @Override
        public Space<float[]> observationSpace() {
            return Box.of(0, 1, 1);
        }

        @Override
        public Space<float[]> actionSpace() {
            return Box.of(new float[] {-2, 0}, new float[] {2, 10});
        }

        @Override
        public float[] reset(long seed) {
            return new float[1];
        }

        @Override
        public float[] reset() {
            return new float[1];
        }

        @Override
        public Step<float[]> step(float[] action) {
            actionSpace().require("forces", "an action", action);
            taken.add(action);
            return new Step<>(new float[1], 0, false, false);
        }
    }

    @Test
    void actionsClippedStretchedAndChosen() {
        var forces = new Forces();
        TransformAction.clip(forces).step(new float[] {-5, 3});
        TransformAction.rescale(forces).step(new float[] {-1, 1});
        TransformAction.rescale(forces).step(new float[] {0.5f, 0});
        TransformAction.choice(forces, new float[] {1, 1}, new float[] {-1, 2}).step(1);
        assertThat(forces.taken)
                .containsExactly(new float[] {-2, 3}, new float[] {-2, 10}, new float[] {1, 5}, new float[] {-1, 2});
        assertThatThrownBy(() -> TransformAction.rescale(forces).step(new float[] {2, 0}))
                .hasMessageContaining("got 2.0 at 0");
        assertThatThrownBy(() -> TransformAction.clip(forces).step(new float[] {Float.NaN, 0}))
                .hasMessageContaining("got NaN at 0");
        assertThatThrownBy(() -> TransformAction.choice(forces, new float[] {3, 0}))
                .hasMessage("[choice] expected an action in Box([-2.0, 0.0], [2.0, 10.0]); got 3.0 at 0.");
    }
}
