package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.DS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;

import jdk.incubator.vector.DoubleVector;

/// The f64 matrix product on one thread, for references and gradient checks: B in panels two vectors wide, four
/// rows of A at a time read in place. Leading dimensions in bytes.
record GemmF64(boolean ta, boolean tb, long k, int kBlock, long lda, long ldb, long ldc, boolean accumulate) {
    private static final int V = DS.length();
    private static final int NR = 2 * V;
    private static final int MR = 4;

    private static final ThreadLocal<double[]> PANEL = ThreadLocal.withInitial(() -> new double[Gemm.KC * NR]);
    private static final ThreadLocal<double[]> TILE = ThreadLocal.withInitial(() -> new double[MR * NR]);

    /// C (m x n at address c) from A and B at their first row and column of this block of C.
    void block(long m, long n, long a, long b, long c) {
        double[] panel = PANEL.get();
        double[] tile = TILE.get();
        long rowStep = ta ? 8 : lda;
        long kStep = ta ? lda : 8;
        for (long j = 0; j < n; j += NR) {
            int width = (int) Math.min(NR, n - j);
            for (long p = 0; p < k; p += kBlock) {
                int kc = (int) Math.min(kBlock, k - p);
                pack(tb ? b + j * ldb + p * 8 : b + p * ldb + j * 8, width, kc, panel);
                for (long i = 0; i < m; i += MR) {
                    int height = (int) Math.min(MR, m - i);
                    long from = a + i * rowStep + p * kStep;
                    if (height == MR) {
                        tile4(kc, from, rowStep, kStep, panel, tile);
                    } else {
                        for (int r = 0; r < height; r++) {
                            tile1(kc, from + r * rowStep, kStep, panel, tile, r * NR);
                        }
                    }
                    store(tile, height, width, c + i * ldc + j * 8, p > 0 || accumulate);
                }
            }
        }
    }

    private void pack(long b, int width, int kc, double[] panel) {
        long columnStep = tb ? ldb : 8;
        long kStep = tb ? 8 : ldb;
        for (int p = 0; p < kc; p++) {
            for (int j = 0; j < width; j++) {
                panel[p * NR + j] = Mem.f64(b + j * columnStep + p * kStep);
            }
        }
    }

    private static void tile4(int kc, long a, long rowStep, long kStep, double[] b, double[] t) {
        DoubleVector c0 = DoubleVector.zero(DS);
        DoubleVector d0 = c0;
        DoubleVector c1 = c0;
        DoubleVector d1 = c0;
        DoubleVector c2 = c0;
        DoubleVector d2 = c0;
        DoubleVector c3 = c0;
        DoubleVector d3 = c0;
        long row1 = a + rowStep;
        long row2 = row1 + rowStep;
        long row3 = row2 + rowStep;
        for (int p = 0; p < kc; p++) {
            DoubleVector b0 = DoubleVector.fromArray(DS, b, p * NR);
            DoubleVector b1 = DoubleVector.fromArray(DS, b, p * NR + V);
            long at = p * kStep;
            DoubleVector a0 = DoubleVector.broadcast(DS, Mem.f64(a + at));
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            DoubleVector a1 = DoubleVector.broadcast(DS, Mem.f64(row1 + at));
            c1 = a1.fma(b0, c1);
            d1 = a1.fma(b1, d1);
            DoubleVector a2 = DoubleVector.broadcast(DS, Mem.f64(row2 + at));
            c2 = a2.fma(b0, c2);
            d2 = a2.fma(b1, d2);
            DoubleVector a3 = DoubleVector.broadcast(DS, Mem.f64(row3 + at));
            c3 = a3.fma(b0, c3);
            d3 = a3.fma(b1, d3);
        }
        c0.intoArray(t, 0);
        d0.intoArray(t, V);
        c1.intoArray(t, NR);
        d1.intoArray(t, NR + V);
        c2.intoArray(t, 2 * NR);
        d2.intoArray(t, 2 * NR + V);
        c3.intoArray(t, 3 * NR);
        d3.intoArray(t, 3 * NR + V);
    }

    private static void tile1(int kc, long a, long kStep, double[] b, double[] t, int to) {
        DoubleVector c0 = DoubleVector.zero(DS);
        DoubleVector d0 = c0;
        for (int p = 0; p < kc; p++) {
            DoubleVector a0 = DoubleVector.broadcast(DS, Mem.f64(a + p * kStep));
            c0 = a0.fma(DoubleVector.fromArray(DS, b, p * NR), c0);
            d0 = a0.fma(DoubleVector.fromArray(DS, b, p * NR + V), d0);
        }
        c0.intoArray(t, to);
        d0.intoArray(t, to + V);
    }

    private void store(double[] tile, int height, int width, long c, boolean add) {
        for (int i = 0; i < height; i++) {
            for (int at = 0; at < width; at += V) {
                var mask = DS.indexInRange(at, width);
                long to = c + i * ldc + at * 8L;
                DoubleVector value = DoubleVector.fromArray(DS, tile, i * NR + at);
                if (add) {
                    value = DoubleVector.fromMemorySegment(DS, ALL, to, ORDER, mask)
                            .add(value);
                }
                value.intoMemorySegment(ALL, to, ORDER, mask);
            }
        }
    }
}
