package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;

/// Matrix products: how the work is split over threads; [GemmF32] and [GemmF64] do it.
///
/// An element of C is the sum over blocks of k, in order, of sums of fused multiply-adds along k. The blocks depend
/// on k alone, so the bits depend neither on the number of threads, nor on m and n: a row computed alone is the row
/// computed in a batch.
final class Gemm {
    /// Largest block of k. Each further block costs another pass over C; a deeper one outgrows the L2 cache.
    static final int KC = 1024;
    /// Multiply-adds below which handing out a task costs more than it gains.
    private static final long MIN_TASK = 200_000;
    /// Multiply-adds from which a task may be cut further, so that a thread that was held up leaves its share to
    /// others.
    private static final long LARGE_TASK = 8_000_000;

    private Gemm() {}

    static void gemm(
            DType type,
            boolean ta,
            boolean tb,
            long m,
            long n,
            long k,
            long a,
            long lda,
            long aBatch,
            long b,
            long ldb,
            long bBatch,
            long c,
            long ldc,
            long cBatch,
            long batch,
            boolean accumulate) {
        if (m == 0 || n == 0 || batch == 0) {
            return;
        }
        if (k == 0) {
            if (!accumulate) {
                clear(type, m, n, c, ldc, cBatch, batch);
            }
            return;
        }
        if (!Mem.VECTOR) {
            GemmScalar.gemm(type, ta, tb, m, n, k, a, lda, aBatch, b, ldb, bBatch, c, ldc, cBatch, batch, accumulate);
            return;
        }
        int size = type.bytes();
        BlockProduct product = type == DType.F32
                ? new GemmF32(ta, tb, k, blockOfK(k), lda * size, ldb * size, ldc * size, accumulate)::block
                : new GemmF64(ta, tb, k, blockOfK(k), lda * size, ldb * size, ldc * size, accumulate)::block;
        Grid grid = Grid.of(m, n, k, batch, Parallel.threads());
        if (grid.tasks() == 1) {
            // No object for the task.
            for (long z = 0; z < batch; z++) {
                product.run(m, n, a + z * aBatch * size, b + z * bBatch * size, c + z * cBatch * size);
            }
            return;
        }
        long aRow = (ta ? 1 : lda) * size;
        long bColumn = (tb ? ldb : 1) * size;
        Parallel.run(grid.tasks(), task -> {
            long cell = task % grid.cells();
            long i0 = cell % grid.gridRows() * grid.rows();
            long j0 = cell / grid.gridRows() * grid.columns();
            long rows = Math.min(grid.rows(), m - i0);
            long columns = Math.min(grid.columns(), n - j0);
            long first = task / grid.cells() * grid.matrices();
            long end = Math.min(batch, first + grid.matrices());
            for (long z = first; z < end; z++) {
                product.run(
                        rows,
                        columns,
                        a + z * aBatch * size + i0 * aRow,
                        b + z * bBatch * size + j0 * bColumn,
                        c + (z * cBatch + i0 * ldc + j0) * size);
            }
        });
    }

    @FunctionalInterface
    private interface BlockProduct {
        void run(long m, long n, long a, long b, long c);
    }

    /// Equal blocks of at most KC, so that no short one is left over.
    static int blockOfK(long k) {
        long blocks = Math.ceilDiv(k, (long) KC);
        return (int) Math.ceilDiv(k, blocks);
    }

    private static void clear(DType type, long m, long n, long c, long ldc, long cBatch, long batch) {
        for (long z = 0; z < batch; z++) {
            for (long i = 0; i < m; i++) {
                Mem.ALL
                        .asSlice(c + (z * cBatch + i * ldc) * type.bytes(), n * type.bytes())
                        .fill((byte) 0);
            }
        }
    }

    /// Which part of the problem a task does: `matrices` of the batch at a time, each cut into a grid of `rows` x
    /// `columns` cells.
    record Grid(long gridRows, long gridColumns, long rows, long columns, long matrices, long groups) {
        long cells() {
            return gridRows * gridColumns;
        }

        int tasks() {
            return Math.toIntExact(cells() * groups);
        }

        static Grid of(long m, long n, long k, long batch, int threads) {
            long whole = m * n * k;
            long wanted = Math.min(4L * threads, whole * batch / MIN_TASK);
            if (threads == 1 || wanted <= 1) {
                return new Grid(1, 1, m, n, batch, 1);
            }
            if (batch >= threads) {
                long matrices = Math.ceilDiv(batch, Math.min(wanted, batch));
                return new Grid(1, 1, m, n, matrices, Math.ceilDiv(batch, matrices));
            }
            long cells = Math.max(Math.min(wanted, threads), Math.min(4L * threads, whole * batch / LARGE_TASK));
            return cut(m, n, Math.ceilDiv(cells, batch), batch);
        }

        /// The grid of about `cells` cells whose largest cell costs least, packing included.
        private static Grid cut(long m, long n, long cells, long batch) {
            long tilesDown = Math.ceilDiv(m, (long) GemmKernels.MR);
            long tilesAcross = Math.ceilDiv(n, (long) GemmKernels.NR);
            long best = Long.MAX_VALUE;
            long bestDown = 1;
            long bestAcross = 1;
            for (long across = 1; across <= Math.min(cells, tilesAcross); across++) {
                long down = Math.min(tilesDown, Math.ceilDiv(cells, across));
                long rows = Math.ceilDiv(tilesDown, down) * GemmKernels.MR;
                long columns = Math.ceilDiv(tilesAcross, across) * GemmKernels.NR;
                long cost = rows * columns + 4 * (rows + columns);
                if (cost < best) {
                    best = cost;
                    bestDown = down;
                    bestAcross = across;
                }
            }
            long rows = Math.ceilDiv(tilesDown, bestDown) * GemmKernels.MR;
            long columns = Math.ceilDiv(tilesAcross, bestAcross) * GemmKernels.NR;
            return new Grid(Math.ceilDiv(m, rows), Math.ceilDiv(n, columns), rows, columns, 1, batch);
        }
    }
}
