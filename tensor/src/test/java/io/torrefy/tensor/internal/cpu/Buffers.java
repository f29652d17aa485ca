package io.torrefy.tensor.internal.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Native copies of arrays for kernel tests, never freed.
/// read.
final class Buffers {
    private static final Arena ARENA = Arena.global();

    private Buffers() {}

    static long of(float... values) {
        MemorySegment segment = ARENA.allocate(4L * values.length + 64, 64);
        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
        return segment.address();
    }

    static long of(double... values) {
        MemorySegment segment = ARENA.allocate(8L * values.length + 64, 64);
        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_DOUBLE, 0, values.length);
        return segment.address();
    }

    static long of(long... values) {
        MemorySegment segment = ARENA.allocate(8L * values.length + 64, 64);
        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_LONG, 0, values.length);
        return segment.address();
    }

    static long of(int... values) {
        MemorySegment segment = ARENA.allocate(4L * values.length + 64, 64);
        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_INT, 0, values.length);
        return segment.address();
    }

    static long of(byte... values) {
        MemorySegment segment = ARENA.allocate(values.length + 64L, 64);
        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_BYTE, 0, values.length);
        return segment.address();
    }

    static long bytes(long n) {
        return ARENA.allocate(n + 64, 64).address();
    }

    static float[] floats(long address, int n) {
        return Mem.ALL.asSlice(address, 4L * n).toArray(Mem.F32);
    }

    static double[] doubles(long address, int n) {
        return Mem.ALL.asSlice(address, 8L * n).toArray(Mem.F64);
    }

    static long[] longs(long address, int n) {
        return Mem.ALL.asSlice(address, 8L * n).toArray(Mem.I64);
    }

    static int[] ints(long address, int n) {
        return Mem.ALL.asSlice(address, 4L * n).toArray(Mem.I32);
    }

    static short[] shorts(long address, int n) {
        return Mem.ALL.asSlice(address, 2L * n).toArray(Mem.I16);
    }

    static byte[] bytes(long address, int n) {
        return Mem.ALL.asSlice(address, n).toArray(Mem.I8);
    }

    /// Normal numbers times `scale`.
    static float[] random(int n, long seed, double scale) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (random.nextGaussian() * scale);
        }
        return values;
    }

    /// The sizes at which vector loops go wrong: around a vector, several vectors, and the blocks of parallel work.
    static int[] sizes() {
        int l = Mem.FS.length();
        return new int[] {0, 1, l - 1, l, l + 1, 4 * l + 3, 1000, 2 * Blocks.SIZE + 1, 3 * Blocks.SIZE + l + 3};
    }
}
