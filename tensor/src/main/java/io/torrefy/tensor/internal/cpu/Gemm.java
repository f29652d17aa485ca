package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;

/// Matrix products.
final class Gemm {
    private Gemm() {}

    static void gemm( DType type, boolean ta, boolean tb, long m, long n, long k, long a, long lda, long aBatch, long b, long ldb, long bBatch, long c, long ldc, long cBatch, long batch, boolean accumulate) {
        throw new UnsupportedOperationException("gemm");
    }
}
