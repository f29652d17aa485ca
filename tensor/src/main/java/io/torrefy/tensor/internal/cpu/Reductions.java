package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.ReduceOp;

/// Reductions, scans and sorts along one dimension.
final class Reductions {
    private Reductions() {}

    static void reduce(ReduceOp op, DType type, long outer, long n, long inner, long x, long y) {
        throw new UnsupportedOperationException("reduce");
    }

    static void scan(ReduceOp op, DType type, long outer, long n, long inner, long x, long y) {
        throw new UnsupportedOperationException("scan");
    }

    static void sort(DType type, long rows, long n, boolean descending, long x, long values, long indices) {
        throw new UnsupportedOperationException("sort");
    }
}
