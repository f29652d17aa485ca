package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.GemmKernels.V;
import static io.torrefy.tensor.internal.cpu.GemmPacked.PANEL;

import io.torrefy.tensor.PackedWeights.Format;

/// Lays out weights for [GemmPacked]: a panel is gathered as f32, then narrowed in the layout that its tiles read. The
/// columns past the edge of the last panel are zero.
final class GemmPacking {
    /// Steps of k gathered at a time: 128 KiB of f32.
    private static final int STEPS = 32 * 1024 / PANEL;
    private static final long STRIDE = PANEL * 4L;
    /// Greatest magnitude of a byte.
    private static final float LARGEST = 127;

    private GemmPacking() {}

    /// w (n, k), stored k x n if `transposed`, with rows `ldw` floats apart.
    static void pack(Format format, boolean transposed, long n, long k, long w, long ldw, long packed) {
        if (n == 0 || k == 0) {
            return;
        }
        if (!Mem.VECTOR) {
            GemmPackedScalar.pack(format, transposed, n, k, w, ldw, packed);
            return;
        }
        Source source = new Source(!transposed, k, w, ldw * 4);
        Parallel.run(Math.toIntExact(Math.ceilDiv(n, (long) PANEL)), panel -> {
            long j = (long) panel * PANEL;
            int cols = (int) Math.min(PANEL, n - j);
            long to = packed + j * k * GemmPacked.size(format);
            switch (format) {
                case F32 -> floats(source, j, cols, to);
                case BF16 -> halves(source, j, cols, to);
                case INT8 -> bytes(source, j, cols, to, GemmPacked.scalesAt(packed, n, k) + j * 4);
            }
        });
    }

    /// The weight, of which row j lies along k if `rows`.
    private record Source(boolean rows, long k, long address, long ld) {
        void gather(long j, int cols, long p, int kc, long to) {
            if (cols < PANEL) {
                zero(to, kc * STRIDE);
            }
            long from = rows ? address + j * ld + p * 4 : address + p * ld + j * 4;
            GemmPack.panel(rows, from, ld, cols, kc, to, STRIDE);
            if (rows && cols % V != 0) {
                clearColumns(to, cols, kc);
            }
        }

        /// A transposed block repeats its last row.
        private static void clearColumns(long to, int cols, int kc) {
            for (int p = 0; p < kc; p++) {
                for (int j = cols; j < PANEL; j++) {
                    Mem.f32(to + p * STRIDE + j * 4L, 0);
                }
            }
        }
    }

    private static void zero(long to, long bytes) {
        Mem.ALL.asSlice(to, bytes).fill((byte) 0);
    }

    private static void floats(Source source, long j, int cols, long to) {
        for (long p = 0; p < source.k; p += STEPS) {
            source.gather(j, cols, p, (int) Math.min(STEPS, source.k - p), to + p * STRIDE);
        }
    }

    private static void halves(Source source, long j, int cols, long to) {
        long wide = GemmF32.scratch().b(STEPS * STRIDE);
        for (long p = 0; p < source.k; p += STEPS) {
            int kc = (int) Math.min(STEPS, source.k - p);
            source.gather(j, cols, p, kc, wide);
            GemmHalfTiles.narrow(kc, wide, to + p * STRIDE / 2);
        }
    }

    private static void bytes(Source source, long j, int cols, long to, long scales) {
        GemmF32.Scratch scratch = GemmF32.scratch();
        long wide = scratch.b(STEPS * STRIDE);
        long factors = scratch.tile();
        zero(factors, STRIDE);
        for (long p = 0; p < source.k; p += STEPS) {
            int kc = (int) Math.min(STEPS, source.k - p);
            source.gather(j, cols, p, kc, wide);
            GemmByteTiles.maxima(kc, wide, factors);
        }
        for (int c = 0; c < PANEL; c++) {
            float largest = Mem.f32(factors + c * 4L);
            Mem.f32(scales + c * 4L, scale(largest));
            Mem.f32(factors + c * 4L, factor(largest));
        }
        for (long p = 0; p < source.k; p += STEPS) {
            int kc = (int) Math.min(STEPS, source.k - p);
            if (source.k > STEPS) {
                source.gather(j, cols, p, kc, wide);
            }
            GemmByteTiles.narrow(kc, wide, factors, to + p * STRIDE / 4);
        }
    }

    /// What a sum of bytes is to be multiplied with in a row whose greatest magnitude is given.
    static float scale(float largest) {
        return largest / LARGEST / GemmByteTiles.UNIT;
    }

    /// What turns a weight of the row into a byte.
    static float factor(float largest) {
        return largest > 0 ? LARGEST / largest : 0;
    }
}
