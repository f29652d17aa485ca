package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.F32;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;

import java.util.Locale;
import jdk.incubator.vector.FloatVector;

/// The micro-kernels of the f32 matrix product: `C = A B` for a few rows of A and a few vectors of columns of B,
/// each element of C summed by fused multiply-adds in the order of k. Strides are in bytes, so A may be read
/// transposed and in place, and B in place or from a packed panel.
///
/// The accumulators are local variables, one k step is one trip, indices are int and affine: the form that C2 keeps
/// wholly in registers. Every method stands alone because vectors that cross a call may be boxed.
final class GemmKernels {
    static final int V = FS.length();
    /// Rows of a full tile.
    static final int MR = 6;
    /// Vectors across a full tile: 24 accumulators where there are 32 vector registers, 12 where there are 16.
    static final int VECTORS = V < 16 && x86() ? 2 : 4;
    /// Columns of a full tile.
    static final int NR = VECTORS * V;

    private GemmKernels() {}

    private static boolean x86() {
        String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return arch.equals("amd64") || arch.equals("x86_64") || arch.equals("x86") || arch.equals("i386");
    }

    /// The tile of `rows` (6, 4, 2, 1) by `vectors` (4, 2, 1).
    static void run(
            int rows, int vectors, int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cRow) {
        switch (rows * 8 + vectors) {
            case 6 * 8 + 4 -> tile6x4(kc, a, aRow, aStep, b, bStep, c, cRow);
            case 6 * 8 + 2 -> tile6x2(kc, a, aRow, aStep, b, bStep, c, cRow);
            case 6 * 8 + 1 -> tile6x1(kc, a, aRow, aStep, b, bStep, c, cRow);
            case 4 * 8 + 4 -> tile4x4(kc, a, aRow, aStep, b, bStep, c, cRow);
            case 4 * 8 + 2 -> tile4x2(kc, a, aRow, aStep, b, bStep, c, cRow);
            case 4 * 8 + 1 -> tile4x1(kc, a, aRow, aStep, b, bStep, c, cRow);
            case 2 * 8 + 4 -> tile2x4(kc, a, aRow, aStep, b, bStep, c, cRow);
            case 2 * 8 + 2 -> tile2x2(kc, a, aRow, aStep, b, bStep, c, cRow);
            case 2 * 8 + 1 -> tile2x1(kc, a, aRow, aStep, b, bStep, c, cRow);
            case 1 * 8 + 4 -> tile1x4(kc, a, aStep, b, bStep, c);
            case 1 * 8 + 2 -> tile1x2(kc, a, aStep, b, bStep, c);
            case 1 * 8 + 1 -> tile1x1(kc, a, aStep, b, bStep, c);
            default -> throw new IllegalArgumentException("[gemm] no tile of " + rows + " x " + vectors);
        }
    }

