package io.torrefy.tensor.internal.cpu;

/// Softmax and log-softmax by rows.
final class Softmax {
    private Softmax() {}

    static void softmax(long rows, long n, long x, long y) {
        throw new UnsupportedOperationException("softmax");
    }

    static void softmaxBackward(long rows, long n, long y, long dy, long dx) {
        throw new UnsupportedOperationException("softmaxBackward");
    }

    static void logSoftmax(long rows, long n, long x, long y) {
        throw new UnsupportedOperationException("logSoftmax");
    }

    static void logSoftmaxBackward(long rows, long n, long y, long dy, long dx) {
        throw new UnsupportedOperationException("logSoftmaxBackward");
    }
}
