package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.tensor.PackedWeights.Format;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

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