    private static void tile6x4(int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cRow) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = c0;
        FloatVector e0 = c0;
        FloatVector f0 = c0;
        FloatVector c1 = c0;
        FloatVector d1 = c0;
        FloatVector e1 = c0;
        FloatVector f1 = c0;
        FloatVector c2 = c0;
        FloatVector d2 = c0;
        FloatVector e2 = c0;
        FloatVector f2 = c0;
        FloatVector c3 = c0;
        FloatVector d3 = c0;
        FloatVector e3 = c0;
        FloatVector f3 = c0;
        FloatVector c4 = c0;
        FloatVector d4 = c0;
        FloatVector e4 = c0;
        FloatVector f4 = c0;
        FloatVector c5 = c0;
        FloatVector d5 = c0;
        FloatVector e5 = c0;
        FloatVector f5 = c0;
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FS, ALL, bp + 4 * V, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(FS, ALL, bp + 8 * V, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(FS, ALL, bp + 12 * V, ORDER);
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
            FloatVector a4 = FloatVector.broadcast(FS, ALL.get(F32, ap + 4 * aRow));
            c4 = a4.fma(b0, c4);
            d4 = a4.fma(b1, d4);
            e4 = a4.fma(b2, e4);
            f4 = a4.fma(b3, f4);
            FloatVector a5 = FloatVector.broadcast(FS, ALL.get(F32, ap + 5 * aRow));
            c5 = a5.fma(b0, c5);
            d5 = a5.fma(b1, d5);
            e5 = a5.fma(b2, e5);
            f5 = a5.fma(b3, f5);
        }
        c0.intoMemorySegment(ALL, c, ORDER);
        d0.intoMemorySegment(ALL, c + 4 * V, ORDER);
        e0.intoMemorySegment(ALL, c + 8 * V, ORDER);
        f0.intoMemorySegment(ALL, c + 12 * V, ORDER);
        c1.intoMemorySegment(ALL, c + cRow, ORDER);
        d1.intoMemorySegment(ALL, c + cRow + 4 * V, ORDER);
        e1.intoMemorySegment(ALL, c + cRow + 8 * V, ORDER);
        f1.intoMemorySegment(ALL, c + cRow + 12 * V, ORDER);
        c2.intoMemorySegment(ALL, c + 2 * cRow, ORDER);
        d2.intoMemorySegment(ALL, c + 2 * cRow + 4 * V, ORDER);
        e2.intoMemorySegment(ALL, c + 2 * cRow + 8 * V, ORDER);
        f2.intoMemorySegment(ALL, c + 2 * cRow + 12 * V, ORDER);
        c3.intoMemorySegment(ALL, c + 3 * cRow, ORDER);
        d3.intoMemorySegment(ALL, c + 3 * cRow + 4 * V, ORDER);
        e3.intoMemorySegment(ALL, c + 3 * cRow + 8 * V, ORDER);
        f3.intoMemorySegment(ALL, c + 3 * cRow + 12 * V, ORDER);
        c4.intoMemorySegment(ALL, c + 4 * cRow, ORDER);
        d4.intoMemorySegment(ALL, c + 4 * cRow + 4 * V, ORDER);
        e4.intoMemorySegment(ALL, c + 4 * cRow + 8 * V, ORDER);
        f4.intoMemorySegment(ALL, c + 4 * cRow + 12 * V, ORDER);
        c5.intoMemorySegment(ALL, c + 5 * cRow, ORDER);
        d5.intoMemorySegment(ALL, c + 5 * cRow + 4 * V, ORDER);
        e5.intoMemorySegment(ALL, c + 5 * cRow + 8 * V, ORDER);
        f5.intoMemorySegment(ALL, c + 5 * cRow + 12 * V, ORDER);
    }

    private static void tile6x2(int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cRow) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = c0;
        FloatVector c1 = c0;
        FloatVector d1 = c0;
        FloatVector c2 = c0;
        FloatVector d2 = c0;
        FloatVector c3 = c0;
        FloatVector d3 = c0;
        FloatVector c4 = c0;
        FloatVector d4 = c0;
        FloatVector c5 = c0;
        FloatVector d5 = c0;
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FS, ALL, bp + 4 * V, ORDER);
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            FloatVector a1 = FloatVector.broadcast(FS, ALL.get(F32, ap + aRow));
            c1 = a1.fma(b0, c1);
            d1 = a1.fma(b1, d1);
            FloatVector a2 = FloatVector.broadcast(FS, ALL.get(F32, ap + 2 * aRow));
            c2 = a2.fma(b0, c2);
            d2 = a2.fma(b1, d2);
            FloatVector a3 = FloatVector.broadcast(FS, ALL.get(F32, ap + 3 * aRow));
            c3 = a3.fma(b0, c3);
            d3 = a3.fma(b1, d3);
            FloatVector a4 = FloatVector.broadcast(FS, ALL.get(F32, ap + 4 * aRow));
            c4 = a4.fma(b0, c4);
            d4 = a4.fma(b1, d4);
            FloatVector a5 = FloatVector.broadcast(FS, ALL.get(F32, ap + 5 * aRow));
            c5 = a5.fma(b0, c5);
            d5 = a5.fma(b1, d5);
        }
        c0.intoMemorySegment(ALL, c, ORDER);
        d0.intoMemorySegment(ALL, c + 4 * V, ORDER);
        c1.intoMemorySegment(ALL, c + cRow, ORDER);
        d1.intoMemorySegment(ALL, c + cRow + 4 * V, ORDER);
        c2.intoMemorySegment(ALL, c + 2 * cRow, ORDER);
        d2.intoMemorySegment(ALL, c + 2 * cRow + 4 * V, ORDER);
        c3.intoMemorySegment(ALL, c + 3 * cRow, ORDER);
        d3.intoMemorySegment(ALL, c + 3 * cRow + 4 * V, ORDER);
        c4.intoMemorySegment(ALL, c + 4 * cRow, ORDER);
        d4.intoMemorySegment(ALL, c + 4 * cRow + 4 * V, ORDER);
        c5.intoMemorySegment(ALL, c + 5 * cRow, ORDER);
        d5.intoMemorySegment(ALL, c + 5 * cRow + 4 * V, ORDER);
    }

    private static void tile6x1(int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cRow) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector c1 = c0;
        FloatVector c2 = c0;
        FloatVector c3 = c0;
        FloatVector c4 = c0;
        FloatVector c5 = c0;
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
            FloatVector a1 = FloatVector.broadcast(FS, ALL.get(F32, ap + aRow));
            c1 = a1.fma(b0, c1);
            FloatVector a2 = FloatVector.broadcast(FS, ALL.get(F32, ap + 2 * aRow));
            c2 = a2.fma(b0, c2);
            FloatVector a3 = FloatVector.broadcast(FS, ALL.get(F32, ap + 3 * aRow));
            c3 = a3.fma(b0, c3);
            FloatVector a4 = FloatVector.broadcast(FS, ALL.get(F32, ap + 4 * aRow));
            c4 = a4.fma(b0, c4);
            FloatVector a5 = FloatVector.broadcast(FS, ALL.get(F32, ap + 5 * aRow));
            c5 = a5.fma(b0, c5);
        }
        c0.intoMemorySegment(ALL, c, ORDER);
        c1.intoMemorySegment(ALL, c + cRow, ORDER);
        c2.intoMemorySegment(ALL, c + 2 * cRow, ORDER);
        c3.intoMemorySegment(ALL, c + 3 * cRow, ORDER);
        c4.intoMemorySegment(ALL, c + 4 * cRow, ORDER);
        c5.intoMemorySegment(ALL, c + 5 * cRow, ORDER);
    }

    private static void tile4x4(int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cRow) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = c0;
        FloatVector e0 = c0;
        FloatVector f0 = c0;
        FloatVector c1 = c0;
        FloatVector d1 = c0;
        FloatVector e1 = c0;
        FloatVector f1 = c0;
        FloatVector c2 = c0;
        FloatVector d2 = c0;
        FloatVector e2 = c0;
        FloatVector f2 = c0;
        FloatVector c3 = c0;
        FloatVector d3 = c0;
        FloatVector e3 = c0;
        FloatVector f3 = c0;
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FS, ALL, bp + 4 * V, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(FS, ALL, bp + 8 * V, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(FS, ALL, bp + 12 * V, ORDER);
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
        c0.intoMemorySegment(ALL, c, ORDER);
        d0.intoMemorySegment(ALL, c + 4 * V, ORDER);
        e0.intoMemorySegment(ALL, c + 8 * V, ORDER);
        f0.intoMemorySegment(ALL, c + 12 * V, ORDER);
        c1.intoMemorySegment(ALL, c + cRow, ORDER);
        d1.intoMemorySegment(ALL, c + cRow + 4 * V, ORDER);
        e1.intoMemorySegment(ALL, c + cRow + 8 * V, ORDER);
        f1.intoMemorySegment(ALL, c + cRow + 12 * V, ORDER);
        c2.intoMemorySegment(ALL, c + 2 * cRow, ORDER);
        d2.intoMemorySegment(ALL, c + 2 * cRow + 4 * V, ORDER);
        e2.intoMemorySegment(ALL, c + 2 * cRow + 8 * V, ORDER);
        f2.intoMemorySegment(ALL, c + 2 * cRow + 12 * V, ORDER);
        c3.intoMemorySegment(ALL, c + 3 * cRow, ORDER);
        d3.intoMemorySegment(ALL, c + 3 * cRow + 4 * V, ORDER);
        e3.intoMemorySegment(ALL, c + 3 * cRow + 8 * V, ORDER);
        f3.intoMemorySegment(ALL, c + 3 * cRow + 12 * V, ORDER);
    }

    private static void tile4x2(int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cRow) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = c0;
        FloatVector c1 = c0;
        FloatVector d1 = c0;
        FloatVector c2 = c0;
        FloatVector d2 = c0;
        FloatVector c3 = c0;
        FloatVector d3 = c0;
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FS, ALL, bp + 4 * V, ORDER);
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            FloatVector a1 = FloatVector.broadcast(FS, ALL.get(F32, ap + aRow));
            c1 = a1.fma(b0, c1);
            d1 = a1.fma(b1, d1);
            FloatVector a2 = FloatVector.broadcast(FS, ALL.get(F32, ap + 2 * aRow));
            c2 = a2.fma(b0, c2);
            d2 = a2.fma(b1, d2);
            FloatVector a3 = FloatVector.broadcast(FS, ALL.get(F32, ap + 3 * aRow));
            c3 = a3.fma(b0, c3);
            d3 = a3.fma(b1, d3);
        }
        c0.intoMemorySegment(ALL, c, ORDER);
        d0.intoMemorySegment(ALL, c + 4 * V, ORDER);
        c1.intoMemorySegment(ALL, c + cRow, ORDER);
        d1.intoMemorySegment(ALL, c + cRow + 4 * V, ORDER);
        c2.intoMemorySegment(ALL, c + 2 * cRow, ORDER);
        d2.intoMemorySegment(ALL, c + 2 * cRow + 4 * V, ORDER);
        c3.intoMemorySegment(ALL, c + 3 * cRow, ORDER);
        d3.intoMemorySegment(ALL, c + 3 * cRow + 4 * V, ORDER);
    }

    private static void tile4x1(int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cRow) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector c1 = c0;
        FloatVector c2 = c0;
        FloatVector c3 = c0;
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
            FloatVector a1 = FloatVector.broadcast(FS, ALL.get(F32, ap + aRow));
            c1 = a1.fma(b0, c1);
            FloatVector a2 = FloatVector.broadcast(FS, ALL.get(F32, ap + 2 * aRow));
            c2 = a2.fma(b0, c2);
            FloatVector a3 = FloatVector.broadcast(FS, ALL.get(F32, ap + 3 * aRow));
            c3 = a3.fma(b0, c3);
        }
        c0.intoMemorySegment(ALL, c, ORDER);
        c1.intoMemorySegment(ALL, c + cRow, ORDER);
        c2.intoMemorySegment(ALL, c + 2 * cRow, ORDER);
        c3.intoMemorySegment(ALL, c + 3 * cRow, ORDER);
    }

    private static void tile2x4(int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cRow) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = c0;
        FloatVector e0 = c0;
        FloatVector f0 = c0;
        FloatVector c1 = c0;
        FloatVector d1 = c0;
        FloatVector e1 = c0;
        FloatVector f1 = c0;
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FS, ALL, bp + 4 * V, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(FS, ALL, bp + 8 * V, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(FS, ALL, bp + 12 * V, ORDER);
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
        c0.intoMemorySegment(ALL, c, ORDER);
        d0.intoMemorySegment(ALL, c + 4 * V, ORDER);
        e0.intoMemorySegment(ALL, c + 8 * V, ORDER);
        f0.intoMemorySegment(ALL, c + 12 * V, ORDER);
        c1.intoMemorySegment(ALL, c + cRow, ORDER);
        d1.intoMemorySegment(ALL, c + cRow + 4 * V, ORDER);
        e1.intoMemorySegment(ALL, c + cRow + 8 * V, ORDER);
        f1.intoMemorySegment(ALL, c + cRow + 12 * V, ORDER);
    }

    private static void tile2x2(int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cRow) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = c0;
        FloatVector c1 = c0;
        FloatVector d1 = c0;
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FS, ALL, bp + 4 * V, ORDER);
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            FloatVector a1 = FloatVector.broadcast(FS, ALL.get(F32, ap + aRow));
            c1 = a1.fma(b0, c1);
            d1 = a1.fma(b1, d1);
        }
        c0.intoMemorySegment(ALL, c, ORDER);
        d0.intoMemorySegment(ALL, c + 4 * V, ORDER);
        c1.intoMemorySegment(ALL, c + cRow, ORDER);
        d1.intoMemorySegment(ALL, c + cRow + 4 * V, ORDER);
    }

    private static void tile2x1(int kc, long a, long aRow, long aStep, long b, long bStep, long c, long cRow) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector c1 = c0;
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
            FloatVector a1 = FloatVector.broadcast(FS, ALL.get(F32, ap + aRow));
            c1 = a1.fma(b0, c1);
        }
        c0.intoMemorySegment(ALL, c, ORDER);
        c1.intoMemorySegment(ALL, c + cRow, ORDER);
    }

    private static void tile1x4(int kc, long a, long aStep, long b, long bStep, long c) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = c0;
        FloatVector e0 = c0;
        FloatVector f0 = c0;
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FS, ALL, bp + 4 * V, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(FS, ALL, bp + 8 * V, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(FS, ALL, bp + 12 * V, ORDER);
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            e0 = a0.fma(b2, e0);
            f0 = a0.fma(b3, f0);
        }
        c0.intoMemorySegment(ALL, c, ORDER);
        d0.intoMemorySegment(ALL, c + 4 * V, ORDER);
        e0.intoMemorySegment(ALL, c + 8 * V, ORDER);
        f0.intoMemorySegment(ALL, c + 12 * V, ORDER);
    }

    private static void tile1x2(int kc, long a, long aStep, long b, long bStep, long c) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = c0;
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FS, ALL, bp + 4 * V, ORDER);
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
        }
        c0.intoMemorySegment(ALL, c, ORDER);
        d0.intoMemorySegment(ALL, c + 4 * V, ORDER);
    }

    private static void tile1x1(int kc, long a, long aStep, long b, long bStep, long c) {
        FloatVector c0 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            long ap = a + p * aStep;
            long bp = b + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            c0 = a0.fma(b0, c0);
        }
        c0.intoMemorySegment(ALL, c, ORDER);
    }

    /// One row by two panels of four vectors: eight sums at a time, as four wait for one another, and two streams
    /// from memory. C lies in one piece.
    static void pair(int kc, long a, long aStep, long b, long second, long bStep, long c) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = c0;
        FloatVector e0 = c0;
        FloatVector f0 = c0;
        FloatVector g0 = c0;
        FloatVector h0 = c0;
        FloatVector i0 = c0;
        FloatVector j0 = c0;
        for (int p = 0; p < kc; p++) {
            long bp = b + p * bStep;
            long sp = second + p * bStep;
            FloatVector b0 = FloatVector.fromMemorySegment(FS, ALL, bp, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FS, ALL, bp + 4 * V, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(FS, ALL, bp + 8 * V, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(FS, ALL, bp + 12 * V, ORDER);
            FloatVector b4 = FloatVector.fromMemorySegment(FS, ALL, sp, ORDER);
            FloatVector b5 = FloatVector.fromMemorySegment(FS, ALL, sp + 4 * V, ORDER);
            FloatVector b6 = FloatVector.fromMemorySegment(FS, ALL, sp + 8 * V, ORDER);
            FloatVector b7 = FloatVector.fromMemorySegment(FS, ALL, sp + 12 * V, ORDER);
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, a + p * aStep));
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            e0 = a0.fma(b2, e0);
            f0 = a0.fma(b3, f0);
            g0 = a0.fma(b4, g0);
            h0 = a0.fma(b5, h0);
            i0 = a0.fma(b6, i0);
            j0 = a0.fma(b7, j0);
        }
        c0.intoMemorySegment(ALL, c, ORDER);
        d0.intoMemorySegment(ALL, c + 4 * V, ORDER);
        e0.intoMemorySegment(ALL, c + 8 * V, ORDER);
        f0.intoMemorySegment(ALL, c + 12 * V, ORDER);
        g0.intoMemorySegment(ALL, c + 16 * V, ORDER);
        h0.intoMemorySegment(ALL, c + 20 * V, ORDER);
        i0.intoMemorySegment(ALL, c + 24 * V, ORDER);
        j0.intoMemorySegment(ALL, c + 28 * V, ORDER);
    }
}
