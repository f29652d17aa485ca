package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.BinaryOp;
import io.torrefy.tensor.internal.CompareOp;
import io.torrefy.tensor.internal.UnaryOp;

/// Casts, fills and element-wise kernels over broadcast shapes.
final class Elementwise {
    private Elementwise() {}

    static void copy(DType from, DType to, long[] shape, long x, long[] xStrides, long y, long[] yStrides) {
        throw new UnsupportedOperationException("copy");
    }

    static void fill(DType type, long n, long y, double value) {
        throw new UnsupportedOperationException("fill");
    }

    static void unary(UnaryOp op, DType type, long n, long x, long y, double p0, double p1) {
        throw new UnsupportedOperationException("unary");
    }

    static void binary(BinaryOp op, DType type, long[] shape, long a, long[] aStrides, long b, long[] bStrides, long y) {
        throw new UnsupportedOperationException("binary");
    }

    static void compare(CompareOp op, DType type, long[] shape, long a, long[] aStrides, long b, long[] bStrides, long y) {
        throw new UnsupportedOperationException("compare");
    }

    static void where( DType type, long[] shape, long c, long[] cStrides, long a, long[] aStrides, long b, long[] bStrides, long y) {
        throw new UnsupportedOperationException("where");
    }
}
