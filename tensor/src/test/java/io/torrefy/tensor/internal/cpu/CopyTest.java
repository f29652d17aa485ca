package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CopyTest {
    private static long[] l(long... values) {
        return values;
    }

    @Test
    void allocatesAlignedMemory() {
        for (long bytes : l(0, 1, 63, 64, 65, 1 << 20)) {
            long address = Native.allocate(bytes);
            assertThat(address % 64).isZero();
            Elementwise.fill(DType.U8, bytes, address, 255);
            Native.release(address, bytes);
        }
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> Native.allocate(Long.MAX_VALUE / 2))
                .isInstanceOf(OutOfMemoryError.class)
                .hasMessageContaining("Hint");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 15, 16, 17, 64, 100, 300})
    void permutesLikeALoop(int n) {
        long[] shape = {3, n, 5, 2 * n};
        int count = 3 * n * 5 * 2 * n;
        float[] values = Buffers.random(count, n, 1);
        long x = Buffers.of(values);
        long[] from = {10L * n * n, 10L * n, 2L * n, 1};
        int[][] orders = {{0, 1, 2, 3}, {3, 2, 1, 0}, {0, 2, 1, 3}, {0, 1, 3, 2}, {2, 3, 0, 1}, {1, 0, 3, 2}};
        long y = Buffers.bytes(4L * count);
        for (int[] order : orders) {
            long[] permuted = new long[4];
            long[] strides = new long[4];
            for (int d = 0; d < 4; d++) {
                permuted[d] = shape[order[d]];
                strides[d] = from[order[d]];
            }
            long[] dense = Layout.denseStrides(permuted);
            Elementwise.copy(DType.F32, DType.F32, permuted, x, strides, y, dense);
            for (int flat = 0; flat < count; flat += 7) {
                int at = 0;
                int rest = flat;
                for (int d = 3; d >= 0; d--) {
                    at += (int) (rest % permuted[d] * strides[d]);
                    rest /= (int) permuted[d];
                }
                assertThat(Mem.f32(y + 4L * flat)).isEqualTo(values[at]);
            }
            long back = Buffers.bytes(4L * count);
            Elementwise.copy(DType.F32, DType.F32, permuted, y, dense, back, strides);
            assertThat(Buffers.floats(back, count)).isEqualTo(values);
        }
        if (n >= 100) {
            long half = Buffers.bytes(2L * count);
            Elementwise.copy(DType.I32, DType.U8, l(count), x, l(1), half, l(1));
            long moved = Buffers.bytes(2L * count);
            Elementwise.copy(DType.U8, DType.U8, l(2L * n, 15L * n), half, l(1, 2L * n), moved, l(15L * n, 1));
            for (int i = 0; i < 2 * n; i++) {
                assertThat(Mem.i8(moved + 15L * n * i + 3)).isEqualTo(Mem.i8(half + i + 6L * n));
            }
        }
    }

    @Test
    void broadcastsIntoDense() {
        long y = Buffers.bytes(4 * 6);
        Elementwise.copy(DType.F32, DType.F32, l(2, 3), Buffers.of(1f, 2f, 3f), l(0, 1), y, l(3, 1));
        assertThat(Buffers.floats(y, 6)).containsExactly(1, 2, 3, 1, 2, 3);
        Elementwise.copy(DType.F32, DType.F64, l(2, 3), Buffers.of(1f, 2f), l(1, 0), Buffers.bytes(0), l(0, 0));
        long z = Buffers.bytes(8 * 6);
        Elementwise.copy(DType.F32, DType.F64, l(2, 3), Buffers.of(1f, 2f), l(1, 0), z, l(3, 1));
        assertThat(Buffers.doubles(z, 6)).containsExactly(1, 1, 1, 2, 2, 2);
    }

    private static long cast(DType from, DType to, int n, long x) {
        long y = Buffers.bytes(8L * n);
        Elementwise.copy(from, to, l(n), x, l(1), y, l(1));
        return y;
    }

    @Test
    void floatsTruncate() {
        long x = Buffers.of(-3.7f, 3.7f, 300f, -1f, 0.5f, -0f);
        assertThat(Buffers.longs(cast(DType.F32, DType.I64, 6, x), 6)).containsExactly(-3, 3, 300, -1, 0, 0);
        assertThat(Buffers.ints(cast(DType.F32, DType.I32, 6, x), 6)).containsExactly(-3, 3, 300, -1, 0, 0);
        assertThat(Buffers.bytes(cast(DType.F32, DType.U8, 6, x), 6))
                .containsExactly((byte) 253, (byte) 3, (byte) 44, (byte) 255, (byte) 0, (byte) 0);
        assertThat(Buffers.bytes(cast(DType.F32, DType.BOOL, 6, x), 6)).containsExactly(1, 1, 1, 1, 1, 0);
        assertThat(Mem.i8(cast(DType.F32, DType.BOOL, 1, Buffers.of(Float.NaN))))
                .isEqualTo((byte) 1);
    }

    @Test
    void integersKeepTheirBits() {
        long big = (1L << 53) + 1;
        long x = Buffers.of(big, -1L, 256L, 0L);
        assertThat(Buffers.longs(cast(DType.I64, DType.I64, 4, x), 4)).containsExactly(big, -1, 256, 0);
        assertThat(Buffers.ints(cast(DType.I64, DType.I32, 4, x), 4)).containsExactly((int) big, -1, 256, 0);
        assertThat(Buffers.bytes(cast(DType.I64, DType.U8, 4, x), 4)).containsExactly(1, -1, 0, 0);
        assertThat(Buffers.bytes(cast(DType.I64, DType.BOOL, 4, x), 4)).containsExactly(1, 1, 1, 0);
        assertThat(Buffers.floats(cast(DType.I64, DType.F32, 4, x), 4)).containsExactly((float) big, -1, 256, 0);
        assertThat(Buffers.longs(cast(DType.U8, DType.I64, 1, Buffers.of((byte) 200)), 1))
                .containsExactly(200);
    }

    /// Rounding by exact comparison with the neighbours in double.
    @Test
    void bf16RoundsToNearestEven() {
        int n = 100_000;
        java.util.Random random = new java.util.Random(1);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = Float.intBitsToFloat(i % 4 == 0 ? (random.nextInt() & 0xffff0000) | 0x8000 : random.nextInt());
        }
        long at = cast(DType.F32, DType.BF16, n, Buffers.of(x));
        short[] got = Buffers.shorts(at, n);
        for (int i = 0; i < n; i++) {
            float back = Float.intBitsToFloat(got[i] << 16);
            if (Float.isNaN(x[i])) {
                assertThat(back).isNaN();
            } else if (!Float.isInfinite(back)) {
                double error = Math.abs((double) back - x[i]);
                double up = Math.abs((double) Float.intBitsToFloat((got[i] + 1) << 16) - x[i]);
                double down = Math.abs((double) Float.intBitsToFloat((got[i] - 1) << 16) - x[i]);
                boolean even = (got[i] & 1) == 0;
                boolean nearest = even ? error <= up : error < up || Double.isNaN(up);
                nearest &= (got[i] & 0x7fff) == 0 || (even ? error <= down : error < down);
                assertThat(nearest).as("%s -> %s", x[i], back).isTrue();
            }
        }
        assertThat(Buffers.shorts(
                        cast(
                                DType.F32,
                                DType.BF16,
                                4,
                                Buffers.of(
                                        Float.POSITIVE_INFINITY,
                                        Float.MAX_VALUE,
                                        -0f,
                                        Float.intBitsToFloat(0x7f800001))),
                        4))
                .containsExactly((short) 0x7f80, (short) 0x7f80, (short) 0x8000, (short) 0x7fc0);
        float[] wide = Buffers.floats(cast(DType.BF16, DType.F32, n, at), n);
        for (int i = 0; i < n; i++) {
            assertThat(Float.floatToRawIntBits(wide[i])).isEqualTo(got[i] << 16);
        }
    }

    @Test
    void f16RoundsToNearestEven() {
        float[] x = {1f, 65504f, 65520f, 65519f, 0.1f, 5.9604645e-8f, 2.9802322e-8f, -0f, Float.NaN, 1.00048828125f};
        short[] got = Buffers.shorts(cast(DType.F32, DType.F16, x.length, Buffers.of(x)), x.length);
        assertThat(got)
                .containsExactly(
                        (short) 0x3c00,
                        (short) 0x7bff,
                        (short) 0x7c00,
                        (short) 0x7bff,
                        (short) 0x2e66,
                        (short) 1,
                        (short) 0,
                        (short) 0x8000,
                        (short) 0x7e00,
                        (short) 0x3c00);
    }

    @ParameterizedTest
    @EnumSource
    void fillsEveryType(DType type) {
        for (int n : new int[] {0, 1, 3, 7, 8, 9, 1000, 600_001}) {
            long y = Buffers.bytes((long) n * type.bytes() + 8);
            Mem.i8(y + (long) n * type.bytes(), (byte) 99);
            Elementwise.fill(type, n, y, 3);
            if (n > 0) {
                double[] back = Buffers.doubles(cast(type, DType.F64, n, y), n);
                double want = type == DType.BOOL ? 1 : 3;
                for (double v : back) {
                    assertThat(v).isEqualTo(want);
                }
            }
            assertThat(Mem.i8(y + (long) n * type.bytes())).isEqualTo((byte) 99);
        }
    }
}
