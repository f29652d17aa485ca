package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.GemmKernels.V;
import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.F32;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.IS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// One row of A by B as it lies in memory, each sum in the order of k as everywhere. Nothing is packed, and B is read
/// once.
///
/// A row-major B is read along its rows, eight at a time, while the sums of a block of columns stay in the L1 cache. A
/// transposed B is transposed in registers ([Transpose]), 16 rows by eight steps of k, and used there; that bounds the
/// speed at some 60 GB/s, so a weight that many rows will meet one by one is better packed ([GemmPacked]).
final class GemmRow {
    /// Rows of a transposed B, and the multiple of k, that [#sixteen] takes.
    static final int LANES = 16;
    /// Rows of a row-major B that [#eight] takes.
    static final int ROWS = 8;

    private GemmRow() {}

    /// Whether the vectors are as wide as [#sixteen].
    static boolean fits() {
        return FS.length() == LANES;
    }

    /// Adds eight steps of k to n sums, a multiple of the vector: steps of A are `aStep` bytes apart.
    static void eight(int n, long a, long aStep, long b, long bRow, long sums) {
        FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, a));
        FloatVector a1 = FloatVector.broadcast(FS, ALL.get(F32, a + aStep));
        FloatVector a2 = FloatVector.broadcast(FS, ALL.get(F32, a + 2 * aStep));
        FloatVector a3 = FloatVector.broadcast(FS, ALL.get(F32, a + 3 * aStep));
        FloatVector a4 = FloatVector.broadcast(FS, ALL.get(F32, a + 4 * aStep));
        FloatVector a5 = FloatVector.broadcast(FS, ALL.get(F32, a + 5 * aStep));
        FloatVector a6 = FloatVector.broadcast(FS, ALL.get(F32, a + 6 * aStep));
        FloatVector a7 = FloatVector.broadcast(FS, ALL.get(F32, a + 7 * aStep));
        for (int j = 0; j < n; j += V) {
            long bp = b + j * 4L;
            FloatVector sum = FloatVector.fromMemorySegment(FS, ALL, sums + j * 4L, ORDER);
            sum = a0.fma(FloatVector.fromMemorySegment(FS, ALL, bp, ORDER), sum);
            sum = a1.fma(FloatVector.fromMemorySegment(FS, ALL, bp + bRow, ORDER), sum);
            sum = a2.fma(FloatVector.fromMemorySegment(FS, ALL, bp + 2 * bRow, ORDER), sum);
            sum = a3.fma(FloatVector.fromMemorySegment(FS, ALL, bp + 3 * bRow, ORDER), sum);
            sum = a4.fma(FloatVector.fromMemorySegment(FS, ALL, bp + 4 * bRow, ORDER), sum);
            sum = a5.fma(FloatVector.fromMemorySegment(FS, ALL, bp + 5 * bRow, ORDER), sum);
            sum = a6.fma(FloatVector.fromMemorySegment(FS, ALL, bp + 6 * bRow, ORDER), sum);
            sum = a7.fma(FloatVector.fromMemorySegment(FS, ALL, bp + 7 * bRow, ORDER), sum);
            sum.intoMemorySegment(ALL, sums + j * 4L, ORDER);
        }
    }

    /// Adds one step of k.
    static void one(int n, float a, long b, long sums) {
        FloatVector factor = FloatVector.broadcast(FS, a);
        for (int j = 0; j < n; j += V) {
            FloatVector sum = FloatVector.fromMemorySegment(FS, ALL, sums + j * 4L, ORDER);
            factor.fma(FloatVector.fromMemorySegment(FS, ALL, b + j * 4L, ORDER), sum)
                    .intoMemorySegment(ALL, sums + j * 4L, ORDER);
        }
    }

    /// Sums of kc (a multiple of 16) products with 16 rows of a transposed B, `bRow` bytes apart. Eight steps of k
    /// a trip, as C1 runs out of registers on sixteen and then leaves the method to the interpreter.
    static void sixteen(int kc, long a, long b, long bRow, long c) {
        FloatVector sum = FloatVector.zero(FS);
        for (int p = 0; p < kc; p += 8) {
            long bp = b + (p & -16) * 4L;
            IntVector r0 = IntVector.fromMemorySegment(IS, ALL, bp, ORDER);
            IntVector r1 = IntVector.fromMemorySegment(IS, ALL, bp + bRow, ORDER);
            IntVector r2 = IntVector.fromMemorySegment(IS, ALL, bp + 2 * bRow, ORDER);
            IntVector r3 = IntVector.fromMemorySegment(IS, ALL, bp + 3 * bRow, ORDER);
            IntVector r4 = IntVector.fromMemorySegment(IS, ALL, bp + 4 * bRow, ORDER);
            IntVector r5 = IntVector.fromMemorySegment(IS, ALL, bp + 5 * bRow, ORDER);
            IntVector r6 = IntVector.fromMemorySegment(IS, ALL, bp + 6 * bRow, ORDER);
            IntVector r7 = IntVector.fromMemorySegment(IS, ALL, bp + 7 * bRow, ORDER);
            IntVector r8 = IntVector.fromMemorySegment(IS, ALL, bp + 8 * bRow, ORDER);
            IntVector r9 = IntVector.fromMemorySegment(IS, ALL, bp + 9 * bRow, ORDER);
            IntVector r10 = IntVector.fromMemorySegment(IS, ALL, bp + 10 * bRow, ORDER);
            IntVector r11 = IntVector.fromMemorySegment(IS, ALL, bp + 11 * bRow, ORDER);
            IntVector r12 = IntVector.fromMemorySegment(IS, ALL, bp + 12 * bRow, ORDER);
            IntVector r13 = IntVector.fromMemorySegment(IS, ALL, bp + 13 * bRow, ORDER);
            IntVector r14 = IntVector.fromMemorySegment(IS, ALL, bp + 14 * bRow, ORDER);
            IntVector r15 = IntVector.fromMemorySegment(IS, ALL, bp + 15 * bRow, ORDER);
            // Lanes 0 .. 7 or 8 .. 15 of rows i and i + 8.
            IntVector half = Transpose.UPPER_8.add(p & 8);
            IntVector s0 = half.selectFrom(r0, r8);
            IntVector s1 = half.selectFrom(r1, r9);
            IntVector s2 = half.selectFrom(r2, r10);
            IntVector s3 = half.selectFrom(r3, r11);
            IntVector s4 = half.selectFrom(r4, r12);
            IntVector s5 = half.selectFrom(r5, r13);
            IntVector s6 = half.selectFrom(r6, r14);
            IntVector s7 = half.selectFrom(r7, r15);
            IntVector t0 = Transpose.UPPER_4.selectFrom(s0, s4);
            IntVector t4 = Transpose.LOWER_4.selectFrom(s0, s4);
            IntVector t1 = Transpose.UPPER_4.selectFrom(s1, s5);
            IntVector t5 = Transpose.LOWER_4.selectFrom(s1, s5);
            IntVector t2 = Transpose.UPPER_4.selectFrom(s2, s6);
            IntVector t6 = Transpose.LOWER_4.selectFrom(s2, s6);
            IntVector t3 = Transpose.UPPER_4.selectFrom(s3, s7);
            IntVector t7 = Transpose.LOWER_4.selectFrom(s3, s7);
            IntVector u0 = Transpose.UPPER_2.selectFrom(t0, t2);
            IntVector u2 = Transpose.LOWER_2.selectFrom(t0, t2);
            IntVector u1 = Transpose.UPPER_2.selectFrom(t1, t3);
            IntVector u3 = Transpose.LOWER_2.selectFrom(t1, t3);
            IntVector u4 = Transpose.UPPER_2.selectFrom(t4, t6);
            IntVector u6 = Transpose.LOWER_2.selectFrom(t4, t6);
            IntVector u5 = Transpose.UPPER_2.selectFrom(t5, t7);
            IntVector u7 = Transpose.LOWER_2.selectFrom(t5, t7);
            IntVector v0 = Transpose.UPPER_1.selectFrom(u0, u1);
            IntVector v1 = Transpose.LOWER_1.selectFrom(u0, u1);
            IntVector v2 = Transpose.UPPER_1.selectFrom(u2, u3);
            IntVector v3 = Transpose.LOWER_1.selectFrom(u2, u3);
            IntVector v4 = Transpose.UPPER_1.selectFrom(u4, u5);
            IntVector v5 = Transpose.LOWER_1.selectFrom(u4, u5);
            IntVector v6 = Transpose.UPPER_1.selectFrom(u6, u7);
            IntVector v7 = Transpose.LOWER_1.selectFrom(u6, u7);
            long ap = a + p * 4L;
            FloatVector a0 = FloatVector.broadcast(FS, ALL.get(F32, ap));
            sum = a0.fma(v0.reinterpretAsFloats(), sum);
            FloatVector a1 = FloatVector.broadcast(FS, ALL.get(F32, ap + 4));
            sum = a1.fma(v1.reinterpretAsFloats(), sum);
            FloatVector a2 = FloatVector.broadcast(FS, ALL.get(F32, ap + 8));
            sum = a2.fma(v2.reinterpretAsFloats(), sum);
            FloatVector a3 = FloatVector.broadcast(FS, ALL.get(F32, ap + 12));
            sum = a3.fma(v3.reinterpretAsFloats(), sum);
            FloatVector a4 = FloatVector.broadcast(FS, ALL.get(F32, ap + 16));
            sum = a4.fma(v4.reinterpretAsFloats(), sum);
            FloatVector a5 = FloatVector.broadcast(FS, ALL.get(F32, ap + 20));
            sum = a5.fma(v5.reinterpretAsFloats(), sum);
            FloatVector a6 = FloatVector.broadcast(FS, ALL.get(F32, ap + 24));
            sum = a6.fma(v6.reinterpretAsFloats(), sum);
            FloatVector a7 = FloatVector.broadcast(FS, ALL.get(F32, ap + 28));
            sum = a7.fma(v7.reinterpretAsFloats(), sum);
        }
        sum.intoMemorySegment(ALL, c, ORDER);
    }

    /// Adds the products of steps `from` <= p < `to` to 16 sums.
    static void rest(int from, int to, long a, long b, long bRow, long c) {
        for (int j = 0; j < LANES; j++) {
            float sum = ALL.get(F32, c + j * 4L);
            for (int p = from; p < to; p++) {
                sum = Math.fma(ALL.get(F32, a + p * 4L), ALL.get(F32, b + j * bRow + p * 4L), sum);
            }
            ALL.set(F32, c + j * 4L, sum);
        }
    }
}
