package io.torrefy.rl.envs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.EnvChecker;
import io.torrefy.rl.Step;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.temporal.QLearning;
import io.torrefy.tensor.SplitMix;
import org.junit.jupiter.api.Test;

class FickleTaxiTest {
    private static final int EPISODES = 5000;

    /// What happened to the destination in an episode of random driving.
    ///
    /// @param at the step, from 0, at which it changed; -1 if it did not
    /// @param moved the step that first moved the taxi with the passenger in it; -1 if none did
    private record Ride(int at, int moved, int changes, int from, int to) {}

    private static Ride ride(FickleTaxi taxi, SplitMix random) {
        int state = taxi.reset();
        int at = -1;
        int moved = -1;
        int changes = 0;
        int from = -1;
        int to = -1;
        for (int t = 0; t < 400; t++) {
            // Where it stands at the passenger it picks up, and never puts down: so that no episode ends.
            int action = random.below(5);
            Step<Integer> step = taxi.step(action);
            int next = step.observation();
            if (moved < 0 && state / 4 % 5 == 4 && state / 20 != next / 20) {
                moved = t;
            }
            if (next % 4 != state % 4) {
                at = t;
                changes++;
                from = state % 4;
                to = next % 4;
            }
            state = next;
        }
        return new Ride(at, moved, changes, from, to);
    }

    /// Gymnasium 1.3: with a chance of 0.3, at the first move with the passenger, to one of the other three alike.
    /// Bounds of four standard errors: a true law breaks one of them with a chance below 0.001.
    @Test
    void somePassengersChangeTheirMindOnce() {
        FickleTaxi taxi = FickleTaxi.of();
        taxi.reset(5);
        var random = new SplitMix(11, 0);
        int rides = 0;
        int fickle = 0;
        int[][] wishes = new int[4][4];
        for (int e = 0; e < EPISODES; e++) {
            Ride ride = ride(taxi, random);
            rides += ride.moved >= 0 ? 1 : 0;
            assertThat(ride.changes).isLessThanOrEqualTo(1);
            if (ride.changes == 1) {
                assertThat(ride.at).isEqualTo(ride.moved);
                fickle++;
                wishes[ride.from][ride.to]++;
            }
        }
        assertThat(rides).isGreaterThan(EPISODES / 2);
        assertThat((double) fickle / rides).isCloseTo(0.3, within(4 * Math.sqrt(0.21 / rides)));
        for (int from = 0; from < 4; from++) {
            int all = wishes[from][0] + wishes[from][1] + wishes[from][2] + wishes[from][3];
            for (int to = 0; to < 4; to++) {
                if (to == from) {
                    assertThat(wishes[from][to]).isZero();
                } else {
                    assertThat((double) wishes[from][to] / all)
                            .as("%d to %d", from, to)
                            .isCloseTo(1.0 / 3, within(4 * Math.sqrt(2.0 / 9 / all)));
                }
            }
        }
    }

    /// A passenger who never is fickle leaves Gymnasium's taxi, step for step; one who always is, never.
    @Test
    void withoutFickleOnesItIsTheTaxi() {
        FickleTaxi taxi = FickleTaxi.of(0.8, 0);
        Taxi plain = Taxi.of(0.8);
        assertThat(taxi.reset(3)).isEqualTo(plain.reset(3));
        var random = new SplitMix(1, 0);
        for (int t = 0; t < 5000; t++) {
            int action = random.below(6);
            Step<Integer> step = taxi.step(action);
            assertThat(step).isEqualTo(plain.step(action));
            if (step.done()) {
                assertThat(taxi.reset()).isEqualTo(plain.reset());
            }
        }
        Ride always = ride(FickleTaxi.of(1, 1), new SplitMix(2, 0));
        assertThat(always.changes).isEqualTo(always.moved >= 0 ? 1 : 0);
    }

    @Test
    void itIsAProperEnvironmentThatTablesLearnIn() {
        EnvChecker.require(FickleTaxi.of());
        var result = QLearning.learn(
                FickleTaxi.of(),
                TabularSettings.of(0.99).episodes(4000).maxSteps(200).seed(1));
        double late =
                java.util.Arrays.stream(result.returns(), 3500, 4000).average().orElseThrow();
        // Random driving earns -776 in 200 steps.
        assertThat(late).isGreaterThan(-10);
    }

    @Test
    void badChancesSaySo() {
        assertThatThrownBy(() -> FickleTaxi.of(1, 1.5)).hasMessageContaining("fickle passenger in [0, 1]; got 1.5");
        assertThatThrownBy(() -> FickleTaxi.of(0, 0.3)).hasMessageContaining("got 0.0");
    }
}
