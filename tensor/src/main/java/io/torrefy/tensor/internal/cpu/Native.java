package io.torrefy.tensor.internal.cpu;

/// Memory from the C library.
final class Native {
    private Native() {}

    static long allocate(long bytes) {
        throw new UnsupportedOperationException("allocate");
    }

    static void release(long address, long bytes) {
        throw new UnsupportedOperationException("release");
    }
}
