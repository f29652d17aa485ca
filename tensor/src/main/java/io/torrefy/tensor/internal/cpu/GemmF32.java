package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.GemmTiles.MR;
import static io.torrefy.tensor.internal.cpu.GemmTiles.NR;
import static io.torrefy.tensor.internal.cpu.GemmTiles.V;
import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The f32 matrix product on one thread: panels packed for the caches (Goto and van de Geijn, "Anatomy of
/// High-Performance Matrix Multiplication", 2008; the loop order of BLIS) around the micro-kernels of [GemmTiles].
/// Leading dimensions in bytes.
///
/// @param kBlock the block of k; every element is the sum of its blocks in order, whatever else is blocked
record GemmF32(boolean ta, boolean tb, long k, int kBlock, long lda, long ldb, long ldc, boolean accumulate) {
    /// Rows of A packed at a time: with KC they fill about a third of a 1 MiB L2 cache.
    private static final int MC = 20 * MR;
    /// Columns of B packed at a time.
    private static final int NC = 64 * NR;

    private static final ThreadLocal<Buffers> BUFFERS = ThreadLocal.withInitial(Buffers::new);

    /// Panels of one thread, grown to the largest use.
    private static final class Buffers {
        private float[] a = new float[0];
        private float[] b = new float[0];
        private final float[] tile = new float[MR * NR];

        float[] a(int size) {
            if (a.length < size) {
                a = new float[size];
            }
            return a;
        }

        float[] b(int size) {
            if (b.length < size) {
                b = new float[size];
            }
            return b;
        }
    }

    /// C (m x n at address c) from A and B at their first row and column of this block of C.
    void block(long m, long n, long a, long b, long c) {
        Buffers buffers = BUFFERS.get();
        int mc = (int) Math.min(m, MC);
        int nc = (int) Math.min(n, NC);
        float[] packedA = buffers.a((mc + MR) * kBlock + V);
        float[] packedB = buffers.b((nc + NR) * kBlock + V);
        for (long j = 0; j < n; j += NC) {
            int cols = (int) Math.min(NC, n - j);
            for (long p = 0; p < k; p += kBlock) {
                int kc = (int) Math.min(kBlock, k - p);
                packB(tb ? b + j * ldb + p * 4 : b + p * ldb + j * 4, cols, kc, packedB);
                for (long i = 0; i < m; i += MC) {
                    int rows = (int) Math.min(MC, m - i);
                    packA(ta ? a + p * lda + i * 4 : a + i * lda + p * 4, rows, kc, packedA);
                    panels(rows, cols, kc, packedA, packedB, buffers.tile, c + i * ldc + j * 4, p > 0 || accumulate);
                }
            }
        }
    }

    private void packA(long a, int rows, int kc, float[] to) {
        long step = ta ? 4 : lda;
        for (int i = 0; i < rows; i += MR) {
            int height = Math.min(MR, rows - i);
            GemmPack.a(ta, a + i * step, lda, height, GemmTiles.height(height), kc, to, i * kc);
        }
    }

    private void packB(long b, int cols, int kc, float[] to) {
        long step = tb ? ldb : 4;
        for (int j = 0; j < cols; j += NR) {
            GemmPack.b(tb, b + j * step, ldb, Math.min(NR, cols - j), kc, to, j * kc);
        }
    }

    private void panels(int rows, int cols, int kc, float[] a, float[] b, float[] tile, long c, boolean add) {
        for (int j = 0; j < cols; j += NR) {
            int width = Math.min(NR, cols - j);
            for (int i = 0; i < rows; i += MR) {
                int height = Math.min(MR, rows - i);
                GemmTiles.run(GemmTiles.height(height), width > V, kc, a, i * kc, b, j * kc, tile);
                store(tile, height, width, c + i * ldc + j * 4L, ldc, add);
            }
        }
    }

    private static void store(float[] tile, int height, int width, long c, long ldc, boolean add) {
        if (width == NR) {
            if (add) {
                addWide(tile, height, c, ldc);
            } else {
                storeWide(tile, height, c, ldc);
            }
        } else {
            int at = 0;
            if (width >= V) {
                storeEdge(tile, 0, height, FS.maskAll(true), c, ldc, add);
                at = V;
            }
            if (width > at) {
                storeEdge(tile, at, height, FS.indexInRange(at, width), c + at * 4L, ldc, add);
            }
        }
    }

    private static void storeWide(float[] tile, int height, long c, long ldc) {
        for (int i = 0; i < height; i++) {
            long row = c + i * ldc;
            FloatVector.fromArray(FS, tile, i * NR).intoMemorySegment(ALL, row, ORDER);
            FloatVector.fromArray(FS, tile, i * NR + V).intoMemorySegment(ALL, row + V * 4L, ORDER);
        }
    }

    private static void addWide(float[] tile, int height, long c, long ldc) {
        for (int i = 0; i < height; i++) {
            long row = c + i * ldc;
            long next = row + V * 4L;
            Mem.load(row).add(FloatVector.fromArray(FS, tile, i * NR)).intoMemorySegment(ALL, row, ORDER);
            Mem.load(next).add(FloatVector.fromArray(FS, tile, i * NR + V)).intoMemorySegment(ALL, next, ORDER);
        }
    }

    private static void storeEdge(
            float[] tile, int at, int height, VectorMask<Float> mask, long c, long ldc, boolean add) {
        for (int i = 0; i < height; i++) {
            long row = c + i * ldc;
            FloatVector value = FloatVector.fromArray(FS, tile, at + i * NR);
            if (add) {
                value = FloatVector.fromMemorySegment(FS, ALL, row, ORDER, mask).add(value);
            }
            value.intoMemorySegment(ALL, row, ORDER, mask);
        }
    }
}
