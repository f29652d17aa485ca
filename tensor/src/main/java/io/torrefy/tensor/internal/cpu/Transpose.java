package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.IS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;

import jdk.incubator.vector.IntVector;

/// Transposes square blocks in registers by the butterfly: in the stage of distance d, rows i and i + d swap the lanes
/// that differ in bit d. Each swap is one two-register permutation an output row.
final class Transpose {
    private static final IntVector LOW_8 = low(8);
    private static final IntVector HIGH_8 = high(8);
    private static final IntVector LOW_4 = low(4);
    private static final IntVector HIGH_4 = high(4);
    private static final IntVector LOW_2 = low(2);
    private static final IntVector HIGH_2 = high(2);
    private static final IntVector LOW_1 = low(1);
    private static final IntVector HIGH_1 = high(1);

    private Transpose() {}

    /// Lane j of the upper row after the stage of distance d: its own where bit d of j is clear, else lane j - d of
    /// the lower row.
    private static IntVector low(int d) {
        int[] lanes = new int[IS.length()];
        for (int j = 0; j < lanes.length; j++) {
            lanes[j] = (j & d) == 0 ? j : (lanes.length + j - d) % (2 * lanes.length);
        }
        return IntVector.fromArray(IS, lanes, 0);
    }

    private static IntVector high(int d) {
        int[] lanes = new int[IS.length()];
        for (int j = 0; j < lanes.length; j++) {
            lanes[j] = (j & d) == 0 ? (j + d) % lanes.length : lanes.length + j;
        }
        return IntVector.fromArray(IS, lanes, 0);
    }

