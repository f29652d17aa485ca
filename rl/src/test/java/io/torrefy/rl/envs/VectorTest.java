package io.torrefy.rl.envs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.rl.Env;
import io.torrefy.rl.SlotVectorEnv;
import io.torrefy.rl.Step;
import io.torrefy.rl.VectorEnv;
import io.torrefy.tensor.SplitMix;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VectorTest {
    /// The law of vector environments: slot i is an environment by itself under seed + i, bit for bit; one that is
    /// done goes on with its next episode, and its last observation is kept.
    private static void assertSlotsAreEnvs(VectorEnv<int[]> vector, String id, int steps, long seed) {
        int n = vector.count();
        int size = vector.observationSpace().size();
        @SuppressWarnings({"unchecked", "rawtypes"})
        Env<float[], Integer>[] alone = new Env[n];
        vector.reset(seed);
        for (int i = 0; i < n; i++) {
            alone[i] = Envs.discrete(id);
            assertThat(row(vector.observations(), i, size)).containsExactly(alone[i].reset(seed + i));
        }
        int actions = alone[0].actionSpace().flatSize();
        var random = new SplitMix(seed, 99);
        int ends = 0;
        for (int t = 0; t < steps; t++) {
            int[] action = new int[n];
            // Slot 0 balances, where that is how to reach the limit on time.
            Arrays.setAll(
                    action, i -> i == 0 && id.startsWith("CartPole") ? balance(vector, size) : random.below(actions));
            vector.step(action);
            for (int i = 0; i < n; i++) {
                Step<float[]> step = alone[i].step(action[i]);
                assertThat(row(vector.finalObservations(), i, size)).containsExactly(step.observation());
                assertThat(vector.rewards()[i]).isEqualTo((float) step.reward());
                assertThat(vector.terminated()[i]).isEqualTo(step.terminated());
                assertThat(vector.truncated()[i]).isEqualTo(step.truncated());
                float[] next = step.done() ? alone[i].reset() : step.observation();
                assertThat(row(vector.observations(), i, size)).containsExactly(next);
                ends += step.done() ? 1 : 0;
            }
        }
        assertThat(ends).as("episodes that ended").isPositive();
    }

    /// A policy of two lines that holds a pole up for long.
    private static int balance(VectorEnv<int[]> vector, int size) {
        float[] o = row(vector.observations(), 0, size);
        return o[2] + 0.5 * o[3] + 0.02 * o[0] + 0.05 * o[1] > 0 ? 1 : 0;
    }

    private static float[] row(float[] rows, int i, int size) {
        return Arrays.copyOfRange(rows, i * size, (i + 1) * size);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 9, 16, 35})
    void columnsAreCartPoles(int slots) {
        VectorEnv<int[]> columns = Envs.vector("CartPole-v1", slots);
        assertThat(columns).isInstanceOf(CartPoleVector.class);
        assertSlotsAreEnvs(columns, "CartPole-v1", 1100, 5 + slots);
    }

    @Test
    void columnsTruncate() {
        VectorEnv<int[]> columns = Envs.vector("CartPole-v1", 1);
        columns.reset(1);
        int length = 0;
        do {
            columns.step(new int[] {balance(columns, 4)});
            length++;
        } while (!columns.done(0));
        assertThat(length).isEqualTo(500);
        assertThat(columns.truncated()[0]).isTrue();
        assertThat(columns.terminated()[0]).isFalse();
    }

    @Test
    void shortEpisodesTruncateInEverySlot() {
        VectorEnv<int[]> three = new CartPoleVector(9, 3);
        three.reset(4);
        for (int t = 1; t <= 12; t++) {
            three.step(new int[9]);
            for (int i = 0; i < 9; i++) {
                assertThat(three.truncated()[i]).isEqualTo(t % 3 == 0);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"CartPole-v0", "MountainCar-v0", "Acrobot-v1", "FrozenLake-v1", "Blackjack-v1"})
    void slotsOnAnyNumberOfThreads(String id) {
        for (int threads : new int[] {1, 3}) {
            try (VectorEnv<int[]> slots = SlotVectorEnv.discrete(() -> Envs.discrete(id), 37, threads)) {
                assertSlotsAreEnvs(slots, id, 510, 11);
            }
        }
    }

    @Test
    void vectorsOfForces() {
        try (VectorEnv<float[]> pendulums = Envs.continuousVector("Pendulum-v1", 3)) {
            pendulums.reset(2);
            Env<float[], float[]> second = Envs.continuous("Pendulum-v1");
            assertThat(row(pendulums.observations(), 1, 3)).containsExactly(second.reset(3));
            for (int t = 1; t <= 200; t++) {
                pendulums.step(new float[] {0, 1.5f, -2});
                Step<float[]> step = second.step(new float[] {1.5f});
                assertThat(row(pendulums.finalObservations(), 1, 3)).containsExactly(step.observation());
                assertThat(pendulums.truncated()[1]).isEqualTo(t == 200);
            }
        }
    }

    @Test
    void badCallsNameTheSlot() {
        VectorEnv<int[]> columns = Envs.vector("CartPole-v1", 3);
        assertThatThrownBy(() -> columns.step(new int[3])).isInstanceOf(IllegalStateException.class);
        columns.reset(0);
        assertThatThrownBy(() -> columns.step(new int[2]))
                .hasMessageContaining("expected 3 actions, one a slot; got 2");
        assertThatThrownBy(() -> columns.step(new int[] {0, 1, 2}))
                .hasMessage("[cartpole] expected an action for slot 2 in Discrete(2); got 2.");
        assertThatThrownBy(() -> columns.step(new int[] {0, -1, 1})).hasMessageContaining("slot 1");
        VectorEnv<int[]> slots = SlotVectorEnv.discrete(() -> Envs.discrete("MountainCar-v0"), 2, 1);
        slots.reset(0);
        assertThatThrownBy(() -> slots.step(new int[] {0, 3}))
                .hasMessage("[vector] expected an action for slot 1 in Discrete(3); got 3.");
        assertThatThrownBy(() -> slots.step(new int[3])).hasMessageContaining("expected 2 actions for 2 slots; got 3");
        assertThatThrownBy(() -> SlotVectorEnv.discrete(() -> Envs.discrete("MountainCar-v0"), 0, 1))
                .hasMessageContaining("at least one slot");
        assertThatThrownBy(() -> new CartPoleVector(0, 1)).hasMessageContaining("at least one slot");
    }
}
