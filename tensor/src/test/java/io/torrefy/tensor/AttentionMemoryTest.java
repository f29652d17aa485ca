package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Attention's memory is linear in the number of tokens.
class AttentionMemoryTest {
    private static final int DIM = 16;

    /// At most so many tensors of the queries' size live at once: q, k, v, o and their gradients, and in the
    /// backward pass the shares of dQ.
    private static final int TENSORS = 24;

    /// Long where the kernels are quick. One matrix of scores would be several times the bound.
    private static int tokens() {
        return Threads.vectorUnit().contains("scalar") ? 2_048 : 4_096;
    }

    @Test
    void neverHoldsTheScores() {
        for (Attention.Options options : List.of(
                Attention.Options.CAUSAL,
                Attention.Options.CAUSAL.withWindow(500).withSinkTokens(4))) {
            long n = tokens();
            long bound = TENSORS * n * DIM * Float.BYTES * 9 / 8;
            assertThat(bound).isLessThan(n * n * Float.BYTES / 3);
            assertThat(peak(n, options))
                    .isGreaterThan(8 * n * DIM * Float.BYTES)
                    .isLessThan(bound);
        }
    }

    private static long peak(long n, Attention.Options options) {
        long before = Memory.stats().liveBytes();
        Memory.resetPeak();
        try (Scope _ = Scope.open()) {
            Rng rng = Rng.of(3);
            Tensor q = rng.normal(1, 1, n, DIM).requiresGrad(true);
            Tensor k = rng.normal(1, 1, n, DIM).requiresGrad(true);
            Tensor v = rng.normal(1, 1, n, DIM).requiresGrad(true);
            Tensor sinks = Tensor.zeros(1).requiresGrad(true);
            Tensor y = Attention.attend(q, k, v, null, sinks, options);
            List<Tensor> gradients =
                    Autograd.grad(List.of(y), List.of(q, k, v, sinks), List.of(rng.normal(1, 1, n, DIM)), false, false)
                            .stream()
                            .map(g -> g.orElseThrow())
                            .toList();
            assertThat(gradients.get(3).item()).isFinite().isNotZero();
            return Memory.stats().peakBytes() - before;
        }
    }
}
