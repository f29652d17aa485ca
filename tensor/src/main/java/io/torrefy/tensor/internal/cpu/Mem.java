package io.torrefy.tensor.internal.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/// Raw memory as the kernels see it. All kernels address one native segment that spans the whole address space: a
/// single segment kind, constant-folded by C2, whose bounds check disappears. Validation happens in front of a kernel.
///
/// There is no helper here that loads or stores a vector. C2 always inlines the Vector API itself, but methods of our
/// own that take or return vectors only until a compilation has about 18 000 nodes: from then on each call boxes, at
/// ten times the time, and whether it comes to that is decided by who calls whom. Loops write out what they do.
final class Mem {
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    static final ByteOrder ORDER = ByteOrder.nativeOrder();
    static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
    static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED;
    static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
    static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    static final ValueLayout.OfByte I8 = ValueLayout.JAVA_BYTE;

    /// Preferred widths; `-Dtorrefy.vector=0` selects the scalar kernels (oracle and fallback).
    static final boolean VECTOR = !"0".equals(System.getProperty("torrefy.vector"));

    static final VectorSpecies<Float> FS = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Double> DS = DoubleVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> IS = IntVector.SPECIES_PREFERRED;

    /// Up to this many bytes are copied by vectors in line: a call to copy memory costs as much as about so many.
    private static final int SHORT_COPY = 1024;

    static {
        loadEveryKindOfSegment();
    }

    private Mem() {}

    /// Has the JVM load all kinds of memory segments and of their lifetimes now. C2 compiles for the kinds that are
    /// loaded, and throws every kernel away when another one comes: those that it makes anew are larger and box at
    /// random, which halved the speed of one run in three.
    private static void loadEveryKindOfSegment() {
        MemorySegment.ofArray(new byte[1]);
        MemorySegment.ofArray(new short[1]);
        MemorySegment.ofArray(new char[1]);
        MemorySegment.ofArray(new int[1]);
        MemorySegment.ofArray(new long[1]);
        MemorySegment.ofArray(new float[1]);
        MemorySegment.ofArray(new double[1]);
        try (Arena _ = Arena.ofConfined();
                Arena _ = Arena.ofShared()) {
            Arena.ofAuto();
        }
    }

    static float f32(long address) {
        return ALL.get(F32, address);
    }

    static void f32(long address, float value) {
        ALL.set(F32, address, value);
    }

    static double f64(long address) {
        return ALL.get(F64, address);
    }

    static void f64(long address, double value) {
        ALL.set(F64, address, value);
    }

    static long i64(long address) {
        return ALL.get(I64, address);
    }

    static void i64(long address, long value) {
        ALL.set(I64, address, value);
    }

    static int i32(long address) {
        return ALL.get(I32, address);
    }

    static void i32(long address, int value) {
        ALL.set(I32, address, value);
    }

    static short i16(long address) {
        return ALL.get(I16, address);
    }

    static void i16(long address, short value) {
        ALL.set(I16, address, value);
    }

    static byte i8(long address) {
        return ALL.get(I8, address);
    }

    static void i8(long address, byte value) {
        ALL.set(I8, address, value);
    }

    /// Copies n elements of four bytes: for a handful, where a call to copy memory costs more.
    static void move4(int n, long x, long y) {
        for (int i = 0; i < n; i++) {
            i32(y + 4L * i, i32(x + 4L * i));
        }
    }

    /// Copies bytes between places that don't overlap.
    static void copy(long bytes, long x, long y) {
        int width = IS.vectorByteSize();
        if (VECTOR && bytes >= width && bytes <= SHORT_COPY) {
            copyVectors((int) bytes, x, y);
        } else {
            MemorySegment.copy(ALL, x, ALL, y, bytes);
        }
    }

    /// At least one vector; the last one overlaps its neighbour.
    private static void copyVectors(int bytes, long x, long y) {
        int last = bytes - IS.vectorByteSize();
        for (int i = 0; i < last; i += IS.vectorByteSize()) {
            IntVector.fromMemorySegment(IS, ALL, x + i, ORDER).intoMemorySegment(ALL, y + i, ORDER);
        }
        IntVector.fromMemorySegment(IS, ALL, x + last, ORDER).intoMemorySegment(ALL, y + last, ORDER);
    }
}
