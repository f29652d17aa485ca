package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/// Outside any scope the garbage collector frees tensors, late, and counts what was not kept.
class LateCollectionTest {
    private static void collectUntil(BooleanSupplier done) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!done.getAsBoolean() && System.nanoTime() < end) {
            System.gc();
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static double work() {
        // Every kind of node: with saved inputs, outputs, nothing; a kept gradient; a hook.
        Tensor x = Tensor.of(new double[] {1, 2, 3}).requiresGrad(true);
        Tensor h = x.mul(x).add(1).neg().exp().retainGrad();
        Tensor y = h.sum().mul(2);
        y.backward();
        return x.grad().orElseThrow().toDoubles()[0] + h.grad().orElseThrow().toDoubles()[0];
    }

    @Test
    void theCollectorFreesWhatNoScopeOwnsAndCountsIt() {
        long before = Memory.stats().liveBytes();
        long late = Memory.stats().collectedLate();
        double sum = 0;
        for (int i = 0; i < 20; i++) {
            sum += work();
        }
        assertThat(sum / 20).isEqualTo(-4 * Math.exp(-2) + 2, org.assertj.core.data.Offset.offset(1e-9));
        collectUntil(() -> Memory.stats().liveBytes() <= before);
        assertThat(Memory.stats().liveBytes()).isLessThanOrEqualTo(before);
        assertThat(Memory.stats().collectedLate()).isGreaterThan(late);
    }

    @Test
    void aKeptTensorIsCollectedWithoutAWord() {
        long before = Memory.stats().liveBytes();
        long late = Memory.stats().collectedLate();
        for (int i = 0; i < 20; i++) {
            try (Scope _ = Scope.open()) {
                Tensor.ones(10).keep();
            }
        }
        collectUntil(() -> Memory.stats().liveBytes() <= before);
        assertThat(Memory.stats().liveBytes()).isLessThanOrEqualTo(before);
        assertThat(Memory.stats().collectedLate()).isEqualTo(late);
    }
}
