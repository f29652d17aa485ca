package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.GemmKernels.V;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.PackedWeights.Format;
import io.torrefy.tensor.internal.cpu.GemmF32.Rows;

/// Products with weights that were packed beforehand: `y = x w^T` where w (n, k) lies in panels of [#PANEL] of its
/// rows, step by step of k. A row of x then streams through the weights forwards, once.
///
/// Every element is summed as [Gemm] sums it, so F32 gives the bits of the plain product, and the smaller formats
/// those of a plain product with the values they stand for, which their tiles widen in registers ([GemmHalfTiles],
/// [GemmByteTiles]).
final class GemmPacked {
    /// Rows of the weight in a panel, four vectors side by side.
    static final int PANEL = 4 * V;
    /// What reading a weight costs, in multiply-adds: below so many rows the memory decides.
    private static final int STREAM_ROWS = 6;

    private GemmPacked() {}

    /// Bytes of a weight of the format.
    static int size(Format format) {
        return switch (format) {
            case F32 -> 4;
            case BF16 -> 2;
            case INT8 -> 1;
        };
    }

    static long bytes(Format format, long n, long k) {
        long padded = Math.ceilDiv(n, (long) PANEL) * PANEL;
        return Math.addExact(
                Math.multiplyExact(Math.multiplyExact(padded, k), (long) size(format)), scales(format, padded));
    }

    /// Bytes of the scales, which follow the panels.
    private static long scales(Format format, long padded) {
        return format == Format.INT8 ? 4 * padded : 0;
    }

    /// Address of the scales of an INT8 pack.
    static long scalesAt(long packed, long n, long k) {
        return packed + Math.ceilDiv(n, (long) PANEL) * PANEL * k;
    }

    /// x (m, k) with rows `ldx` floats apart, y (m, n) with rows `ldy` floats apart.
    static void product(Format format, long m, long n, long k, long x, long ldx, long packed, long y, long ldy) {
        if (m == 0 || n == 0) {
            return;
        }
        if (k == 0) {
            Gemm.gemm(DType.F32, false, true, m, n, 0, x, ldx, 0, packed, 0, 0, y, ldy, 0, 1, false);
            return;
        }
        if (!Mem.VECTOR) {
            GemmPackedScalar.product(format, m, n, k, x, ldx, packed, y, ldy);
            return;
        }
        Job job = Job.of(format, n, k, packed, ldx, ldy);
        Gemm.Grid grid = Gemm.Grid.of(m, n, k * Math.max(1, STREAM_ROWS / m), 1, Parallel.threads());
        if (grid.tasks() == 1) {
            job.cell(m, 0, n, x, y);
            return;
        }
        long columns = Math.ceilDiv(grid.columns(), (long) PANEL) * PANEL;
        long across = Math.ceilDiv(n, columns);
        Parallel.run(Math.toIntExact(across * grid.gridRows()), task -> {
            long i0 = task / across * grid.rows();
            long j0 = task % across * columns;
            job.cell(Math.min(grid.rows(), m - i0), j0, Math.min(n, j0 + columns), x + i0 * ldx * 4, y + i0 * ldy * 4);
        });
    }

    /// A product whose parts are done one by one, on any threads.
    record Job(Format format, long n, long k, long packed, GemmF32 gemm) {
        static Job of(Format format, long n, long k, long packed, long ldx, long ldy) {
            GemmF32 gemm = new GemmF32(false, true, k, Gemm.blockOfK(k), ldx * 4, 0, ldy * 4, false);
            return new Job(format, n, k, packed, gemm);
        }

        /// Rows of x and y from the given addresses on, columns j0 <= j < j1 of which j0 begins a panel.
        void cell(long m, long j0, long j1, long x, long y) {
            GemmF32.Scratch scratch = GemmF32.scratch();
            int mc = gemm.rowsOfA();
            for (long p = 0; p < k; p += gemm.kBlock()) {
                int kc = (int) Math.min(gemm.kBlock(), k - p);
                for (long i = 0; i < m; i += mc) {
                    int rows = (int) Math.min(mc, m - i);
                    Rows block = scratch.rows.set(rows, kc, x + i * gemm.lda() + p * 4, gemm.lda(), 4);
                    if (m > mc) {
                        gemm.copy(block, scratch);
                    }
                    columns(block, j0, j1, p, y + i * gemm.ldc(), scratch);
                }
            }
            if (format == Format.INT8) {
                scale(m, j0, j1, y);
            }
        }

        private void columns(Rows rows, long j0, long j1, long p, long y, GemmF32.Scratch scratch) {
            for (long j = j0; j < j1; ) {
                if (rows.rows == 1 && j1 - j > PANEL) {
                    int cols = (int) Math.min(2 * PANEL, j1 - j);
                    pair(cols, rows.kc, j, p, rows.address, y + j * 4, scratch.tile());
                    j += cols;
                } else {
                    int cols = (int) Math.min(PANEL, j1 - j);
                    panel(rows, cols, j, p, y + j * 4, scratch);
                    j += cols;
                }
            }
        }

        /// `cols` columns of y from j on, with the steps of k from p on.
        private void panel(Rows rows, int cols, long j, long p, long y, GemmF32.Scratch scratch) {
            long from = at(j, p);
            long tile = scratch.tile();
            if (format == Format.F32) {
                gemm.panel(rows, cols, from, PANEL * 4L, y, p > 0, tile);
                return;
            }
            boolean direct = p == 0 && cols == PANEL;
            for (int i = 0; i < rows.rows; ) {
                int height = height(rows.rows - i);
                long a = rows.address + i * rows.rowStride;
                long to = y + i * gemm.ldc();
                long c = direct ? to : tile;
                long cRow = direct ? gemm.ldc() : PANEL * 4L;
                if (format == Format.BF16) {
                    GemmHalfTiles.run(height, rows.kc, a, rows.rowStride, from, c, cRow);
                } else {
                    GemmByteTiles.run(height, rows.kc, a, rows.rowStride, from, c, cRow);
                }
                if (!direct) {
                    gemm.store(tile, PANEL * 4L, height, cols, to, p > 0);
                }
                i += height;
            }
        }

        /// One row, `cols` columns of the two panels from j on.
        private void pair(int cols, int kc, long j, long p, long x, long y, long tile) {
            boolean direct = p == 0 && cols == 2 * PANEL;
            long to = direct ? y : tile;
            long first = at(j, p);
            long second = at(j + PANEL, p);
            switch (format) {
                case F32 -> GemmKernels.pair(kc, x, 4, first, second, PANEL * 4L, to);
                case BF16 -> GemmHalfTiles.pair(kc, x, first, second, to);
                case INT8 -> GemmByteTiles.pair(kc, x, first, second, to);
            }
            if (!direct) {
                gemm.store(tile, 0, 1, cols, y, p > 0);
            }
        }

        private long at(long j, long p) {
            return packed + (j * k + p * PANEL) * size(format);
        }

        /// Rows of the tile that begins on the last `rows` rows, for registers that hold four rows of sums or
        /// two.
        private static int height(int rows) {
            return rows >= 4 && GemmKernels.VECTORS == 4 ? 4 : rows >= 2 ? 2 : 1;
        }

        private void scale(long m, long j0, long j1, long y) {
            long scales = scalesAt(packed, n, k);
            for (long i = 0; i < m; i++) {
                GemmByteTiles.scale((int) (j1 - j0), scales + j0 * 4, y + i * gemm.ldc() + j0 * 4);
            }
        }
    }
}
