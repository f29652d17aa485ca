package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.IS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;

import jdk.incubator.vector.IntVector;

/// Transposes square blocks of 32-bit values in registers by the butterfly: in the stage of distance d, rows i and
/// i + d exchange the lanes that differ in bit d. Each exchange is one two-register permutation for each of the two
/// rows.
final class Transpose {
    private static final int LANES = IS.length();
    static final IntVector UPPER_8 = upper(8);
    static final IntVector LOWER_8 = lower(8);
    static final IntVector UPPER_4 = upper(4);
    static final IntVector LOWER_4 = lower(4);
    static final IntVector UPPER_2 = upper(2);
    static final IntVector LOWER_2 = lower(2);
    static final IntVector UPPER_1 = upper(1);
    static final IntVector LOWER_1 = lower(1);

    private Transpose() {}

    /// Which lanes of rows (i, i + d) make row i: lane j where bit d of j is clear, else lane j - d of row i + d.
    private static IntVector upper(int d) {
        int[] lanes = new int[LANES];
        for (int j = 0; j < LANES; j++) {
            lanes[j] = (j & d) == 0 ? j : LANES + j - d;
        }
        return IntVector.fromArray(IS, lanes, 0);
    }

    /// Which lanes of rows (i, i + d) make row i + d.
    private static IntVector lower(int d) {
        int[] lanes = new int[LANES];
        for (int j = 0; j < LANES; j++) {
            lanes[j] = (j & d) == 0 ? Math.min(j + d, LANES - 1) : LANES + j;
        }
        return IntVector.fromArray(IS, lanes, 0);
    }

    /// `to[p, i] = from[i, p]` for p, i < LANES, strides in bytes; rows of `from` past `rows` are not read, and
    /// their columns hold copies of the last.
    static void square(long from, long stride, int rows, long to, long toStride) {
        switch (LANES) {
            case 16 -> square16(from, stride, rows, to, toStride);
            case 8 -> square8(from, stride, rows, to, toStride);
            case 4 -> square4(from, stride, rows, to, toStride);
            default -> elements(from, stride, rows, to, toStride);
        }
    }

    private static void elements(long from, long stride, int rows, long to, long toStride) {
        for (int p = 0; p < LANES; p++) {
            for (int i = 0; i < rows; i++) {
                Mem.f32(to + p * toStride + i * 4L, Mem.f32(from + i * stride + p * 4L));
            }
        }
    }

