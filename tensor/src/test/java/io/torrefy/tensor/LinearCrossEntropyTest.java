package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.torrefy.tensor.CrossEntropies.Reduction;
import io.torrefy.tensor.CrossEntropies.TokenLogProbs;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The laws of the chunked forms beside their values, which FusedTest holds to the plain form.
class LinearCrossEntropyTest {
    private static final int HIDDEN = 12;
    private static final int WORDS = 37;

    private static Tensor hidden(long rows) {
        return Rng.of(1).normal(rows, HIDDEN);
    }

    private static Tensor weight() {
        return Rng.of(2).normal(WORDS, HIDDEN);
    }

    private static Tensor targets(int rows) {
        long[] ids = new long[rows];
        for (int i = 0; i < rows; i++) {
            ids[i] = i % 4 == 3 ? -100 : (i * 11L) % WORDS;
        }
        return Tensor.of(ids, rows);
    }

    @Test
    void valuesHaveTheBitsOfThePlainForm() {
        try (Scope _ = Scope.open()) {
            for (int rows : new int[] {1, 2, 3, 7, 64}) {
                Tensor logits = hidden(rows).matmul(weight().t());
                Tensor ids = targets(rows).maskedFill(targets(rows).eq(-100), 1);
                TokenLogProbs plain = CrossEntropies.tokenLogProbs(logits, ids, 0.7);
                for (long chunk : new long[] {1, 2, 3, 64, 100}) {
                    assertThat(LinearCrossEntropy.crossEntropy(
                                            hidden(rows), weight(), targets(rows), Reduction.SUM, -100, 0.1, chunk)
                                    .item())
                            .isEqualTo(CrossEntropies.crossEntropy(logits, targets(rows), Reduction.SUM, -100, 0.1)
                                    .item());
                    TokenLogProbs chunked = LinearCrossEntropy.tokenLogProbs(hidden(rows), weight(), ids, 0.7, chunk);
                    assertThat(chunked.logProbs().toFloats())
                            .containsExactly(plain.logProbs().toFloats());
                    assertThat(chunked.entropy().toFloats())
                            .containsExactly(plain.entropy().toFloats());
                }
            }
        }
    }

    @Test
    void noRowsGiveNoLossAndNoGradient() {
        try (Scope _ = Scope.open()) {
            Tensor x = hidden(0).requiresGrad(true);
            Tensor w = weight().requiresGrad(true);
            Tensor loss = LinearCrossEntropy.crossEntropy(x, w, targets(0), Reduction.SUM, -100, 0);
            loss.backward();
            assertThat(loss.item()).isZero();
            assertThat(x.grad().orElseThrow().shape()).containsExactly(0, HIDDEN);
            assertThat(w.grad().orElseThrow().toFloats()).containsOnly(0).hasSize(WORDS * HIDDEN);
        }
    }

    @Test
    void aFrozenOutputMatrixGetsNoGradientAndChangesNoOther() {
        try (Scope _ = Scope.open()) {
            Tensor x = hidden(9).requiresGrad(true);
            Tensor frozen = weight();
            LinearCrossEntropy.crossEntropy(x, frozen, targets(9)).backward();
            Tensor y = hidden(9).requiresGrad(true);
            LinearCrossEntropy.crossEntropy(y, weight().requiresGrad(true), targets(9))
                    .backward();
            assertThat(frozen.grad()).isEmpty();
            assertThat(x.grad().orElseThrow().toFloats())
                    .containsExactly(y.grad().orElseThrow().toFloats());
        }
    }

    @Test
    void leadingDimensionsAreRows() {
        try (Scope _ = Scope.open()) {
            Tensor ids = targets(6).reshape(2, 3);
            assertThat(LinearCrossEntropy.crossEntropy(
                                    hidden(6).reshape(2, 3, HIDDEN), weight(), ids, Reduction.NONE, -100, 0, 4)
                            .toFloats())
                    .containsExactly(CrossEntropies.crossEntropy(
                                    hidden(6).matmul(weight().t()), targets(6), Reduction.NONE, -100, 0)
                            .toFloats());
        }
    }

