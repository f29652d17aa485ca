package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.tensor.PackedWeights.Format;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackedWeightsTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor random(long seed, long... shape) {
        return Rng.of(seed).normal(shape);
    }

    @Test
    void isThePlainProduct() {
        Tensor w = random(1, 70, 33);
        Tensor x = random(2, 2, 5, 33);
        try (PackedWeights pack = PackedWeights.of(w, Format.F32)) {
            assertThat(pack.product(x).shape()).containsExactly(2, 5, 70);
            assertThat(pack.product(x).toFloats()).isEqualTo(x.matmul(w.t()).toFloats());
            Tensor y = Tensor.zeros(2, 5, 70);
            pack.product(x, y);
            assertThat(y.toFloats()).isEqualTo(x.matmul(w.t()).toFloats());
            assertThat(pack.product(random(3, 33)).shape()).containsExactly(70);
        }
    }

    @Test
    void readsViewsOfBothOperands() {
        Tensor stored = random(1, 33, 70);
        Tensor x = random(2, 33, 9);
        try (PackedWeights pack = PackedWeights.of(stored.t(), Format.F32)) {
            assertThat(pack.product(x.t()).toFloats())
                    .isEqualTo(x.t().matmul(stored).toFloats());
            Tensor wide = random(4, 6, 40);
            Tensor part = wide.slice(1, 3, 36);
            assertThat(pack.product(part).toFloats())
                    .isEqualTo(part.matmul(stored).toFloats());
        }
    }

    @Test
    void halvesAreTheRoundedWeight() {
        Tensor w = random(1, 70, 33);
        Tensor rounded = w.to(DType.BF16);
        Tensor x = random(2, 5, 33);
        float[] expected = x.matmul(rounded.to(DType.F32).t()).toFloats();
        try (PackedWeights pack = PackedWeights.of(w, Format.BF16);
                PackedWeights same = PackedWeights.of(rounded, Format.BF16)) {
            assertThat(pack.product(x).toFloats()).isEqualTo(expected);
            assertThat(same.product(x).toFloats()).isEqualTo(expected);
        }
    }

    @Test
    void weightsStandBelowEachOther() {
        Tensor q = random(1, 40, 33);
        Tensor k = random(2, 13, 33);
        Tensor x = random(3, 4, 33);
        try (PackedWeights pack = PackedWeights.of(List.of(q, k), Format.F32)) {
            Tensor y = pack.product(x);
            assertThat(y.slice(1, 0, 40).contiguous().toFloats())
                    .isEqualTo(x.matmul(q.t()).toFloats());
            assertThat(y.slice(1, 40, 53).contiguous().toFloats())
                    .isEqualTo(x.matmul(k.t()).toFloats());
        }
    }

    @Test
    void keepsTheOldWeightUntilRefreshed() {
        Tensor x = random(2, 3, 33);
        for (Format format : Format.values()) {
            Tensor w = random(1, 70, 33);
            try (PackedWeights pack = PackedWeights.of(w, format)) {
                float[] before = pack.product(x).toFloats();
                w.fillInPlace(0.25);
                assertThat(pack.product(x).toFloats()).isEqualTo(before);
                long live = Memory.stats().liveStorages();
                pack.refresh(w);
                assertThat(Memory.stats().liveStorages()).isEqualTo(live);
                float[] sums = x.sum(1).toFloats();
                float[] after = pack.product(x).toFloats();
                for (int i = 0; i < after.length; i++) {
                    assertThat(after[i]).isCloseTo(0.25f * sums[i / 70], org.assertj.core.data.Offset.offset(1e-5f));
                }
                assertThatThrownBy(() -> pack.refresh(random(1, 71, 33)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("70 x 33");
            }
        }
    }

    @Test
    void givesItsMemoryBack() {
        Tensor w = random(1, 70, 33);
        Tensor x = random(2, 33);
        long live = Memory.stats().liveStorages();
        PackedWeights pack = PackedWeights.of(w, Format.INT8);
        assertThat(pack.bytes()).isGreaterThanOrEqualTo(70 * 33 + 70 * 4).isLessThan(2 * 128 * 33);
        pack.close();
        pack.close();
        assertThat(Memory.stats().liveStorages()).isEqualTo(live);
        assertThatThrownBy(() -> pack.product(x)).isInstanceOf(IllegalStateException.class);
    }

    /// Rows are the values that products are with: of INT8 multiples of the row's greatest magnitude / 127, each
    /// off by half of that at most, and the greatest one exact.
    @ParameterizedTest
    @CsvSource({"1, 1", "5, 4", "70, 33", "64, 300", "131, 17"})
    void rowsAreTheValuesOfTheProduct(int out, int in) {
        Tensor w = random(1, out, in);
        Tensor x = random(2, 3, in);
        float[] exact = w.toFloats();
        for (Format format : Format.values()) {
            try (PackedWeights pack = PackedWeights.of(w, format)) {
                float[] kept = pack.rows(0, out).toFloats();
                int half = out / 2;
                assertThat(pack.rows(half, out).toFloats()).isEqualTo(Arrays.copyOfRange(kept, half * in, out * in));
                switch (format) {
                    case F32 -> assertThat(kept).isEqualTo(exact);
                    case BF16 ->
                        assertThat(kept)
                                .isEqualTo(w.to(DType.BF16).to(DType.F32).toFloats());
                    case INT8 -> assertWithinHalfOfTheScale(exact, kept, in);
                }
                float[] product = pack.product(x).toFloats();
                float[] plain = x.matmul(Tensor.of(kept, out, in).t()).toFloats();
                for (int i = 0; i < product.length; i++) {
                    assertThat(product[i]).isCloseTo(plain[i], Offset.offset(2e-6f * in));
                }
                assertThatThrownBy(() -> pack.rows(0, out + 1)).hasMessageContaining("rows within 0 to " + out);
            }
        }
    }

    private static void assertWithinHalfOfTheScale(float[] exact, float[] kept, int in) {
        for (int row = 0; row < exact.length / in; row++) {
            double largest = 0;
            for (int p = 0; p < in; p++) {
                largest = Math.max(largest, Math.abs(exact[row * in + p]));
            }
            double scale = largest / 127;
            for (int p = 0; p < in; p++) {
                double gap = Math.abs(exact[row * in + p] - kept[row * in + p]);
                assertThat(gap).isLessThanOrEqualTo(scale / 2 * (1 + 1e-5));
                double steps = kept[row * in + p] / scale;
                assertThat(steps).isCloseTo(Math.rint(steps), Offset.offset(1e-4));
                if (Math.abs(exact[row * in + p]) == largest) {
                    assertThat(gap).isLessThan(1e-6 * largest);
                }
            }
        }
    }

    /// The memory lives as long as its tensor does, whatever becomes of the packs, and a copy of it is the same
    /// weight.
    @Test
    void memoryIsATensor() {
        Tensor w = random(1, 70, 33);
        Tensor x = random(2, 3, 33);
        long live = Memory.stats().liveStorages();
        for (Format format : Format.values()) {
            PackedWeights pack = PackedWeights.of(w, format);
            float[] expected = pack.product(x).toFloats();
            Tensor memory = pack.memory();
            assertThat(memory.count()).isEqualTo(pack.bytes());
            assertThat(memory.dtype()).isEqualTo(DType.U8);
            pack.close();
            PackedWeights over = PackedWeights.over(memory, format, 70, 33);
            assertThat(over.product(x).toFloats()).isEqualTo(expected);
            over.close();
            try (PackedWeights again = PackedWeights.over(memory, format, 70, 33);
                    Tensor copy = memory.copy();
                    PackedWeights other = PackedWeights.over(copy, format, 70, 33)) {
                assertThat(other.product(x).toFloats()).isEqualTo(expected);
                memory.close();
                assertThatThrownBy(() -> again.product(x)).isInstanceOf(IllegalStateException.class);
            }
        }
        scope.close();
        scope = Scope.open();
        assertThat(Memory.stats().liveStorages()).isLessThanOrEqualTo(live);
        assertThatThrownBy(() -> PackedWeights.over(Tensor.zeros(8).to(DType.U8), Format.INT8, 70, 33))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("70 x 33 in INT8; got");
    }

    @Test
    void refusesWhatItCannotDo() {
        Tensor w = random(1, 70, 33);
        try (PackedWeights pack = PackedWeights.of(w, Format.F32)) {
            assertThatThrownBy(() -> pack.product(random(1, 2, 34)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("33");
            Tensor x = random(1, 2, 33).requiresGrad(true);
            assertThatThrownBy(() -> pack.product(x))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("inference");
            try (Autograd.Mode _ = Autograd.noGrad()) {
                assertThat(pack.product(x).requiresGrad()).isFalse();
            }
            assertThatThrownBy(() -> pack.product(x.detach(), Tensor.zeros(2, 71)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> PackedWeights.of(List.of(), Format.F32)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PackedWeights.of(List.of(w, random(1, 3, 34)), Format.F32))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
