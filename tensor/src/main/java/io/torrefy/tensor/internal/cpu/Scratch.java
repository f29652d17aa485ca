package io.torrefy.tensor.internal.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Small buffers of one thread: whole vectors for the tail of a row, and chunks into which strided operands are packed.
/// A kernel that uses one must not call another that uses the same one.
final class Scratch {
    /// Elements of a chunk.
    static final int CHUNK = 1024;

    private static final int TAIL_BYTES = 256;
    private static final ThreadLocal<Scratch> LOCAL = ThreadLocal.withInitial(Scratch::new);

    private final MemorySegment memory =
            Arena.ofAuto().allocate(4 * TAIL_BYTES + 4L * CHUNK * Double.BYTES, TAIL_BYTES);
    private final long base = memory.address();

    /// One vector on the heap: to C2 an access to it is a tenth of one to `tail`, where that counts.
    final float[] lanes = new float[Mem.FS.length()];

    final double[] doubles = new double[CHUNK];
    final long[] longs = new long[CHUNK];

    private Scratch() {}

    static Scratch get() {
        return LOCAL.get();
    }

    /// Address of tail buffer `k` (0 .. 3): room for one vector of any width.
    long tail(int k) {
        return base + (long) k * TAIL_BYTES;
    }

    /// Address of chunk `k` (0 .. 3): room for `CHUNK` elements of any type.
    long chunk(int k) {
        return base + 4 * TAIL_BYTES + (long) k * CHUNK * Double.BYTES;
    }
}
