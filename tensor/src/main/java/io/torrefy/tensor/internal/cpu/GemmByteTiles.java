package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.GemmKernels.V;
import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.F32;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.IS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// The micro-kernels for weights packed as signed bytes, four vectors of columns wide. A 32-bit lane holds four
/// columns, each a vector apart, the first in its lowest byte. A byte is converted where a shift leaves it, at the top
/// of the lane, and so counts 2^24 times; the scales take that back. Form and reasons as in [GemmKernels].
final class GemmByteTiles {
    /// Where floats are a unit apart.
    static final float ROUND = 0x1.8p23f;
    /// What the tiles take a byte of 1 for.
    static final float UNIT = 0x1p24f;

    private static final int TOP = 0xff000000;
    /// Bytes of a step of k.
    private static final long STEP = 4L * V;

    private GemmByteTiles() {}

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
            FloatVector b0 = (FloatVector) w0.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
            FloatVector b1 =
                    (FloatVector) w0.lanewise(VectorOperators.LSHL, 16).and(TOP).convert(VectorOperators.I2F, 0);
            FloatVector b2 =
                    (FloatVector) w0.lanewise(VectorOperators.LSHL, 8).and(TOP).convert(VectorOperators.I2F, 0);
            FloatVector b3 = (FloatVector) w0.and(TOP).convert(VectorOperators.I2F, 0);
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
            FloatVector b0 = (FloatVector) w0.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
            FloatVector b1 =
                    (FloatVector) w0.lanewise(VectorOperators.LSHL, 16).and(TOP).convert(VectorOperators.I2F, 0);
            FloatVector b2 =
                    (FloatVector) w0.lanewise(VectorOperators.LSHL, 8).and(TOP).convert(VectorOperators.I2F, 0);
            FloatVector b3 = (FloatVector) w0.and(TOP).convert(VectorOperators.I2F, 0);
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
            FloatVector b0 = (FloatVector) w0.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
            FloatVector b1 =
                    (FloatVector) w0.lanewise(VectorOperators.LSHL, 16).and(TOP).convert(VectorOperators.I2F, 0);
            FloatVector b2 =
                    (FloatVector) w0.lanewise(VectorOperators.LSHL, 8).and(TOP).convert(VectorOperators.I2F, 0);
            FloatVector b3 = (FloatVector) w0.and(TOP).convert(VectorOperators.I2F, 0);
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

    /// One row by two panels ([GemmHalfTiles#pair]).
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
            FloatVector b0 = (FloatVector) w0.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
            FloatVector b1 =
                    (FloatVector) w0.lanewise(VectorOperators.LSHL, 16).and(TOP).convert(VectorOperators.I2F, 0);
            FloatVector b2 =
                    (FloatVector) w0.lanewise(VectorOperators.LSHL, 8).and(TOP).convert(VectorOperators.I2F, 0);
            FloatVector b3 = (FloatVector) w0.and(TOP).convert(VectorOperators.I2F, 0);
            IntVector w1 = IntVector.fromMemorySegment(IS, ALL, sp, ORDER);
            FloatVector b4 = (FloatVector) w1.lanewise(VectorOperators.LSHL, 24).convert(VectorOperators.I2F, 0);
            FloatVector b5 =
                    (FloatVector) w1.lanewise(VectorOperators.LSHL, 16).and(TOP).convert(VectorOperators.I2F, 0);
            FloatVector b6 =
                    (FloatVector) w1.lanewise(VectorOperators.LSHL, 8).and(TOP).convert(VectorOperators.I2F, 0);
            FloatVector b7 = (FloatVector) w1.and(TOP).convert(VectorOperators.I2F, 0);
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

