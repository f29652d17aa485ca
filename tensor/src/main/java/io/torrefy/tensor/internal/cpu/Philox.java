package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;

/// Counter-based random numbers.
final class Philox {
    private Philox() {}

    static void uniform(DType type, long n, long seed, long stream, long offset, long y) {
        throw new UnsupportedOperationException("uniform");
    }

    static void normal(DType type, long n, long seed, long stream, long offset, long y) {
        throw new UnsupportedOperationException("normal");
    }
}
