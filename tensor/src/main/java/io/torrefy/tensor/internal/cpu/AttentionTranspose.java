package io.torrefy.tensor.internal.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Transposes packed rows of queries into the lanes of the score tiles. A square of one vector's lanes is transposed
/// by the butterfly: in the stage of distance d, rows i and i + d swap the lanes that differ in bit d, one
/// two-register permutation an output row. Widths other than 16 go element by element.
final class AttentionTranspose {
    private static final int L = Mem.FS.length();
    private static final int Q = AttentionView.QUERIES;
    private static final IntVector UPPER_8 = upper(8);
    private static final IntVector LOWER_8 = lower(8);
    private static final IntVector UPPER_4 = upper(4);
    private static final IntVector LOWER_4 = lower(4);
    private static final IntVector UPPER_2 = upper(2);
    private static final IntVector LOWER_2 = lower(2);
    private static final IntVector UPPER_1 = upper(1);
    private static final IntVector LOWER_1 = lower(1);

    private AttentionTranspose() {}

    /// Lanes of the upper row of a stage: its own where the bit is clear, else the lower row's lane in front of it.
    private static IntVector upper(int distance) {
        int[] lanes = new int[L];
        for (int j = 0; j < L; j++) {
            lanes[j] = (j & distance) == 0 ? j : L + j - distance;
        }
        return IntVector.fromArray(Mem.IS, lanes, 0);
    }

    /// Lanes of the lower row: the upper row's lane behind it where the bit is clear, else its own.
    private static IntVector lower(int distance) {
        int[] lanes = new int[L];
        for (int j = 0; j < L; j++) {
            lanes[j] = (j & distance) == 0 ? (j + distance) % L : L + j;
        }
        return IntVector.fromArray(Mem.IS, lanes, 0);
    }

    /// `to[d * QUERIES + i] = scale * rows[i * ld + d]` for `count` rows and `ld` columns, both rounded up to 16.
    static void transpose(float[] rows, int ld, int count, float scale, float[] to, int at) {
        int padded = AttentionPack.padded(count);
        for (int i = 0; i < padded; i += L) {
            for (int d = 0; d < ld; d += L) {
                int from = i * ld + d;
                int target = at + d * Q + i;
                if (L == 16) {
                    square16(rows, from, ld, scale, to, target);
                } else {
                    square(rows, from, ld, scale, to, target);
                }
            }
        }
    }

    private static void square(float[] from, int at, int ld, float scale, float[] to, int toAt) {
        for (int d = 0; d < L; d++) {
            for (int i = 0; i < L; i++) {
                to[toAt + d * Q + i] = scale * from[at + i * ld + d];
            }
        }
    }

