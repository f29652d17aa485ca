package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.GemmKernels.V;
import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.F32;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.IS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// The micro-kernels for weights packed as bf16, four vectors of columns wide. A 32-bit lane holds two columns a vector
/// apart, the lower in its low half: a bf16 number is the high half of an f32, so a shift widens the one and a mask the
/// other. Form and reasons as in [GemmKernels].
final class GemmHalfTiles {
    private static final int HIGH = 0xffff0000;
    private static final int INFINITY = 0x7f800000;
    private static final int NAN = 0x7fc00000;
    /// Bytes of a step of k.
    private static final long STEP = 8L * V;

    private GemmHalfTiles() {}

    /// The tile of `rows` (4, 2, 1) by four vectors.
    static void run(int rows, int kc, long a, long aRow, long w, long y, long yRow) {
        switch (rows) {
            case 4 -> tile4(kc, a, aRow, w, y, yRow);
            case 2 -> tile2(kc, a, aRow, w, y, yRow);
            case 1 -> tile1(kc, a, w, y);
            default -> throw new IllegalArgumentException("[gemm] no tile of " + rows + " rows");
        }
    }

    private static void tile4(int kc, long a, long aRow, long w, long y, long yRow) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = FloatVector.zero(FS);
        FloatVector e0 = FloatVector.zero(FS);
        FloatVector f0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        FloatVector d1 = FloatVector.zero(FS);
        FloatVector e1 = FloatVector.zero(FS);
        FloatVector f1 = FloatVector.zero(FS);
        FloatVector c2 = FloatVector.zero(FS);
        FloatVector d2 = FloatVector.zero(FS);
        FloatVector e2 = FloatVector.zero(FS);
        FloatVector f2 = FloatVector.zero(FS);
        FloatVector c3 = FloatVector.zero(FS);
        FloatVector d3 = FloatVector.zero(FS);
        FloatVector e3 = FloatVector.zero(FS);
        FloatVector f3 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            long ap = a + p * 4L;
            long wp = w + p * STEP;
            IntVector w0 = IntVector.fromMemorySegment(IS, ALL, wp, ORDER);
            IntVector w1 = IntVector.fromMemorySegment(IS, ALL, wp + 4 * V, ORDER);
            FloatVector b0 = w0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector b1 = w0.and(HIGH).reinterpretAsFloats();
            FloatVector b2 = w1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector b3 = w1.and(HIGH).reinterpretAsFloats();
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            e0 = a0.fma(b2, e0);
            f0 = a0.fma(b3, f0);
            FloatVector a1 = FloatVector.broadcast(FS, ALL.get(F32, ap + aRow));
            c1 = a1.fma(b0, c1);
            d1 = a1.fma(b1, d1);
            e1 = a1.fma(b2, e1);
            f1 = a1.fma(b3, f1);
            FloatVector a2 = FloatVector.broadcast(FS, ALL.get(F32, ap + 2 * aRow));
            c2 = a2.fma(b0, c2);
            d2 = a2.fma(b1, d2);
            e2 = a2.fma(b2, e2);
            f2 = a2.fma(b3, f2);
            FloatVector a3 = FloatVector.broadcast(FS, ALL.get(F32, ap + 3 * aRow));
            c3 = a3.fma(b0, c3);
            d3 = a3.fma(b1, d3);
            e3 = a3.fma(b2, e3);
            f3 = a3.fma(b3, f3);
        }
        c0.intoMemorySegment(ALL, y, ORDER);
        d0.intoMemorySegment(ALL, y + 4 * V, ORDER);
        e0.intoMemorySegment(ALL, y + 8 * V, ORDER);
        f0.intoMemorySegment(ALL, y + 12 * V, ORDER);
        c1.intoMemorySegment(ALL, y + yRow, ORDER);
        d1.intoMemorySegment(ALL, y + yRow + 4 * V, ORDER);
        e1.intoMemorySegment(ALL, y + yRow + 8 * V, ORDER);
        f1.intoMemorySegment(ALL, y + yRow + 12 * V, ORDER);
        c2.intoMemorySegment(ALL, y + 2 * yRow, ORDER);
        d2.intoMemorySegment(ALL, y + 2 * yRow + 4 * V, ORDER);
        e2.intoMemorySegment(ALL, y + 2 * yRow + 8 * V, ORDER);
        f2.intoMemorySegment(ALL, y + 2 * yRow + 12 * V, ORDER);
        c3.intoMemorySegment(ALL, y + 3 * yRow, ORDER);
        d3.intoMemorySegment(ALL, y + 3 * yRow + 4 * V, ORDER);
        e3.intoMemorySegment(ALL, y + 3 * yRow + 8 * V, ORDER);
        f3.intoMemorySegment(ALL, y + 3 * yRow + 12 * V, ORDER);
    }

    private static void tile2(int kc, long a, long aRow, long w, long y, long yRow) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = FloatVector.zero(FS);
        FloatVector e0 = FloatVector.zero(FS);
        FloatVector f0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        FloatVector d1 = FloatVector.zero(FS);
        FloatVector e1 = FloatVector.zero(FS);
        FloatVector f1 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            long ap = a + p * 4L;
            long wp = w + p * STEP;
            IntVector w0 = IntVector.fromMemorySegment(IS, ALL, wp, ORDER);
            IntVector w1 = IntVector.fromMemorySegment(IS, ALL, wp + 4 * V, ORDER);
            FloatVector b0 = w0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector b1 = w0.and(HIGH).reinterpretAsFloats();
            FloatVector b2 = w1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector b3 = w1.and(HIGH).reinterpretAsFloats();
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            e0 = a0.fma(b2, e0);
            f0 = a0.fma(b3, f0);
            FloatVector a1 = FloatVector.broadcast(FS, ALL.get(F32, ap + aRow));
            c1 = a1.fma(b0, c1);
            d1 = a1.fma(b1, d1);
            e1 = a1.fma(b2, e1);
            f1 = a1.fma(b3, f1);
        }
        c0.intoMemorySegment(ALL, y, ORDER);
        d0.intoMemorySegment(ALL, y + 4 * V, ORDER);
        e0.intoMemorySegment(ALL, y + 8 * V, ORDER);
        f0.intoMemorySegment(ALL, y + 12 * V, ORDER);
        c1.intoMemorySegment(ALL, y + yRow, ORDER);
        d1.intoMemorySegment(ALL, y + yRow + 4 * V, ORDER);
        e1.intoMemorySegment(ALL, y + yRow + 8 * V, ORDER);
        f1.intoMemorySegment(ALL, y + yRow + 12 * V, ORDER);
    }

    private static void tile1(int kc, long a, long w, long y) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = FloatVector.zero(FS);
        FloatVector e0 = FloatVector.zero(FS);
        FloatVector f0 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            long ap = a + p * 4L;
            long wp = w + p * STEP;
            IntVector w0 = IntVector.fromMemorySegment(IS, ALL, wp, ORDER);
            IntVector w1 = IntVector.fromMemorySegment(IS, ALL, wp + 4 * V, ORDER);
            FloatVector b0 = w0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector b1 = w0.and(HIGH).reinterpretAsFloats();
            FloatVector b2 = w1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector b3 = w1.and(HIGH).reinterpretAsFloats();
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            e0 = a0.fma(b2, e0);
            f0 = a0.fma(b3, f0);
        }
        c0.intoMemorySegment(ALL, y, ORDER);
        d0.intoMemorySegment(ALL, y + 4 * V, ORDER);
        e0.intoMemorySegment(ALL, y + 8 * V, ORDER);
        f0.intoMemorySegment(ALL, y + 12 * V, ORDER);
    }

    /// One row by two panels: eight sums at a time, as four wait for one another, and two streams from memory.
    static void pair(int kc, long a, long w, long second, long y) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = FloatVector.zero(FS);
        FloatVector e0 = FloatVector.zero(FS);
        FloatVector f0 = FloatVector.zero(FS);
        FloatVector g0 = FloatVector.zero(FS);
        FloatVector h0 = FloatVector.zero(FS);
        FloatVector i0 = FloatVector.zero(FS);
        FloatVector j0 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            long wp = w + p * STEP;
            long sp = second + p * STEP;
            IntVector w0 = IntVector.fromMemorySegment(IS, ALL, wp, ORDER);
            IntVector w1 = IntVector.fromMemorySegment(IS, ALL, wp + 4 * V, ORDER);
            FloatVector b0 = w0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector b1 = w0.and(HIGH).reinterpretAsFloats();
            FloatVector b2 = w1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector b3 = w1.and(HIGH).reinterpretAsFloats();
            IntVector w2 = IntVector.fromMemorySegment(IS, ALL, sp, ORDER);
            IntVector w3 = IntVector.fromMemorySegment(IS, ALL, sp + 4 * V, ORDER);
            FloatVector b4 = w2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector b5 = w2.and(HIGH).reinterpretAsFloats();
            FloatVector b6 = w3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector b7 = w3.and(HIGH).reinterpretAsFloats();
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, a + p * 4L));
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            e0 = a0.fma(b2, e0);
            f0 = a0.fma(b3, f0);
            g0 = a0.fma(b4, g0);
            h0 = a0.fma(b5, h0);
            i0 = a0.fma(b6, i0);
            j0 = a0.fma(b7, j0);
        }
        c0.intoMemorySegment(ALL, y, ORDER);
        d0.intoMemorySegment(ALL, y + 4 * V, ORDER);
        e0.intoMemorySegment(ALL, y + 8 * V, ORDER);
        f0.intoMemorySegment(ALL, y + 12 * V, ORDER);
        g0.intoMemorySegment(ALL, y + 16 * V, ORDER);
        h0.intoMemorySegment(ALL, y + 20 * V, ORDER);
        i0.intoMemorySegment(ALL, y + 24 * V, ORDER);
        j0.intoMemorySegment(ALL, y + 28 * V, ORDER);
    }

    /// Narrows a block of a panel: rounds to nearest, ties to even; NaN stays NaN ([Casts#toBf16]).
    static void narrow(int kc, long from, long to) {
        for (int p = 0; p < kc; p++) {
            long at = from + p * 2 * STEP;
            narrowPair(at, to + p * STEP);
            narrowPair(at + 8 * V, to + p * STEP + 4 * V);
        }
    }

    /// Two vectors of f32 into one.
    private static void narrowPair(long from, long to) {
        IntVector low = IntVector.fromMemorySegment(IS, ALL, from, ORDER);
        IntVector high = IntVector.fromMemorySegment(IS, ALL, from + 4 * V, ORDER);
        IntVector lowRounded =
                low.add(low.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7fff);
        IntVector highRounded =
                high.add(high.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7fff);
        IntVector lowOrNan = lowRounded.blend(NAN, low.and(Integer.MAX_VALUE).compare(VectorOperators.GT, INFINITY));
        IntVector highOrNan = highRounded.blend(NAN, high.and(Integer.MAX_VALUE).compare(VectorOperators.GT, INFINITY));
        lowOrNan.lanewise(VectorOperators.LSHR, 16).or(highOrNan.and(HIGH)).intoMemorySegment(ALL, to, ORDER);
    }
}