    private static void square16(long from, long stride, int rows, long to, long toStride) {
        int last = rows - 1;
        IntVector r0 = IntVector.fromMemorySegment(IS, ALL, from, ORDER);
        IntVector r1 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(1, last) * stride, ORDER);
        IntVector r2 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(2, last) * stride, ORDER);
        IntVector r3 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(3, last) * stride, ORDER);
        IntVector r4 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(4, last) * stride, ORDER);
        IntVector r5 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(5, last) * stride, ORDER);
        IntVector r6 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(6, last) * stride, ORDER);
        IntVector r7 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(7, last) * stride, ORDER);
        IntVector r8 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(8, last) * stride, ORDER);
        IntVector r9 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(9, last) * stride, ORDER);
        IntVector r10 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(10, last) * stride, ORDER);
        IntVector r11 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(11, last) * stride, ORDER);
        IntVector r12 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(12, last) * stride, ORDER);
        IntVector r13 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(13, last) * stride, ORDER);
        IntVector r14 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(14, last) * stride, ORDER);
        IntVector r15 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(15, last) * stride, ORDER);
        IntVector s0 = UPPER_8.selectFrom(r0, r8);
        IntVector s8 = LOWER_8.selectFrom(r0, r8);
        IntVector s1 = UPPER_8.selectFrom(r1, r9);
        IntVector s9 = LOWER_8.selectFrom(r1, r9);
        IntVector s2 = UPPER_8.selectFrom(r2, r10);
        IntVector s10 = LOWER_8.selectFrom(r2, r10);
        IntVector s3 = UPPER_8.selectFrom(r3, r11);
        IntVector s11 = LOWER_8.selectFrom(r3, r11);
        IntVector s4 = UPPER_8.selectFrom(r4, r12);
        IntVector s12 = LOWER_8.selectFrom(r4, r12);
        IntVector s5 = UPPER_8.selectFrom(r5, r13);
        IntVector s13 = LOWER_8.selectFrom(r5, r13);
        IntVector s6 = UPPER_8.selectFrom(r6, r14);
        IntVector s14 = LOWER_8.selectFrom(r6, r14);
        IntVector s7 = UPPER_8.selectFrom(r7, r15);
        IntVector s15 = LOWER_8.selectFrom(r7, r15);
        IntVector t0 = UPPER_4.selectFrom(s0, s4);
        IntVector t4 = LOWER_4.selectFrom(s0, s4);
        IntVector t1 = UPPER_4.selectFrom(s1, s5);
        IntVector t5 = LOWER_4.selectFrom(s1, s5);
        IntVector t2 = UPPER_4.selectFrom(s2, s6);
        IntVector t6 = LOWER_4.selectFrom(s2, s6);
        IntVector t3 = UPPER_4.selectFrom(s3, s7);
        IntVector t7 = LOWER_4.selectFrom(s3, s7);
        IntVector t8 = UPPER_4.selectFrom(s8, s12);
        IntVector t12 = LOWER_4.selectFrom(s8, s12);
        IntVector t9 = UPPER_4.selectFrom(s9, s13);
        IntVector t13 = LOWER_4.selectFrom(s9, s13);
        IntVector t10 = UPPER_4.selectFrom(s10, s14);
        IntVector t14 = LOWER_4.selectFrom(s10, s14);
        IntVector t11 = UPPER_4.selectFrom(s11, s15);
        IntVector t15 = LOWER_4.selectFrom(s11, s15);
        IntVector u0 = UPPER_2.selectFrom(t0, t2);
        IntVector u2 = LOWER_2.selectFrom(t0, t2);
        IntVector u1 = UPPER_2.selectFrom(t1, t3);
        IntVector u3 = LOWER_2.selectFrom(t1, t3);
        IntVector u4 = UPPER_2.selectFrom(t4, t6);
        IntVector u6 = LOWER_2.selectFrom(t4, t6);
        IntVector u5 = UPPER_2.selectFrom(t5, t7);
        IntVector u7 = LOWER_2.selectFrom(t5, t7);
        IntVector u8 = UPPER_2.selectFrom(t8, t10);
        IntVector u10 = LOWER_2.selectFrom(t8, t10);
        IntVector u9 = UPPER_2.selectFrom(t9, t11);
        IntVector u11 = LOWER_2.selectFrom(t9, t11);
        IntVector u12 = UPPER_2.selectFrom(t12, t14);
        IntVector u14 = LOWER_2.selectFrom(t12, t14);
        IntVector u13 = UPPER_2.selectFrom(t13, t15);
        IntVector u15 = LOWER_2.selectFrom(t13, t15);
        IntVector v0 = UPPER_1.selectFrom(u0, u1);
        IntVector v1 = LOWER_1.selectFrom(u0, u1);
        IntVector v2 = UPPER_1.selectFrom(u2, u3);
        IntVector v3 = LOWER_1.selectFrom(u2, u3);
        IntVector v4 = UPPER_1.selectFrom(u4, u5);
        IntVector v5 = LOWER_1.selectFrom(u4, u5);
        IntVector v6 = UPPER_1.selectFrom(u6, u7);
        IntVector v7 = LOWER_1.selectFrom(u6, u7);
        IntVector v8 = UPPER_1.selectFrom(u8, u9);
        IntVector v9 = LOWER_1.selectFrom(u8, u9);
        IntVector v10 = UPPER_1.selectFrom(u10, u11);
        IntVector v11 = LOWER_1.selectFrom(u10, u11);
        IntVector v12 = UPPER_1.selectFrom(u12, u13);
        IntVector v13 = LOWER_1.selectFrom(u12, u13);
        IntVector v14 = UPPER_1.selectFrom(u14, u15);
        IntVector v15 = LOWER_1.selectFrom(u14, u15);
        v0.intoMemorySegment(ALL, to, ORDER);
        v1.intoMemorySegment(ALL, to + toStride, ORDER);
        v2.intoMemorySegment(ALL, to + 2 * toStride, ORDER);
        v3.intoMemorySegment(ALL, to + 3 * toStride, ORDER);
        v4.intoMemorySegment(ALL, to + 4 * toStride, ORDER);
        v5.intoMemorySegment(ALL, to + 5 * toStride, ORDER);
        v6.intoMemorySegment(ALL, to + 6 * toStride, ORDER);
        v7.intoMemorySegment(ALL, to + 7 * toStride, ORDER);
        v8.intoMemorySegment(ALL, to + 8 * toStride, ORDER);
        v9.intoMemorySegment(ALL, to + 9 * toStride, ORDER);
        v10.intoMemorySegment(ALL, to + 10 * toStride, ORDER);
        v11.intoMemorySegment(ALL, to + 11 * toStride, ORDER);
        v12.intoMemorySegment(ALL, to + 12 * toStride, ORDER);
        v13.intoMemorySegment(ALL, to + 13 * toStride, ORDER);
        v14.intoMemorySegment(ALL, to + 14 * toStride, ORDER);
        v15.intoMemorySegment(ALL, to + 15 * toStride, ORDER);
    }

    private static void square8(long from, long stride, int rows, long to, long toStride) {
        int last = rows - 1;
        IntVector r0 = IntVector.fromMemorySegment(IS, ALL, from, ORDER);
        IntVector r1 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(1, last) * stride, ORDER);
        IntVector r2 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(2, last) * stride, ORDER);
        IntVector r3 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(3, last) * stride, ORDER);
        IntVector r4 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(4, last) * stride, ORDER);
        IntVector r5 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(5, last) * stride, ORDER);
        IntVector r6 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(6, last) * stride, ORDER);
        IntVector r7 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(7, last) * stride, ORDER);
        IntVector s0 = UPPER_4.selectFrom(r0, r4);
        IntVector s4 = LOWER_4.selectFrom(r0, r4);
        IntVector s1 = UPPER_4.selectFrom(r1, r5);
        IntVector s5 = LOWER_4.selectFrom(r1, r5);
        IntVector s2 = UPPER_4.selectFrom(r2, r6);
        IntVector s6 = LOWER_4.selectFrom(r2, r6);
        IntVector s3 = UPPER_4.selectFrom(r3, r7);
        IntVector s7 = LOWER_4.selectFrom(r3, r7);
        IntVector t0 = UPPER_2.selectFrom(s0, s2);
        IntVector t2 = LOWER_2.selectFrom(s0, s2);
        IntVector t1 = UPPER_2.selectFrom(s1, s3);
        IntVector t3 = LOWER_2.selectFrom(s1, s3);
        IntVector t4 = UPPER_2.selectFrom(s4, s6);
        IntVector t6 = LOWER_2.selectFrom(s4, s6);
        IntVector t5 = UPPER_2.selectFrom(s5, s7);
        IntVector t7 = LOWER_2.selectFrom(s5, s7);
        IntVector u0 = UPPER_1.selectFrom(t0, t1);
        IntVector u1 = LOWER_1.selectFrom(t0, t1);
        IntVector u2 = UPPER_1.selectFrom(t2, t3);
        IntVector u3 = LOWER_1.selectFrom(t2, t3);
        IntVector u4 = UPPER_1.selectFrom(t4, t5);
        IntVector u5 = LOWER_1.selectFrom(t4, t5);
        IntVector u6 = UPPER_1.selectFrom(t6, t7);
        IntVector u7 = LOWER_1.selectFrom(t6, t7);
        u0.intoMemorySegment(ALL, to, ORDER);
        u1.intoMemorySegment(ALL, to + toStride, ORDER);
        u2.intoMemorySegment(ALL, to + 2 * toStride, ORDER);
        u3.intoMemorySegment(ALL, to + 3 * toStride, ORDER);
        u4.intoMemorySegment(ALL, to + 4 * toStride, ORDER);
        u5.intoMemorySegment(ALL, to + 5 * toStride, ORDER);
        u6.intoMemorySegment(ALL, to + 6 * toStride, ORDER);
        u7.intoMemorySegment(ALL, to + 7 * toStride, ORDER);
    }

    private static void square4(long from, long stride, int rows, long to, long toStride) {
        int last = rows - 1;
        IntVector r0 = IntVector.fromMemorySegment(IS, ALL, from, ORDER);
        IntVector r1 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(1, last) * stride, ORDER);
        IntVector r2 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(2, last) * stride, ORDER);
        IntVector r3 = IntVector.fromMemorySegment(IS, ALL, from + Math.min(3, last) * stride, ORDER);
        IntVector s0 = UPPER_2.selectFrom(r0, r2);
        IntVector s2 = LOWER_2.selectFrom(r0, r2);
        IntVector s1 = UPPER_2.selectFrom(r1, r3);
        IntVector s3 = LOWER_2.selectFrom(r1, r3);
        IntVector t0 = UPPER_1.selectFrom(s0, s1);
        IntVector t1 = LOWER_1.selectFrom(s0, s1);
        IntVector t2 = UPPER_1.selectFrom(s2, s3);
        IntVector t3 = LOWER_1.selectFrom(s2, s3);
        t0.intoMemorySegment(ALL, to, ORDER);
        t1.intoMemorySegment(ALL, to + toStride, ORDER);
        t2.intoMemorySegment(ALL, to + 2 * toStride, ORDER);
        t3.intoMemorySegment(ALL, to + 3 * toStride, ORDER);
    }
}
