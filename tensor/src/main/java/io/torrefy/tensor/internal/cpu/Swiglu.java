package io.torrefy.tensor.internal.cpu;

/// The gated activation of SwiGLU.
final class Swiglu {
    private Swiglu() {}

    static void swiglu(long rows, long n, long gate, long gateStride, long up, long upStride, long y) {
        throw new UnsupportedOperationException("swiglu");
    }

    static void swigluBackward( long rows, long n, long gate, long gateStride, long up, long upStride, long dy, long dGate, long dGateStride, long dUp, long dUpStride) {
        throw new UnsupportedOperationException("swigluBackward");
    }
}