    /// The second derivative goes through the plain form in public operations.
    @Test
    void hasASecondDerivative() {
        try (Scope _ = Scope.open()) {
            double[] chunked = secondDerivative(true);
            double[] plain = secondDerivative(false);
            for (int i = 0; i < plain.length; i++) {
                assertThat(chunked[i]).isCloseTo(plain[i], offset(2e-5));
            }
        }
    }

    private static double[] secondDerivative(boolean chunked) {
        Tensor x = hidden(5).to(chunked ? DType.F32 : DType.F64).requiresGrad(true);
        Tensor w = weight().to(x.dtype());
        Tensor loss = chunked
                ? LinearCrossEntropy.crossEntropy(x, w, targets(5), Reduction.MEAN, -100, 0, 2)
                : CrossEntropies.crossEntropy(x.matmul(w.t()), targets(5));
        Tensor first = Autograd.grad(List.of(loss), List.of(x), List.of(Tensor.full(x.dtype(), 1)), true, true)
                .getFirst()
                .orElseThrow();
        return Autograd.grad(
                        List.of(first.square().sum()), List.of(x), List.of(Tensor.full(x.dtype(), 1)), false, false)
                .getFirst()
                .orElseThrow()
                .toDoubles();
    }

    @Test
    void gradientsDoNotDependOnThreads() {
        int threads = Threads.count();
        try (Scope _ = Scope.open()) {
            Threads.use(1);
            float[] one = outputGradient();
            for (int n : new int[] {2, 3, 7}) {
                Threads.use(n);
                assertThat(outputGradient()).containsExactly(one);
            }
        } finally {
            Threads.use(threads);
        }
    }

    private static float[] outputGradient() {
        Tensor w = weight().requiresGrad(true);
        LinearCrossEntropy.crossEntropy(hidden(300), w, targets(300), Reduction.MEAN, -100, 0, 130)
                .backward();
        return w.grad().orElseThrow().toFloats();
    }

    /// Two matrices of logits would take 128 MiB.
    @Test
    void neverHoldsTheLogits() {
        long rows = 2048;
        long words = 8192;
        for (boolean loss : new boolean[] {true, false}) {
            Memory.emptyCache();
            long before = Memory.stats().liveBytes();
            Memory.resetPeak();
            try (Scope _ = Scope.open()) {
                Tensor x = Tensor.zeros(rows, 8).requiresGrad(true);
                Tensor w = Tensor.zeros(words, 8).requiresGrad(true);
                Tensor ids = Tensor.arange(rows).to(DType.I64);
                Tensor y = loss
                        ? LinearCrossEntropy.crossEntropy(x, w, ids)
                        : LinearCrossEntropy.tokenLogProbs(x, w, ids, 1)
                                .logProbs()
                                .sum();
                y.backward();
                assertThat(Memory.stats().peakBytes() - before)
                        .isGreaterThan(words * 8 * Float.BYTES)
                        .isLessThan(24 << 20);
            }
        }
    }

    @Test
    void saysWhatDoesNotFit() {
        try (Scope _ = Scope.open()) {
            assertThatThrownBy(() -> LinearCrossEntropy.crossEntropy(hidden(3), weight().t(), targets(3)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("(vocabulary, hidden)");
            assertThatThrownBy(() -> LinearCrossEntropy.crossEntropy(hidden(3), weight(), targets(4)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("[linearCrossEntropy]");
            assertThatThrownBy(
                            () -> LinearCrossEntropy.tokenLogProbs(hidden(1), weight(), Tensor.of(new long[] {99}), 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("[0, 37)");
            assertThatThrownBy(
                            () -> LinearCrossEntropy.tokenLogProbs(hidden(1), weight(), Tensor.of(new long[] {9}), 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("temperature");
        }
    }
}
