package io.torrefy.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.PackedWeights.Format;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Threads;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A layer that keeps its weight as INT8, against the layer that it was.
class QuantizedLinearTest {
    private final int threads = Threads.count();
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
        Threads.use(threads);
    }

    private static Tensor random(long seed, long... shape) {
        return Rng.of(seed).normal(shape);
    }

    /// What a layer computes, and what its input is told.
    private record Pass(double[] y, double[] dx) {
        static Pass of(Linear layer, Tensor x, Tensor upstream) {
            Tensor input = x.copy().requiresGrad(true);
            Tensor y = layer.forward(input);
            y.backward(upstream);
            return new Pass(y.toDoubles(), input.grad().orElseThrow().toDoubles());
        }
    }

    /// The law of the rounding: every weight is off by half of its row's scale s at most, so y_j by s_j / 2 Σ|x|
    /// and dx by Σ s_j / 2 |dy_j|; to that comes the rounding of F32. The sizes are odd, and beyond one tile of the
    /// backward pass.
    @ParameterizedTest
    @CsvSource({"1, 1, 1", "2, 33, 70", "5, 17, 256", "3, 40, 257", "4, 65, 600"})
    void isOffByHalfOfTheScalesAtMost(int rows, int in, int out) {
        try (Linear exact = Linear.of(in, out, true, Rng.of(1));
                Linear kept = Linear.of(in, out, true, Rng.of(1))) {
            kept.freeze(Format.INT8);
            Tensor x = random(2, rows, in);
            Tensor upstream = random(3, rows, out);
            Pass reference = Pass.of(exact, x, upstream);
            Pass rounded = Pass.of(kept, x, upstream);
            double[] scales = new double[out];
            double[] weight = exact.weight().toDoubles();
            for (int j = 0; j < out; j++) {
                for (int p = 0; p < in; p++) {
                    scales[j] = Math.max(scales[j], Math.abs(weight[j * in + p]) / 127);
                }
            }
            double[] inputs = x.toDoubles();
            double[] told = upstream.toDoubles();
            boolean differs = false;
            for (int i = 0; i < rows; i++) {
                double sum = 0;
                for (int p = 0; p < in; p++) {
                    sum += Math.abs(inputs[i * in + p]);
                }
                double pull = 0;
                for (int j = 0; j < out; j++) {
                    double gap = Math.abs(rounded.y[i * out + j] - reference.y[i * out + j]);
                    assertThat(gap).isLessThanOrEqualTo(scales[j] / 2 * sum + 1e-5);
                    differs |= gap > 1e-6;
                    pull += scales[j] / 2 * Math.abs(told[i * out + j]);
                }
                for (int p = 0; p < in; p++) {
                    assertThat(rounded.dx[i * in + p]).isCloseTo(reference.dx[i * in + p], within(pull + 1e-5));
                }
            }
            assertThat(differs).isEqualTo(in > 1);
        }
    }

    /// What it computes is the plain layer with the values that are kept, forwards and backwards, on any number of
    /// threads with the same bits.
    @Test
    void isTheLayerOfTheValuesItKeeps() {
        try (Linear kept = Linear.of(33, 600, true, Rng.of(1));
                Linear plain = Linear.of(33, 600, true, Rng.of(1))) {
            kept.freeze(Format.INT8);
            PackedWeights packed = kept.packed().orElseThrow();
            try (Autograd.Mode _ = Autograd.noGrad()) {
                plain.weight().copyFrom(packed.rows(0, 600));
            }
            Tensor x = random(2, 2, 3, 33);
            Tensor upstream = random(3, 2, 3, 600);
            Pass expected = Pass.of(plain, x, upstream);
            Threads.use(1);
            Pass one = Pass.of(kept, x, upstream);
            Threads.use(3);
            Pass three = Pass.of(kept, x, upstream);
            assertThat(three.y).isEqualTo(one.y);
            assertThat(three.dx).isEqualTo(one.dx);
            for (int i = 0; i < one.y.length; i++) {
                assertThat(one.y[i]).isCloseTo(expected.y[i], within(1e-5));
            }
            for (int i = 0; i < one.dx.length; i++) {
                assertThat(one.dx[i]).isCloseTo(expected.dx[i], within(1e-5));
            }
        }
    }

    @Test
    void takesAQuarterOfTheMemory() {
        long start = Memory.stats().liveBytes();
        try (Linear layer = Linear.of(512, 1024, false, Rng.of(1))) {
            long before = Memory.stats().liveBytes() - start;
            assertThat(before).isGreaterThanOrEqualTo(4L * 512 * 1024);
            layer.freeze(Format.INT8);
            long after = Memory.stats().liveBytes() - start;
            // A byte a weight and a scale a row; the allocator rounds up by an eighth at most.
            assertThat(layer.packed().orElseThrow().bytes()).isEqualTo(512L * 1024 + 4 * 1024);
            assertThat(after).isBetween(before / 4, before / 4 + before / 4 / 8 + 1024);
            layer.freeze(Format.INT8);
            assertThat(Memory.stats().liveBytes() - start).isEqualTo(after);
        }
        assertThat(Memory.stats().liveBytes()).isEqualTo(start);
    }

    /// Its memory is part of its state, so that another layer can have it.
    @Test
    void itsStateIsTheBytes() {
        try (Linear first = Linear.of(33, 70, true, Rng.of(1));
                Linear second = Linear.of(33, 70, true, Rng.of(2))) {
            first.freeze(Format.INT8);
            second.freeze(Format.INT8);
            assertThat(first.state()).containsOnlyKeys("bias", "weight_int8");
            assertThat(first.trainableParameters()).isEmpty();
            second.load(first.state());
            Tensor x = random(3, 4, 33);
            assertThat(second.forward(x).toFloats()).isEqualTo(first.forward(x).toFloats());
        }
    }

    @Test
    void staysAsItIs() {
        try (Linear layer = Linear.of(33, 70, false, Rng.of(1))) {
            layer.freeze(Format.INT8);
            assertThatThrownBy(layer::weight)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("INT8");
            assertThatThrownBy(() -> layer.freeze(DType.BF16)).hasMessageContaining("INT8");
            LowRank update = layer.adapt(2, 1, Rng.of(3));
            assertThatThrownBy(update::merge).hasMessageContainingAll("packed ones", "Hint");
            assertThatThrownBy(() -> layer.freeze(Format.INT8)).hasMessageContaining("rank 2");
        }
    }
}
