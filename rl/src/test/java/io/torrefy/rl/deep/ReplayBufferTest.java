package io.torrefy.rl.deep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.tensor.SplitMix;
import org.junit.jupiter.api.Test;

class ReplayBufferTest {
    /// Step i: from (i, -i) to (i + 1, -i - 1) by action 2 i, paid 10 i; every third ends.
    private static ReplayBuffer filled(int capacity, int steps) {
        var buffer = new ReplayBuffer(capacity, 2, 1);
        for (int i = 0; i < steps; i++) {
            buffer.add(
                    new float[] {9, i, -i},
                    new float[] {9, i + 1, -i - 1},
                    1,
                    new float[] {2 * i},
                    0,
                    10 * i,
                    i % 3 == 0);
        }
        return buffer;
    }

    @Test
    void whatIsDrawnBelongsTogether() {
        ReplayBuffer.Batch batch = filled(50, 20).sample(200, new SplitMix(1, 0));
        for (int k = 0; k < 200; k++) {
            float i = batch.observations()[2 * k];
            assertThat(batch.observations()[2 * k + 1]).isEqualTo(-i);
            assertThat(batch.next()[2 * k]).isEqualTo(i + 1);
            assertThat(batch.next()[2 * k + 1]).isEqualTo(-i - 1);
            assertThat(batch.actions()[k]).isEqualTo(2 * i);
            assertThat(batch.rewards()[k]).isEqualTo(10 * i);
            assertThat(batch.terminated()[k]).isEqualTo(i % 3 == 0 ? 1 : 0);
        }
    }

    /// 10 000 draws of ten kept steps: chi-square of 9 degrees of freedom is below 27.88 with probability 0.999.
    @Test
    void theLastOnesAreDrawnEvenly() {
        ReplayBuffer buffer = filled(10, 37);
        assertThat(buffer.count()).isEqualTo(10);
        int[] drawn = new int[37];
        ReplayBuffer.Batch batch = buffer.sample(10_000, new SplitMix(5, 0));
        for (int k = 0; k < 10_000; k++) {
            drawn[(int) batch.observations()[2 * k]]++;
        }
        double chiSquare = 0;
        for (int i = 0; i < 37; i++) {
            if (i < 27) {
                assertThat(drawn[i]).as("step %d was overwritten", i).isZero();
            } else {
                chiSquare += (drawn[i] - 1000.0) * (drawn[i] - 1000.0) / 1000;
            }
        }
        assertThat(chiSquare).isLessThan(27.88);
    }

    @Test
    void mistakesAreNamed() {
        assertThatThrownBy(() -> new ReplayBuffer(10, 2, 1).sample(1, new SplitMix(0, 0)))
                .hasMessageContaining("got an empty buffer");
        assertThatThrownBy(() -> new ReplayBuffer(0, 2, 1)).hasMessageContaining("capacity of at least 1; got 0");
        assertThatThrownBy(() -> filled(10, 3).require(4, 1))
                .hasMessage("[replay] expected observations of 4 and actions of 1 floats; got 2 and 1.");
    }
}