    private static void square16(float[] from, int at, int ld, float scale, float[] to, int toAt) {
        IntVector a0 = FloatVector.fromArray(Mem.FS, from, at).reinterpretAsInts();
        IntVector a1 = FloatVector.fromArray(Mem.FS, from, at + ld).reinterpretAsInts();
        IntVector a2 = FloatVector.fromArray(Mem.FS, from, at + 2 * ld).reinterpretAsInts();
        IntVector a3 = FloatVector.fromArray(Mem.FS, from, at + 3 * ld).reinterpretAsInts();
        IntVector a4 = FloatVector.fromArray(Mem.FS, from, at + 4 * ld).reinterpretAsInts();
        IntVector a5 = FloatVector.fromArray(Mem.FS, from, at + 5 * ld).reinterpretAsInts();
        IntVector a6 = FloatVector.fromArray(Mem.FS, from, at + 6 * ld).reinterpretAsInts();
        IntVector a7 = FloatVector.fromArray(Mem.FS, from, at + 7 * ld).reinterpretAsInts();
        IntVector a8 = FloatVector.fromArray(Mem.FS, from, at + 8 * ld).reinterpretAsInts();
        IntVector a9 = FloatVector.fromArray(Mem.FS, from, at + 9 * ld).reinterpretAsInts();
        IntVector a10 = FloatVector.fromArray(Mem.FS, from, at + 10 * ld).reinterpretAsInts();
        IntVector a11 = FloatVector.fromArray(Mem.FS, from, at + 11 * ld).reinterpretAsInts();
        IntVector a12 = FloatVector.fromArray(Mem.FS, from, at + 12 * ld).reinterpretAsInts();
        IntVector a13 = FloatVector.fromArray(Mem.FS, from, at + 13 * ld).reinterpretAsInts();
        IntVector a14 = FloatVector.fromArray(Mem.FS, from, at + 14 * ld).reinterpretAsInts();
        IntVector a15 = FloatVector.fromArray(Mem.FS, from, at + 15 * ld).reinterpretAsInts();
        IntVector b0 = UPPER_8.selectFrom(a0, a8);
        IntVector b8 = LOWER_8.selectFrom(a0, a8);
        IntVector b1 = UPPER_8.selectFrom(a1, a9);
        IntVector b9 = LOWER_8.selectFrom(a1, a9);
        IntVector b2 = UPPER_8.selectFrom(a2, a10);
        IntVector b10 = LOWER_8.selectFrom(a2, a10);
        IntVector b3 = UPPER_8.selectFrom(a3, a11);
        IntVector b11 = LOWER_8.selectFrom(a3, a11);
        IntVector b4 = UPPER_8.selectFrom(a4, a12);
        IntVector b12 = LOWER_8.selectFrom(a4, a12);
        IntVector b5 = UPPER_8.selectFrom(a5, a13);
        IntVector b13 = LOWER_8.selectFrom(a5, a13);
        IntVector b6 = UPPER_8.selectFrom(a6, a14);
        IntVector b14 = LOWER_8.selectFrom(a6, a14);
        IntVector b7 = UPPER_8.selectFrom(a7, a15);
        IntVector b15 = LOWER_8.selectFrom(a7, a15);
        IntVector c0 = UPPER_4.selectFrom(b0, b4);
        IntVector c4 = LOWER_4.selectFrom(b0, b4);
        IntVector c1 = UPPER_4.selectFrom(b1, b5);
        IntVector c5 = LOWER_4.selectFrom(b1, b5);
        IntVector c2 = UPPER_4.selectFrom(b2, b6);
        IntVector c6 = LOWER_4.selectFrom(b2, b6);
        IntVector c3 = UPPER_4.selectFrom(b3, b7);
        IntVector c7 = LOWER_4.selectFrom(b3, b7);
        IntVector c8 = UPPER_4.selectFrom(b8, b12);
        IntVector c12 = LOWER_4.selectFrom(b8, b12);
        IntVector c9 = UPPER_4.selectFrom(b9, b13);
        IntVector c13 = LOWER_4.selectFrom(b9, b13);
        IntVector c10 = UPPER_4.selectFrom(b10, b14);
        IntVector c14 = LOWER_4.selectFrom(b10, b14);
        IntVector c11 = UPPER_4.selectFrom(b11, b15);
        IntVector c15 = LOWER_4.selectFrom(b11, b15);
        IntVector d0 = UPPER_2.selectFrom(c0, c2);
        IntVector d2 = LOWER_2.selectFrom(c0, c2);
        IntVector d1 = UPPER_2.selectFrom(c1, c3);
        IntVector d3 = LOWER_2.selectFrom(c1, c3);
        IntVector d4 = UPPER_2.selectFrom(c4, c6);
        IntVector d6 = LOWER_2.selectFrom(c4, c6);
        IntVector d5 = UPPER_2.selectFrom(c5, c7);
        IntVector d7 = LOWER_2.selectFrom(c5, c7);
        IntVector d8 = UPPER_2.selectFrom(c8, c10);
        IntVector d10 = LOWER_2.selectFrom(c8, c10);
        IntVector d9 = UPPER_2.selectFrom(c9, c11);
        IntVector d11 = LOWER_2.selectFrom(c9, c11);
        IntVector d12 = UPPER_2.selectFrom(c12, c14);
        IntVector d14 = LOWER_2.selectFrom(c12, c14);
        IntVector d13 = UPPER_2.selectFrom(c13, c15);
        IntVector d15 = LOWER_2.selectFrom(c13, c15);
        IntVector e0 = UPPER_1.selectFrom(d0, d1);
        IntVector e1 = LOWER_1.selectFrom(d0, d1);
        IntVector e2 = UPPER_1.selectFrom(d2, d3);
        IntVector e3 = LOWER_1.selectFrom(d2, d3);
        IntVector e4 = UPPER_1.selectFrom(d4, d5);
        IntVector e5 = LOWER_1.selectFrom(d4, d5);
        IntVector e6 = UPPER_1.selectFrom(d6, d7);
        IntVector e7 = LOWER_1.selectFrom(d6, d7);
        IntVector e8 = UPPER_1.selectFrom(d8, d9);
        IntVector e9 = LOWER_1.selectFrom(d8, d9);
        IntVector e10 = UPPER_1.selectFrom(d10, d11);
        IntVector e11 = LOWER_1.selectFrom(d10, d11);
        IntVector e12 = UPPER_1.selectFrom(d12, d13);
        IntVector e13 = LOWER_1.selectFrom(d12, d13);
        IntVector e14 = UPPER_1.selectFrom(d14, d15);
        IntVector e15 = LOWER_1.selectFrom(d14, d15);
        e0.reinterpretAsFloats().mul(scale).intoArray(to, toAt);
        e1.reinterpretAsFloats().mul(scale).intoArray(to, toAt + Q);
        e2.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 2 * Q);
        e3.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 3 * Q);
        e4.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 4 * Q);
        e5.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 5 * Q);
        e6.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 6 * Q);
        e7.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 7 * Q);
        e8.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 8 * Q);
        e9.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 9 * Q);
        e10.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 10 * Q);
        e11.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 11 * Q);
        e12.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 12 * Q);
        e13.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 13 * Q);
        e14.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 14 * Q);
        e15.reinterpretAsFloats().mul(scale).intoArray(to, toAt + 15 * Q);
    }
}
