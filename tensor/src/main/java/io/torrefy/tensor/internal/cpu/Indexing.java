package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;

/// Kernels that read or write through indices.
final class Indexing {
    private Indexing() {}

    static long findOutOfRange(long n, long indices, long limit) {
        throw new UnsupportedOperationException("findOutOfRange");
    }

    static void indexSelect(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        throw new UnsupportedOperationException("indexSelect");
    }

    static void indexAdd(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        throw new UnsupportedOperationException("indexAdd");
    }

    static void gather(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        throw new UnsupportedOperationException("gather");
    }

    static void scatterAdd(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        throw new UnsupportedOperationException("scatterAdd");
    }
}
