package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MemoryTest {
    private static final long MIB = 1 << 20;

    /// Sizes that never repeat, one after the other: what is cached stays near what was ever held at once.
    @Test
    void sizesThatNeverComeAgainDoNotPileUp() {
        Memory.emptyCache();
        Memory.resetPeak();
        for (int i = 1; i <= 200; i++) {
            try (Scope _ = Scope.open()) {
                Tensor.zeros(i * 100_003L);
            }
        }
        MemoryStats stats = Memory.stats();
        assertThat(stats.cachedBytes() + stats.liveBytes())
                .isLessThanOrEqualTo(stats.peakBytes() + stats.peakBytes() / 4 + 64 * MIB);
    }

    @Test
    void aSizeThatComesAgainIsServedFromTheCache() {
        try (Scope _ = Scope.open()) {
            Tensor.zeros(12_345);
        }
        MemoryStats before = Memory.stats();
        try (Scope _ = Scope.open()) {
            Tensor.zeros(12_345);
        }
        assertThat(Memory.stats().reused()).isEqualTo(before.reused() + 1);
        assertThat(Memory.stats().cachedBytes()).isEqualTo(before.cachedBytes());
    }

    @Test
    void sizeClassesWasteAtMostAnEighth() {
        for (long bytes = 1; bytes < 1L << 40; bytes += bytes / 3 + 1) {
            long size = Memory.sizeClass(bytes);
            assertThat(size).isGreaterThanOrEqualTo(bytes);
            assertThat(size).isLessThanOrEqualTo(Math.max(256, bytes + bytes / 8 + 1));
        }
    }
}
