package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.PackedWeights.Format;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Packed products against the plain product with the weights that the format stands for, bit for bit, and against
/// sums in float64; quantisation against its definition.
class GemmPackedTest {
    private static final int L = Mem.FS.length();
    private static final int P = GemmPacked.PANEL;
    private final int threadsBefore = Parallel.threads();

    @AfterEach
    void restoreThreads() {
        Parallel.threads(threadsBefore);
    }

    private record Problem(int m, int n, int k, boolean transposed, int pad) {
        float[] x() {
            return random(m * (k + pad), 1);
        }

        int ldw() {
            return (transposed ? n : k) + 2 * pad;
        }

        float[] w() {
            return random((transposed ? k : n) * ldw(), 2);
        }

        int at(int j, int p) {
            return transposed ? p * ldw() + j : j * ldw() + p;
        }

        private float[] random(int count, long seed) {
            Random random = new Random(hashCode() * 31L + seed);
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = random.nextFloat() - 0.5f;
            }
            return values;
        }
    }

    private static List<Problem> problems() {
        List<Problem> all = new ArrayList<>();
        Random random = new Random(5);
        for (boolean transposed : new boolean[] {false, true}) {
            for (int n : new int[] {0, 1, L - 1, L, L + 1, 2 * L + 3, P - 1, P, P + 1, 4 * P + 3}) {
                for (int k : new int[] {0, 1, L - 1, L, L + 1, 4 * L + 3}) {
                    all.add(new Problem(1 + random.nextInt(14), n, k, transposed, random.nextInt(3)));
                }
            }
            for (int m = 0; m <= 14; m++) {
                all.add(new Problem(m, P + L / 2, 37, transposed, 1));
            }
            // More than a block of k, than the steps gathered at a time, and than the rows that stay in the cache.
            all.add(new Problem(1, P + 3, Gemm.KC + 1, transposed, 0));
            all.add(new Problem(3, P, 2 * Gemm.KC + 3, transposed, 1));
            all.add(new Problem(11, 2 * P, 32 * 1024 / P + 5, transposed, 0));
            all.add(new Problem(151, P + 1, 1000, transposed, 0));
        }
        return all;
    }

    @FunctionalInterface
    private interface Product {
        void run(Format format, long m, long n, long k, long x, long ldx, long packed, long y, long ldy);
    }

    @FunctionalInterface
    private interface Packing {
        void pack(Format format, boolean transposed, long n, long k, long w, long ldw, long packed);
    }

    private static float[] run(Format format, Problem q, Packing packing, Product product) {
        try (KernelMemory memory = new KernelMemory()) {
            long packed = aligned(memory.floats(Math.toIntExact(GemmPacked.bytes(format, q.n, q.k) / 4) + 16));
            packing.pack(format, q.transposed, q.n, q.k, memory.of(q.w()), q.ldw(), packed);
            int ldy = q.n + q.pad;
            long y = memory.floats(q.m * ldy);
            product.run(format, q.m, q.n, q.k, memory.of(q.x()), q.k + q.pad, packed, y, ldy);
            return KernelMemory.read(y, q.m * ldy);
        }
    }

    private static long aligned(long address) {
        return (address + 63) & -64;
    }

    /// The values a format stands for, by its definition: bf16 by the nearest of its two neighbours, bytes by
    /// rounding the multiple of the scale. The scales follow, one a row.
    private static float[][] meaning(Format format, Problem q) {
        float[] w = q.w();
        float[] scales = new float[q.n];
        for (int j = 0; j < q.n; j++) {
            scales[j] = 1;
            float largest = 0;
            for (int p = 0; p < q.k; p++) {
                largest = Math.max(largest, Math.abs(w[q.at(j, p)]));
            }
            for (int p = 0; p < q.k; p++) {
                float value = w[q.at(j, p)];
                w[q.at(j, p)] = switch (format) {
                    case F32 -> value;
                    case BF16 -> nearestHalf(value);
                    case INT8 -> (float) Math.rint(value * (127f / largest));
                };
            }
            if (format == Format.INT8) {
                scales[j] = largest / 127f;
            }
        }
        return new float[][] {w, scales};
    }

    private static float nearestHalf(float value) {
        float down = Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
        float up = Float.intBitsToFloat((Float.floatToRawIntBits(value) & 0xffff0000) + 0x10000);
        double toDown = Math.abs((double) value - down);
        double toUp = Math.abs((double) up - value);
        boolean downIsEven = (Float.floatToRawIntBits(down) >>> 16 & 1) == 0;
        return toDown < toUp || (toDown == toUp && downIsEven) ? down : up;
    }

    /// The plain product with those values, times the scales.
    private static float[] plain(Format format, Problem q) {
        float[][] meaning = meaning(format, q);
        try (KernelMemory memory = new KernelMemory()) {
            int ldy = q.n + q.pad;
            long y = memory.floats(q.m * ldy);
            Gemm.gemm(
                    DType.F32,
                    false,
                    !q.transposed,
                    q.m,
                    q.n,
                    q.k,
                    memory.of(q.x()),
                    q.k + q.pad,
                    0,
                    memory.of(meaning[0]),
                    q.ldw(),
                    0,
                    y,
                    ldy,
                    0,
                    1,
                    false);
            float[] values = KernelMemory.read(y, q.m * ldy);
            for (int i = 0; i < q.m; i++) {
                for (int j = 0; j < q.n; j++) {
                    values[i * ldy + j] *= meaning[1][j];
                }
            }
            return values;
        }
    }

    @ParameterizedTest
    @EnumSource
    void hasTheBitsOfThePlainProduct(Format format) {
        for (Problem q : problems()) {
            assertThat(run(format, q, GemmPacking::pack, GemmPacked::product))
                    .as("%s", q)
                    .isEqualTo(plain(format, q));
        }
    }

    @ParameterizedTest
    @EnumSource
    void scalarFormHasTheSameBits(Format format) {
        for (Problem q : problems()) {
            if (q.k == 0) {
                continue;
            }
            float[] expected = run(format, q, GemmPacking::pack, GemmPacked::product);
            assertThat(run(format, q, GemmPackedScalar::pack, GemmPackedScalar::product))
                    .as("%s", q)
                    .isEqualTo(expected);
            assertThat(run(format, q, GemmPacking::pack, GemmPackedScalar::product))
                    .as("%s", q)
                    .isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void agreesWithFloat64(Format format) {
        for (Problem q : problems()) {
            float[] y = run(format, q, GemmPacking::pack, GemmPacked::product);
            float[] x = q.x();
            float[] w = q.w();
            for (int j = 0; j < q.n; j++) {
                double largest = 0;
                for (int p = 0; p < q.k; p++) {
                    largest = Math.max(largest, Math.abs(w[q.at(j, p)]));
                }
                for (int i = 0; i < q.m; i++) {
                    double sum = 0;
                    double bound = 0;
                    for (int p = 0; p < q.k; p++) {
                        double xv = x[i * (q.k + q.pad) + p];
                        double wv = w[q.at(j, p)];
                        double rounding = switch (format) {
                            case F32 -> 0;
                            case BF16 -> Math.abs(wv) * 0x1p-8;
                            case INT8 -> largest / 127 * 0.5001;
                        };
                        sum += xv * wv;
                        bound += Math.abs(xv) * (rounding + (q.k + 3) * 2 * 0x1p-24 * largest);
                    }
                    double error = Math.abs(y[i * (q.n + q.pad) + j] - sum);
                    assertThat(error <= bound)
                            .as("%s row %d column %d: error %s of %s", q, i, j, error, bound)
                            .isTrue();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void bitsDependNeitherOnThreadsNorOnOtherRows(Format format) {
        for (Problem q : List.of(
                new Problem(1, 1500, 700, false, 0),
                new Problem(5, 1111, 777, false, 1),
                new Problem(64, 6 * P + 5, 300, true, 0),
                new Problem(200, 2 * P, 129, false, 0))) {
            Parallel.threads(1);
            float[] alone = run(format, q, GemmPacking::pack, GemmPacked::product);
            for (int threads : new int[] {2, 3, 7}) {
                Parallel.threads(threads);
                assertThat(run(format, q, GemmPacking::pack, GemmPacked::product))
                        .as("%s on %d threads", q, threads)
                        .isEqualTo(alone);
            }
            assertThat(run(format, q, GemmPacking::pack, GemmPackedTest::rowByRow))
                    .as("%s row by row", q)
                    .isEqualTo(alone);
        }
    }

    private static void rowByRow(
            Format format, long m, long n, long k, long x, long ldx, long packed, long y, long ldy) {
        for (long i = 0; i < m; i++) {
            GemmPacked.product(format, 1, n, k, x + i * ldx * 4, ldx, packed, y + i * ldy * 4, ldy);
        }
    }

    @Test
    void bytesOfExtremeRows() {
        // Row by row: zeros, the largest magnitude negative, a tie on both sides (0.5 and 1.5 of a byte), not a number.
        float[] w = {0, 0, 0, 0, -127, 126, 1, 0, 127, 0.5f, 1.5f, -0.5f, Float.NaN, 1, 1, 1};
        try (KernelMemory memory = new KernelMemory()) {
            long packed = aligned(memory.floats(Math.toIntExact(GemmPacked.bytes(Format.INT8, 4, 4) / 4) + 16));
            GemmPacking.pack(Format.INT8, false, 4, 4, memory.of(w), 4, packed);
            long y = memory.floats(16);
            // One row of the identity a time gives the weights back.
            long identity = memory.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);
            GemmPacked.product(Format.INT8, 4, 4, 4, identity, 4, packed, y, 4);
            float nan = Float.NaN;
            assertThat(KernelMemory.read(y, 16))
                    .containsExactly(0, -127, 127, nan, 0, 126, 0, nan, 0, 1, 2, nan, 0, 0, 0, nan);
        }
    }

    @Test
    void halvesOfExtremeValues() {
        // A tie to even both ways, the largest f32 (rounds to infinity), infinities, not a number.
        float[] w = {
            1 + 0x1p-8f,
            1 + 3 * 0x1p-8f,
            Float.MAX_VALUE,
            Float.NEGATIVE_INFINITY,
            Float.NaN,
            Float.intBitsToFloat(0x7f800001)
        };
        try (KernelMemory memory = new KernelMemory()) {
            long packed = aligned(memory.floats(Math.toIntExact(GemmPacked.bytes(Format.BF16, 6, 1) / 4) + 16));
            GemmPacking.pack(Format.BF16, false, 6, 1, memory.of(w), 1, packed);
            long y = memory.floats(6);
            GemmPacked.product(Format.BF16, 1, 6, 1, memory.of(1), 1, packed, y, 6);
            float inf = Float.POSITIVE_INFINITY;
            assertThat(KernelMemory.read(y, 6)).containsExactly(1, 1 + 0x1p-6f, inf, -inf, Float.NaN, Float.NaN);
        }
    }
}
