package io.torrefy.tensor;

import io.torrefy.tensor.internal.cpu.Parallel;

/// How many threads the CPU kernels use. The number changes only the time a result takes, never a bit of it.
public final class Threads {
    private Threads() {}

    /// The number now; by default `-Dtorrefy.threads=N`, else the number of processors.
    public static int count() {
        return Parallel.threads();
    }

    /// Changes it for the kernels that follow.
    ///
    /// @throws IllegalArgumentException if n < 1
    public static void use(int n) {
        Parallel.threads(n);
    }
}
