package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.Philox4x32;
import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PhiloxTest {
    private final int threads = Parallel.threads();

    @AfterEach
    void restoreThreads() {
        Parallel.threads(threads);
    }

    private static int[] words(long seed, long stream, long position) {
        int[] out = new int[4];
        Philox4x32.words(seed, stream, position, out);
        return out;
    }

    /// The philox4x32 10 lines of Random123's kat_vectors.
    @Test
    void knownAnswers() {
        assertThat(words(0, 0, 0)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(words(-1, -1, -1)).containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        // counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0
        assertThat(words(0x299f31d0a4093822L, 0x0370734413198a2eL, 0x85a308d3243f6a88L))
                .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    @Test
    void uniformTakesTheWordsInOrder() {
        int n = 4 * PhiloxVectors.STEP + 11;
        long y = Buffers.bytes(8L * n);
        // the position carries into its high word on the way
        for (long offset : new long[] {8, (1L << 34) - 16}) {
            Philox.uniform(DType.F32, n, -42, -7, offset, y);
            for (int e = 0; e < n; e++) {
                int word = words(-42, -7, (offset + e) / 4)[e % 4];
                assertThat(Mem.f32(y + 4L * e)).isEqualTo((float) ((word >>> 8) / 16777216.0));
            }
        }
        Philox.uniform(DType.F64, 11, 42, 7, 8, y);
        for (int e = 0; e < 11; e++) {
            double top = (words(42, 7, (8 + e) / 4)[e % 4] & 0xffffffffL) / 4294967296.0;
            assertThat(Mem.f64(y + 8L * e)).isBetween(top, top + 0x1p-32);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64"})
    void aPartIsAPartOfTheWholeOnAnyNumberOfThreads(DType type) {
        int n = 3 * Blocks.SIZE + 3;
        int size = type.bytes();
        long y = Buffers.bytes((long) n * size);
        long part = Buffers.bytes(1000L * size);
        for (boolean normal : new boolean[] {false, true}) {
            byte[] first = null;
            for (int t : new int[] {1, 2, 3, 7}) {
                Parallel.threads(t);
                draw(normal, type, n, 0, y);
                byte[] bits = Buffers.bytes(y, n * size);
                first = first == null ? bits : first;
                assertThat(Arrays.equals(bits, first)).isTrue();
            }
            draw(normal, type, 999, 4096, part);
            assertThat(Buffers.bytes(part, 999 * size))
                    .isEqualTo(Arrays.copyOfRange(first, 4096 * size, (4096 + 999) * size));
        }
    }

    private static void draw(boolean normal, DType type, int n, long offset, long y) {
        if (normal) {
            Philox.normal(type, n, 123, 5, offset, y);
        } else {
            Philox.uniform(type, n, 123, 5, offset, y);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64"})
    void momentsAreThoseOfTheDistributions(DType type) {
        int n = 400_000;
        long y = Buffers.bytes(8L * n);
        Philox.uniform(type, n, 9, 1, 0, y);
        double[] u = moments(type, n, y);
        assertThat(u[0]).isCloseTo(0.5, Offset.offset(0.002));
        assertThat(u[1]).isCloseTo(1 / 3.0, Offset.offset(0.002));
        Philox.normal(type, n, 9, 1, 0, y);
        double[] z = moments(type, n, y);
        assertThat(z[0]).isCloseTo(0, Offset.offset(0.007));
        assertThat(z[1]).isCloseTo(1, Offset.offset(0.01));
        assertThat(z[3]).isCloseTo(3, Offset.offset(0.07));
        assertThat(z[4]).as("neighbours are independent").isCloseTo(0, Offset.offset(0.007));
    }

    private static double[] moments(DType type, int n, long y) {
        double[] sums = new double[5];
        double last = 0;
        for (int i = 0; i < n; i++) {
            double v = type == DType.F32 ? Mem.f32(y + 4L * i) : Mem.f64(y + 8L * i);
            assertThat(Double.isFinite(v)).isTrue();
            double power = 1;
            for (int k = 0; k < 4; k++) {
                power *= v;
                sums[k] += power / n;
            }
            sums[4] += v * last / n;
            last = v;
        }
        return sums;
    }
}
