package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.GemmKernels.MR;
import static io.torrefy.tensor.internal.cpu.GemmKernels.NR;
import static io.torrefy.tensor.internal.cpu.GemmKernels.V;
import static io.torrefy.tensor.internal.cpu.GemmKernels.VECTORS;
import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The f32 matrix product on one thread, blocked for the caches (Goto and van de Geijn, "Anatomy of
/// High-Performance Matrix Multiplication", 2008) around the micro-kernels of [GemmKernels]. A is read in place; B
/// is packed into panels NR columns wide unless few rows would use them. Leading dimensions in bytes.
///
/// @param kBlock the block of k; every element is the sum of its blocks in order, whatever else is blocked
record GemmF32(boolean ta, boolean tb, long k, int kBlock, long lda, long ldb, long ldc, boolean accumulate) {
    /// Floats of A that stay in a 1 MiB L2 cache while panels of B pass.
    private static final int A_BLOCK = 144 * 1024;
    /// Columns of B packed at a time.
    private static final int NC = 32 * NR;
    private static final long TILE_ROW = NR * 4L;
    /// Rows of C up to which a row-major B is read in place.
    private static final int B_IN_PLACE_ROWS = 96;
    /// Columns of C from which blocks of A are copied together, so that their lines do not compete for places in
    /// the caches.
    private static final int A_COPIED_COLUMNS = 512;
    /// The same for a transposed A, which is read across its rows.
    private static final int TRANSPOSED_A_COPIED_COLUMNS = 128;
    /// A transposed A whose rows lie a multiple of this many bytes apart is always copied: its lines would compete
    /// for so few places in the L2 cache that each tile reads them anew.
    private static final int CONFLICTING_STRIDE = 1024;

    /// Columns whose sums stay in the L1 cache while rows of B pass.
    private static final int ROW_COLUMNS = 4096;
    /// Columns from which one row reads B along its rows.
    private static final int ROW_LEAST_COLUMNS = 512;

    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /// Memory of one thread, grown to its largest use.
    static final class Scratch {
        private final MemorySegment tile = Arena.ofAuto().allocate(MR * Math.max(NR, GemmPacked.PANEL) * 4L, 64);
        final Rows rows = new Rows();
        private MemorySegment b = MemorySegment.NULL;
        private MemorySegment a = MemorySegment.NULL;

        long tile() {
            return tile.address();
        }

        long b(long bytes) {
            if (b.byteSize() < bytes) {
                b = Arena.ofAuto().allocate(bytes, 64);
            }
            return b.address();
        }

        long a(long bytes) {
            if (a.byteSize() < bytes) {
                a = Arena.ofAuto().allocate(bytes, 64);
            }
            return a.address();
        }
    }

    static Scratch scratch() {
        return SCRATCH.get();
    }

    /// Rows of A that stay in the cache together.
    int rowsOfA() {
        return Math.max(MR, A_BLOCK / kBlock / MR * MR);
    }

    /// C (m x n at address c) from A and B at their first row and column of this block of C.
    void block(long m, long n, long a, long b, long c) {
        if (m == 1 && (tb ? !ta && GemmRow.fits() : n >= ROW_LEAST_COLUMNS)) {
            long whole = n / V * V;
            if (tb) {
                rowByRows(whole, a, b, c);
            } else {
                rowByColumns(whole, a, b, c);
            }
            packed(1, n - whole, a, bAt(b, 0, whole), c + whole * 4);
        } else if (!tb && m <= B_IN_PLACE_ROWS) {
            blockInPlace((int) m, n, a, b, c);
        } else {
            packed(m, n, a, b, c);
        }
    }

    /// The same with B packed.
    private void packed(long m, long n, long a, long b, long c) {
        Scratch scratch = SCRATCH.get();
        int mc = rowsOfA();
        boolean copyA = ta
                ? n >= TRANSPOSED_A_COPIED_COLUMNS || m > MR && lda % CONFLICTING_STRIDE == 0
                : n >= A_COPIED_COLUMNS && m > mc;
        // A panel that meets all rows at once is used up at once: one is enough, and stays in the L1 or L2 cache.
        int nc = m <= mc && !copyA ? NR : NC;
        for (long j = 0; j < n; j += nc) {
            int cols = (int) Math.min(nc, n - j);
            for (long p = 0; p < k; p += kBlock) {
                int kc = (int) Math.min(kBlock, k - p);
                long panels = packB(bAt(b, p, j), cols, kc, scratch);
                for (long i = 0; i < m; i += mc) {
                    int rows = (int) Math.min(mc, m - i);
                    Rows block = scratch.rows.set(
                            rows, kc, ta ? a + i * 4 + p * lda : a + i * lda + p * 4, ta ? 4 : lda, ta ? lda : 4);
                    if (copyA) {
                        copy(block, scratch);
                    }
                    for (int q = 0; q < cols; q += NR) {
                        long to = c + i * ldc + (j + q) * 4;
                        panel(
                                block,
                                Math.min(NR, cols - q),
                                panels + q * kc * 4L,
                                NR * 4L,
                                to,
                                p > 0 || accumulate,
                                scratch.tile());
                    }
                }
            }
        }
    }

    /// The same for few rows and a row-major B: whole panels are read where they are.
    private void blockInPlace(int m, long n, long a, long b, long c) {
        Scratch scratch = SCRATCH.get();
        for (long j = 0; j < n; j += NR) {
            int cols = (int) Math.min(NR, n - j);
            for (long p = 0; p < k; p += kBlock) {
                int kc = (int) Math.min(kBlock, k - p);
                Rows block = scratch.rows.set(m, kc, ta ? a + p * lda : a + p * 4, ta ? 4 : lda, ta ? lda : 4);
                boolean whole = cols == NR;
                long from = whole ? bAt(b, p, j) : packB(bAt(b, p, j), cols, kc, scratch);
                panel(block, cols, from, whole ? ldb : NR * 4L, c + j * 4, p > 0 || accumulate, scratch.tile());
            }
        }
    }

    /// The same for one row and a row-major B of whole vectors of columns.
    private void rowByColumns(long n, long a, long b, long c) {
        long aStep = ta ? lda : 4;
        long scratch = SCRATCH.get().b(ROW_COLUMNS * 4L);
        for (long j = 0; j < n; j += ROW_COLUMNS) {
            int cols = (int) Math.min(ROW_COLUMNS, n - j);
            for (long p = 0; p < k; p += kBlock) {
                boolean add = p > 0 || accumulate;
                long sums = add ? scratch : c + j * 4;
                ALL.asSlice(sums, cols * 4L).fill((byte) 0);
                long q = p;
                long end = Math.min(k, p + kBlock);
                for (; q + GemmRow.ROWS <= end; q += GemmRow.ROWS) {
                    GemmRow.eight(cols, a + q * aStep, aStep, bAt(b, q, j), ldb, sums);
                }
                for (; q < end; q++) {
                    GemmRow.one(cols, Mem.f32(a + q * aStep), bAt(b, q, j), sums);
                }
                if (add) {
                    GemmRow.one(cols, 1, sums, c + j * 4);
                }
            }
        }
    }

    /// The same for one row and a transposed B of whole vectors of columns.
    private void rowByRows(long n, long a, long b, long c) {
        long tile = SCRATCH.get().tile();
        for (long j = 0; j < n; j += GemmRow.LANES) {
            for (long p = 0; p < k; p += kBlock) {
                int kc = (int) Math.min(kBlock, k - p);
                int whole = kc / GemmRow.LANES * GemmRow.LANES;
                boolean add = p > 0 || accumulate;
                long to = c + j * 4;
                long sums = add ? tile : to;
                GemmRow.sixteen(whole, a + p * 4, bAt(b, p, j), ldb, sums);
                if (whole < kc) {
                    GemmRow.rest(whole, kc, a + p * 4, bAt(b, p, j), ldb, sums);
                }
                if (add) {
                    store(tile, TILE_ROW, 1, GemmRow.LANES, to, true);
                }
            }
        }
    }

    /// A block of rows of A: its address and strides in bytes. One a thread, set anew for each block, so that
    /// nothing is allocated.
    static final class Rows {
        int rows;
        int kc;
        long address;
        long rowStride;
        long kStride;

        Rows set(int rows, int kc, long address, long rowStride, long kStride) {
            this.rows = rows;
            this.kc = kc;
            this.address = address;
            this.rowStride = rowStride;
            this.kStride = kStride;
            return this;
        }
    }

    private long bAt(long b, long p, long j) {
        return tb ? b + j * ldb + p * 4 : b + p * ldb + j * 4;
    }

    /// Moves the block to memory of its own, whose rows are a line longer than it need be so that rows do not meet
    /// in the same cache set.
    void copy(Rows from, Scratch scratch) {
        int length = ta ? from.rows : from.kc;
        int count = ta ? from.kc : from.rows;
        long stride = Math.ceilDiv(length, 16) * 64L + 64;
        long to = scratch.a(count * stride);
        GemmPack.rows(from.address, lda, count, length, to, stride);
        from.set(from.rows, from.kc, to, ta ? 4 : stride, ta ? stride : 4);
    }

    private long packB(long b, int cols, int kc, Scratch scratch) {
        long to = scratch.b(Math.ceilDiv(cols, NR) * NR * 4L * kc);
        long step = tb ? ldb : 4;
        for (int j = 0; j < cols; j += NR) {
            GemmPack.panel(tb, b + j * step, ldb, Math.min(NR, cols - j), kc, to + j * kc * 4L, TILE_ROW);
        }
        return to;
    }

    /// `cols` columns of C from a panel of B.
    void panel(Rows a, int cols, long b, long bStride, long c, boolean add, long tile) {
        for (int q = 0; q < cols; ) {
            int vectors = vectors(cols - q);
            int width = Math.min(vectors * V, cols - q);
            for (int i = 0; i < a.rows; ) {
                int height = height(a.rows - i);
                long row = a.address + i * a.rowStride;
                long to = c + i * ldc + q * 4L;
                boolean direct = !add && width == vectors * V;
                GemmKernels.run(
                        height,
                        vectors,
                        a.kc,
                        row,
                        a.rowStride,
                        a.kStride,
                        b + q * 4L,
                        bStride,
                        direct ? to : tile,
                        direct ? ldc : TILE_ROW);
                if (!direct) {
                    store(tile, TILE_ROW, height, width, to, add);
                }
                i += height;
            }
            q += width;
        }
    }

    /// Vectors of the widest tile that `cols` columns fill, or 1.
    private static int vectors(int cols) {
        return cols > 3 * V && VECTORS == 4 ? 4 : cols > V ? 2 : 1;
    }

    /// Rows of the tile that begins on the last `rows` rows.
    private static int height(int rows) {
        return rows >= MR && rows != 8 ? MR : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
    }

    /// Stores or adds a tile to C.
    void store(long tile, long tileRow, int height, int width, long c, boolean add) {
        if (add && width == NR) {
            addWhole(tile, tileRow, height, c);
            return;
        }
        for (int j = 0; j < width; j += V) {
            storeVector(tile + j * 4L, tileRow, height, FS.indexInRange(j, width), c + j * 4L, add);
        }
    }

    private void addWhole(long tile, long tileRow, int height, long c) {
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < NR; j += V) {
                long to = c + i * ldc + j * 4L;
                fromMemorySegment(FS, ALL, to, ORDER)
                        .add(fromMemorySegment(FS, ALL, tile + i * tileRow + j * 4L, ORDER))
                        .intoMemorySegment(ALL, to, ORDER);
            }
        }
    }

    private void storeVector(long tile, long tileRow, int height, VectorMask<Float> mask, long c, boolean add) {
        for (int i = 0; i < height; i++) {
            long to = c + i * ldc;
            FloatVector value = fromMemorySegment(FS, ALL, tile + i * tileRow, ORDER);
            if (add) {
                value = FloatVector.fromMemorySegment(FS, ALL, to, ORDER, mask).add(value);
            }
            value.intoMemorySegment(ALL, to, ORDER, mask);
        }
    }
}
