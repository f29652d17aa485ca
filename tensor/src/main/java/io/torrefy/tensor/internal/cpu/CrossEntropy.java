package io.torrefy.tensor.internal.cpu;

/// Cross-entropy and token log-probabilities by rows.
final class CrossEntropy {
    private CrossEntropy() {}

    static void crossEntropy(long rows, long n, long x, long targets, long ignoreIndex, float smoothing, long loss, long lse) {
        throw new UnsupportedOperationException("crossEntropy");
    }

    static void crossEntropyBackward( long rows, long n, long x, long targets, long ignoreIndex, float smoothing, long lse, long scale, long dx) {
        throw new UnsupportedOperationException("crossEntropyBackward");
    }

    static void tokenLogProbs( long rows, long n, long x, float inverseTemperature, long targets, long logProbs, long entropy, long lse) {
        throw new UnsupportedOperationException("tokenLogProbs");
    }

    static void tokenLogProbsBackward( long rows, long n, long x, float inverseTemperature, long targets, long lse, long dLogProbs, long dx) {
        throw new UnsupportedOperationException("tokenLogProbsBackward");
    }
}
