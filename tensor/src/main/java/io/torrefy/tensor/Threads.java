package io.torrefy.tensor;

import io.torrefy.export.Export;
import java.util.function.IntConsumer;

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

    /// Runs `body` for 0 to `tasks - 1` and returns when all have run, on the threads of the kernels. Which thread
    /// runs which task is open, so a task may write only what is its own, and how many there are must not depend on
    /// [#count]: then the result is the same on any number. The first exception of a task is thrown.
    public static void run(int tasks, IntConsumer body) {
        Backends.of(Device.CPU).run(tasks, body);
    }

    /// The vector registers that each of them computes with, for people: `AVX-512, 16 floats`.
    public static String vectorUnit() {
        return Backends.of(Device.CPU).unit();
    }
}