    /// `to[p * toStride + i] = from[i, p]` for p, i < 16, where rows past `rows` repeat the last. Needs 16 lanes;
    /// writes
    /// whole vectors in the order of p, so a narrower `toStride` keeps its first columns.
    static void square16(long from, long stride, int rows, float[] to, int at, int toStride) {
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
        IntVector s0 = LOW_8.selectFrom(r0, r8);
        IntVector s8 = HIGH_8.selectFrom(r0, r8);
        IntVector s1 = LOW_8.selectFrom(r1, r9);
        IntVector s9 = HIGH_8.selectFrom(r1, r9);
        IntVector s2 = LOW_8.selectFrom(r2, r10);
        IntVector s10 = HIGH_8.selectFrom(r2, r10);
        IntVector s3 = LOW_8.selectFrom(r3, r11);
        IntVector s11 = HIGH_8.selectFrom(r3, r11);
        IntVector s4 = LOW_8.selectFrom(r4, r12);
        IntVector s12 = HIGH_8.selectFrom(r4, r12);
        IntVector s5 = LOW_8.selectFrom(r5, r13);
        IntVector s13 = HIGH_8.selectFrom(r5, r13);
        IntVector s6 = LOW_8.selectFrom(r6, r14);
        IntVector s14 = HIGH_8.selectFrom(r6, r14);
        IntVector s7 = LOW_8.selectFrom(r7, r15);
        IntVector s15 = HIGH_8.selectFrom(r7, r15);
        IntVector t0 = LOW_4.selectFrom(s0, s4);
        IntVector t4 = HIGH_4.selectFrom(s0, s4);
        IntVector t1 = LOW_4.selectFrom(s1, s5);
        IntVector t5 = HIGH_4.selectFrom(s1, s5);
        IntVector t2 = LOW_4.selectFrom(s2, s6);
        IntVector t6 = HIGH_4.selectFrom(s2, s6);
        IntVector t3 = LOW_4.selectFrom(s3, s7);
        IntVector t7 = HIGH_4.selectFrom(s3, s7);
        IntVector t8 = LOW_4.selectFrom(s8, s12);
        IntVector t12 = HIGH_4.selectFrom(s8, s12);
        IntVector t9 = LOW_4.selectFrom(s9, s13);
        IntVector t13 = HIGH_4.selectFrom(s9, s13);
        IntVector t10 = LOW_4.selectFrom(s10, s14);
        IntVector t14 = HIGH_4.selectFrom(s10, s14);
        IntVector t11 = LOW_4.selectFrom(s11, s15);
        IntVector t15 = HIGH_4.selectFrom(s11, s15);
        IntVector u0 = LOW_2.selectFrom(t0, t2);
        IntVector u2 = HIGH_2.selectFrom(t0, t2);
        IntVector u1 = LOW_2.selectFrom(t1, t3);
        IntVector u3 = HIGH_2.selectFrom(t1, t3);
        IntVector u4 = LOW_2.selectFrom(t4, t6);
        IntVector u6 = HIGH_2.selectFrom(t4, t6);
        IntVector u5 = LOW_2.selectFrom(t5, t7);
        IntVector u7 = HIGH_2.selectFrom(t5, t7);
        IntVector u8 = LOW_2.selectFrom(t8, t10);
        IntVector u10 = HIGH_2.selectFrom(t8, t10);
        IntVector u9 = LOW_2.selectFrom(t9, t11);
        IntVector u11 = HIGH_2.selectFrom(t9, t11);
        IntVector u12 = LOW_2.selectFrom(t12, t14);
        IntVector u14 = HIGH_2.selectFrom(t12, t14);
        IntVector u13 = LOW_2.selectFrom(t13, t15);
        IntVector u15 = HIGH_2.selectFrom(t13, t15);
        IntVector v0 = LOW_1.selectFrom(u0, u1);
        IntVector v1 = HIGH_1.selectFrom(u0, u1);
        IntVector v2 = LOW_1.selectFrom(u2, u3);
        IntVector v3 = HIGH_1.selectFrom(u2, u3);
        IntVector v4 = LOW_1.selectFrom(u4, u5);
        IntVector v5 = HIGH_1.selectFrom(u4, u5);
        IntVector v6 = LOW_1.selectFrom(u6, u7);
        IntVector v7 = HIGH_1.selectFrom(u6, u7);
        IntVector v8 = LOW_1.selectFrom(u8, u9);
        IntVector v9 = HIGH_1.selectFrom(u8, u9);
        IntVector v10 = LOW_1.selectFrom(u10, u11);
        IntVector v11 = HIGH_1.selectFrom(u10, u11);
        IntVector v12 = LOW_1.selectFrom(u12, u13);
        IntVector v13 = HIGH_1.selectFrom(u12, u13);
        IntVector v14 = LOW_1.selectFrom(u14, u15);
        IntVector v15 = HIGH_1.selectFrom(u14, u15);
        v0.reinterpretAsFloats().intoArray(to, at);
        v1.reinterpretAsFloats().intoArray(to, at + toStride);
        v2.reinterpretAsFloats().intoArray(to, at + 2 * toStride);
        v3.reinterpretAsFloats().intoArray(to, at + 3 * toStride);
        v4.reinterpretAsFloats().intoArray(to, at + 4 * toStride);
        v5.reinterpretAsFloats().intoArray(to, at + 5 * toStride);
        v6.reinterpretAsFloats().intoArray(to, at + 6 * toStride);
        v7.reinterpretAsFloats().intoArray(to, at + 7 * toStride);
        v8.reinterpretAsFloats().intoArray(to, at + 8 * toStride);
        v9.reinterpretAsFloats().intoArray(to, at + 9 * toStride);
        v10.reinterpretAsFloats().intoArray(to, at + 10 * toStride);
        v11.reinterpretAsFloats().intoArray(to, at + 11 * toStride);
        v12.reinterpretAsFloats().intoArray(to, at + 12 * toStride);
        v13.reinterpretAsFloats().intoArray(to, at + 13 * toStride);
        v14.reinterpretAsFloats().intoArray(to, at + 14 * toStride);
        v15.reinterpretAsFloats().intoArray(to, at + 15 * toStride);
    }
}
