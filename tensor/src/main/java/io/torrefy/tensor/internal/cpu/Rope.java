package io.torrefy.tensor.internal.cpu;

/// Rotary position embedding.
final class Rope {
    private Rope() {}

    static void rope( long tokens, long heads, long dim, boolean interleaved, long x, long xTokenStride, long xHeadStride, long cos, long sin, long positions, float sign, long y, long yTokenStride, long yHeadStride) {
        throw new UnsupportedOperationException("rope");
    }
}