    /// Multiplies n values at y with their scales.
    static void scale(int n, long scales, long y) {
        int j = 0;
        for (int end = FS.loopBound(n); j < end; j += V) {
            fromMemorySegment(FS, ALL, y + j * 4L, ORDER)
                    .mul(fromMemorySegment(FS, ALL, scales + j * 4L, ORDER))
                    .intoMemorySegment(ALL, y + j * 4L, ORDER);
        }
        for (; j < n; j++) {
            Mem.f32(y + j * 4L, Mem.f32(y + j * 4L) * Mem.f32(scales + j * 4L));
        }
    }

    /// Raises the maxima of the columns of a panel, four vectors at `maxima`, to the magnitudes in a block of f32.
    static void maxima(int kc, long from, long maxima) {
        FloatVector m0 = FloatVector.fromMemorySegment(FS, ALL, maxima, ORDER);
        FloatVector m1 = FloatVector.fromMemorySegment(FS, ALL, maxima + 4 * V, ORDER);
        FloatVector m2 = FloatVector.fromMemorySegment(FS, ALL, maxima + 8 * V, ORDER);
        FloatVector m3 = FloatVector.fromMemorySegment(FS, ALL, maxima + 12 * V, ORDER);
        for (int p = 0; p < kc; p++) {
            long at = from + p * 4 * STEP;
            m0 = m0.max(FloatVector.fromMemorySegment(FS, ALL, at, ORDER).abs());
            m1 = m1.max(
                    FloatVector.fromMemorySegment(FS, ALL, at + 4 * V, ORDER).abs());
            m2 = m2.max(
                    FloatVector.fromMemorySegment(FS, ALL, at + 8 * V, ORDER).abs());
            m3 = m3.max(
                    FloatVector.fromMemorySegment(FS, ALL, at + 12 * V, ORDER).abs());
        }
        m0.intoMemorySegment(ALL, maxima, ORDER);
        m1.intoMemorySegment(ALL, maxima + 4 * V, ORDER);
        m2.intoMemorySegment(ALL, maxima + 8 * V, ORDER);
        m3.intoMemorySegment(ALL, maxima + 12 * V, ORDER);
    }

    /// Rounds a block of f32 times the four vectors at `factors` to integers, ties to even. A float of 1.5 x 2^23
    /// plus an integer has that integer in its low bits.
    static void narrow(int kc, long from, long factors, long to) {
        FloatVector f0 = FloatVector.fromMemorySegment(FS, ALL, factors, ORDER);
        FloatVector f1 = FloatVector.fromMemorySegment(FS, ALL, factors + 4 * V, ORDER);
        FloatVector f2 = FloatVector.fromMemorySegment(FS, ALL, factors + 8 * V, ORDER);
        FloatVector f3 = FloatVector.fromMemorySegment(FS, ALL, factors + 12 * V, ORDER);
        for (int p = 0; p < kc; p++) {
            long at = from + p * 4 * STEP;
            IntVector q0 = FloatVector.fromMemorySegment(FS, ALL, at, ORDER)
                    .mul(f0)
                    .add(ROUND)
                    .reinterpretAsInts();
            IntVector q1 = FloatVector.fromMemorySegment(FS, ALL, at + 4 * V, ORDER)
                    .mul(f1)
                    .add(ROUND)
                    .reinterpretAsInts();
            IntVector q2 = FloatVector.fromMemorySegment(FS, ALL, at + 8 * V, ORDER)
                    .mul(f2)
                    .add(ROUND)
                    .reinterpretAsInts();
            IntVector q3 = FloatVector.fromMemorySegment(FS, ALL, at + 12 * V, ORDER)
                    .mul(f3)
                    .add(ROUND)
                    .reinterpretAsInts();
            IntVector low = q0.and(0xff).or(q1.and(0xff).lanewise(VectorOperators.LSHL, 8));
            IntVector high = q2.and(0xff).lanewise(VectorOperators.LSHL, 16).or(q3.lanewise(VectorOperators.LSHL, 24));
            low.or(high).intoMemorySegment(ALL, to + p * STEP, ORDER);
        }
    }
}
