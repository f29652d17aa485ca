package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.lm.CausalLm;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.MemoryStats;
import org.junit.jupiter.api.Test;

/// A run of days takes the memory of its first minute.
class GrpoMemoryTest {
    private static final int WARM_UP = 100;
    private static final int STEPS = 400;
    private static final long MEBIBYTE = 1 << 20;

    @Test
    void hundredsOfStepsTakeTheMemoryOfTheFirstHundred() {
        Rewards even = Rewards.of("even", (_, text) -> TinyBase.even(text) ? 1 : 0);
        try (CausalLm policy = TinyBase.model(3);
                CausalLm reference = TinyBase.model(3);
                Grpo grpo = Grpo.of(policy, reference, TinyBase.tokenizer(), Countdown.standard(), even, options())) {
            // Other tests' tensors that the collector is still to free.
            System.gc();
            Memory.resetPeak();
            run(grpo, 0, WARM_UP);
            MemoryStats before = Memory.stats();
            long heap = heapInUse();
            Memory.resetPeak();
            run(grpo, WARM_UP, STEPS);
            MemoryStats after = Memory.stats();
            assertThat(after.allocations())
                    .as("the steps did allocate")
                    .isGreaterThan(before.allocations() + 100 * (STEPS - WARM_UP));
            assertThat(after.liveStorages()).as("storages").isLessThanOrEqualTo(before.liveStorages());
            assertThat(after.liveBytes()).as("bytes").isLessThanOrEqualTo(before.liveBytes());
            assertThat(after.peakBytes()).as("peak").isLessThanOrEqualTo(before.peakBytes() * 11 / 10);
            // Lengths that had not met before in one batch need a few storages of sizes that were not free.
            assertThat(after.cachedBytes()).as("cache").isLessThanOrEqualTo(before.cachedBytes() * 5 / 4);
            assertThat(after.collectedLate()).as("tensors outside scopes").isEqualTo(before.collectedLate());
            assertThat(heapInUse()).as("heap").isLessThan(heap + 2 * MEBIBYTE);
        }
    }

    /// Short, so that hundreds of steps take seconds.
    private static Grpo.Options options() {
        return new Grpo.Options(
                STEPS,
                1,
                4,
                5,
                1,
                1e-3,
                0,
                true,
                1,
                Advantages.Scale.GROUP,
                GrpoLoss.Options.defaults().withBeta(0.01),
                1,
                20,
                5);
    }

    private static void run(Grpo grpo, int from, int to) {
        for (int step = from; step < to; step++) {
            grpo.step(step);
        }
    }

    private static long heapInUse() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
