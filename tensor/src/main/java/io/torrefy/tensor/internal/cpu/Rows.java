package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// What the kernels that work row by row share: fixed blocks of rows, masked access to the tail of a row, and scratch
/// memory that lives as long as its thread.
final class Rows {
    /// Lanes of a vector.
    static final int L = Mem.FS.length();

    /// Columns that a row is cut into where a sum in f32 lanes would grow too long: a lane then adds 64 to 256
    /// values, and the sums of the pieces meet in double.
    static final int PIECE = 4096;

    private static final int BLOCK = 1 << 15;
    private static final int PARTIALS = 64;
    private static final int PARTIAL_ROWS = 16;
    private static final ThreadLocal<MemorySegment> SCRATCH = ThreadLocal.withInitial(() -> MemorySegment.NULL);
    private static volatile MemorySegment zeros = MemorySegment.NULL;
    private static volatile MemorySegment ones = MemorySegment.NULL;

    private Rows() {}

    /// Rows `first .. first + count - 1`, the block `index`.
    interface Body {
        void run(int index, long first, long count);
    }

    /// Runs the body over blocks of about 32k elements.
    static void run(long rows, long n, Body body) {
        blocks(rows, Math.max(1, BLOCK / Math.max(1, n)), body);
    }

    /// Runs the body over the blocks of `partialBlocks`.
    static void runPartials(long rows, long n, Body body) {
        blocks(rows, partialRows(rows, n), body);
    }

    /// Number of blocks where every block leaves a partial result of n columns: few enough for adding them up to be
    /// cheap.
    static int partialBlocks(long rows, long n) {
        return (int) Math.ceilDiv(rows, partialRows(rows, n));
    }

    private static long partialRows(long rows, long n) {
        long atLeast = Math.max(PARTIAL_ROWS, BLOCK / Math.max(1, n));
        return Math.max(atLeast, Math.ceilDiv(rows, PARTIALS));
    }

    /// Runs the body over blocks of `size` rows.
    static void blocks(long rows, long size, Body body) {
        if (rows <= size) {
            if (rows > 0) {
                body.run(0, 0, rows);
            }
            return;
        }
        int blocks = Math.toIntExact(Math.ceilDiv(rows, size));
        Parallel.run(blocks, i -> body.run(i, i * size, Math.min(size, rows - i * size)));
    }

    // ---- tails -------------------------------------------------------------------------------------------------

    /// The part of a row of n columns that whole vectors cover.
    static int whole(int n) {
        return n - n % L;
    }

    /// The part that four vectors at a time cover.
    static int whole4(int n) {
        return n - n % (4 * L);
    }

    /// The lanes below `count`, for 0 < count < L.
    static VectorMask<Float> below(int count) {
        return VectorMask.fromLong(Mem.FS, (1L << count) - 1);
    }

    static void clear(long y, int n) {
        FloatVector zero = FloatVector.zero(Mem.FS);
        int i = 0;
        for (int end = whole(n); i < end; i += L) {
            zero.intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        if (i < n) {
            zero.intoMemorySegment(ALL, y + 4L * i, ORDER, below(n - i));
        }
    }

    /// `y[j]` = sum over rows of `x[row, j]`, in the order of rows; 0 for no rows.
    static void addRows(int rows, int n, long x, long y) {
        int i = 0;
        for (int end = whole(n); i < end; i += L) {
            FloatVector sum = FloatVector.zero(Mem.FS);
            for (int r = 0; r < rows; r++) {
                sum = sum.add(fromMemorySegment(FS, ALL, x + 4L * n * r + 4L * i, ORDER));
            }
            sum.intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        if (i < n) {
            VectorMask<Float> tail = below(n - i);
            FloatVector sum = FloatVector.zero(Mem.FS);
            for (int r = 0; r < rows; r++) {
                sum = sum.add(fromMemorySegment(FS, ALL, x + 4L * n * r + 4L * i, ORDER, tail));
            }
            sum.intoMemorySegment(ALL, y + 4L * i, ORDER, tail);
        }
    }

    // ---- scratch -----------------------------------------------------------------------------------------------

    /// This thread's scratch, 64-byte aligned and uninitialised; the next call on the same thread gives the same
    /// memory.
    static long scratch(long floats) {
        long bytes = floats * Float.BYTES;
        MemorySegment held = SCRATCH.get();
        if (held.byteSize() < bytes) {
            held = Arena.ofAuto().allocate(Math.max(1 << 12, Long.highestOneBit(bytes) * 2), 64);
            SCRATCH.set(held);
        }
        return held.address();
    }

    /// A row of n zeros that nobody writes.
    static long zeros(long n) {
        MemorySegment held = zeros;
        return held.byteSize() >= n * Float.BYTES ? held.address() : growZeros(n);
    }

    /// A row of n ones that nobody writes: an absent weight.
    static long ones(long n) {
        MemorySegment held = ones;
        return held.byteSize() >= n * Float.BYTES ? held.address() : growOnes(n);
    }

    private static synchronized long growZeros(long n) {
        zeros = constant(n, 0f);
        return zeros.address();
    }

    private static synchronized long growOnes(long n) {
        ones = constant(n, 1f);
        return ones.address();
    }

    /// Never freed, because kernels hold its bare address; it grows by doubling, so what is left behind stays
    /// small.
    private static MemorySegment constant(long n, float value) {
        long count = Math.max(1024, Long.highestOneBit(n) * 2);
        MemorySegment segment = Arena.global().allocate(count * Float.BYTES, 64);
        for (long i = 0; i < count; i++) {
            segment.setAtIndex(Mem.F32, i, value);
        }
        return segment;
    }
}
