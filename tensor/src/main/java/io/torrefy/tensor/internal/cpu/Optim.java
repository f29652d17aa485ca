package io.torrefy.tensor.internal.cpu;

/// Optimiser steps in one pass over flat storage.
final class Optim {
    private Optim() {}

    static void adam( long n, long p, long g, long m, long v, long maxV, float gradScale, float lr, float beta1, float beta2, float eps, float weightDecay, boolean decoupled, float stepSize, float sqrtBias2) {
        throw new UnsupportedOperationException("adam");
    }

    static double sumOfSquares(long n, long x) {
        throw new UnsupportedOperationException("sumOfSquares");
    }

    static boolean allFinite(long n, long x) {
        throw new UnsupportedOperationException("allFinite");
    }
}
