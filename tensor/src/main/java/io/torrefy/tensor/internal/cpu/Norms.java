package io.torrefy.tensor.internal.cpu;

/// RMSNorm and LayerNorm by rows.
final class Norms {
    private Norms() {}

    static void rmsNorm(long rows, long n, long x, long w, float eps, long y, long rstd) {
        throw new UnsupportedOperationException("rmsNorm");
    }

    static void rmsNormBackward(long rows, long n, long x, long w, long rstd, long dy, long dx, long dw) {
        throw new UnsupportedOperationException("rmsNormBackward");
    }

    static void layerNorm(long rows, long n, long x, long w, long b, float eps, long y, long mean, long rstd) {
        throw new UnsupportedOperationException("layerNorm");
    }

    static void layerNormBackward( long rows, long n, long x, long w, long mean, long rstd, long dy, long dx, long dw, long db) {
        throw new UnsupportedOperationException("layerNormBackward");
    }
}
