package io.torrefy.tensor.internal.cpu;

/// Splits flat work into blocks of a fixed size, so that the split never depends on the number of threads.
final class Blocks {
    /// Elements of a block: 128 KiB of f32, so that two inputs and an output stay in a core's L2.
    static final int SIZE = 32 * 1024;

    /// Work of fewer elements runs in the caller: waking a thread costs more.
    static final int SERIAL = 2 * SIZE;

    private Blocks() {}

    /// A piece of the work: elements `start .. start + count - 1`.
    @FunctionalInterface
    interface Body {
        void run(long start, int count);
    }

    static void run(long n, Body body) {
        run(n, SIZE, SERIAL, body);
    }

    /// Blocks of `size`, in the caller if there are `serial` elements or fewer.
    static void run(long n, int size, int serial, Body body) {
        if (n <= serial) {
            if (n > 0) {
                body.run(0, (int) n);
            }
            return;
        }
        Parallel.run(Math.toIntExact((n + size - 1) / size), b -> {
            long start = (long) b * size;
            body.run(start, (int) Math.min(size, n - start));
        });
    }
}
