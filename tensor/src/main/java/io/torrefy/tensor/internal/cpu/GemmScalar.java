package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;

/// The matrix product one element at a time, in the order of operations of the vector kernels (fused multiply-adds
/// along k within a block of k, blocks added in order): the same bits, so it is both their fallback and their
/// oracle.
final class GemmScalar {
    private GemmScalar() {}

    /// Dimensions are positive. Leading dimensions and batch strides in elements.
    static void gemm(
            DType type,
            boolean ta,
            boolean tb,
            long m,
            long n,
            long k,
            long a,
            long lda,
            long aBatch,
            long b,
            long ldb,
            long bBatch,
            long c,
            long ldc,
            long cBatch,
            long batch,
            boolean accumulate) {
        int size = type.bytes();
        long ai = (ta ? 1 : lda) * size;
        long ap = (ta ? lda : 1) * size;
        long bj = (tb ? ldb : 1) * size;
        long bp = (tb ? 1 : ldb) * size;
        long kc = Gemm.blockOfK(k);
        for (long z = 0; z < batch; z++) {
            for (long i = 0; i < m; i++) {
                for (long j = 0; j < n; j++) {
                    long row = a + z * aBatch * size + i * ai;
                    long column = b + z * bBatch * size + j * bj;
                    long to = c + (z * cBatch + i * ldc + j) * size;
                    if (type == DType.F32) {
                        Mem.f32(to, dotF32(row, ap, column, bp, k, kc, accumulate, Mem.f32(to)));
                    } else {
                        Mem.f64(to, dotF64(row, ap, column, bp, k, kc, accumulate, Mem.f64(to)));
                    }
                }
            }
        }
    }

    private static float dotF32(
            long row, long rowStride, long column, long columnStride, long k, long kc, boolean add, float before) {
        float sum = before;
        for (long p0 = 0; p0 < k; p0 += kc) {
            float part = 0;
            for (long p = p0; p < Math.min(k, p0 + kc); p++) {
                part = Math.fma(Mem.f32(row + p * rowStride), Mem.f32(column + p * columnStride), part);
            }
            sum = p0 == 0 && !add ? part : sum + part;
        }
        return sum;
    }

    private static double dotF64(
            long row, long rowStride, long column, long columnStride, long k, long kc, boolean add, double before) {
        double sum = before;
        for (long p0 = 0; p0 < k; p0 += kc) {
            double part = 0;
            for (long p = p0; p < Math.min(k, p0 + kc); p++) {
                part = Math.fma(Mem.f64(row + p * rowStride), Mem.f64(column + p * columnStride), part);
            }
            sum = p0 == 0 && !add ? part : sum + part;
        }
        return sum;
    }
}
