package io.torrefy.tensor;

import io.torrefy.export.Export;

/// How many threads the CPU kernels use. The number changes only the time a result takes, never a bit of it.
@Export(value = "tensor.Threads", since = "0.1", members = "tensor.threads")
public final class Threads {
    private Threads() {}

    /// The number now; by default `-Dtorrefy.threads=N`, else the number of processors.
    public static int count() {
        return Backends.of(Device.CPU).threads();
    }

    /// Changes it for the kernels that follow.
    ///
    /// @throws IllegalArgumentException if n < 1
    public static void use(int n) {
        Backends.of(Device.CPU).threads(n);
    }

    /// The vector registers that each of them computes with, for people: `AVX-512, 16 floats`.
    public static String vectorUnit() {
        return Backends.of(Device.CPU).unit();
    }
}
