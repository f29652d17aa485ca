package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/// Native memory for kernel tests: every buffer lies between guard values, and closing asserts that no kernel wrote
/// them. New buffers are full of NaN, so that a result which was never written shows.
final class KernelMemory implements AutoCloseable {
    private static final int GUARD = 64;
    private static final float CANARY = 1234.5f;
    private final Arena arena = Arena.ofConfined();
    private final List<MemorySegment> segments = new ArrayList<>();

    /// Row lengths around the vector width L, one beyond several vectors, and one beyond a piece of a long row.
    static IntStream columns() {
        int l = Mem.FS.length();
        return IntStream.of(1, 2, l - 1, l, l + 1, 4 * l + 3, 200, Rows.PIECE + l + 5);
    }

    /// Unwritten memory for n floats.
    long floats(int n) {
        float[] nan = new float[n];
        java.util.Arrays.fill(nan, Float.NaN);
        return of(nan);
    }

    long of(float... values) {
        MemorySegment segment = arena.allocate(4L * (values.length + 2 * GUARD), 64);
        for (int i = 0; i < GUARD; i++) {
            segment.setAtIndex(Mem.F32, i, CANARY);
            segment.setAtIndex(Mem.F32, GUARD + values.length + i, CANARY);
        }
        MemorySegment.copy(values, 0, segment, Mem.F32, 4L * GUARD, values.length);
        segments.add(segment);
        return segment.address() + 4L * GUARD;
    }

    long of(double[] values) {
        return of(narrow(values));
    }

    long of(long[] values) {
        return arena.allocateFrom(Mem.I64, values).address();
    }

    static float[] read(long address, int n) {
        float[] out = new float[n];
        for (int i = 0; i < n; i++) {
            out[i] = Mem.f32(address + 4L * i);
        }
        return out;
    }

    static float[] narrow(double[] values) {
        float[] out = new float[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) values[i];
        }
        return out;
    }

    /// Normal values that are exact in f32, so that a float64 oracle sees the same input.
    static double[] normal(int n, long seed, double scale) {
        Random random = new Random(seed);
        double[] out = new double[n];
        for (int i = 0; i < n; i++) {
            out[i] = (float) (random.nextGaussian() * scale);
        }
        return out;
    }

    static double[] row(double[] x, int n, int r) {
        return java.util.Arrays.copyOfRange(x, r * n, (r + 1) * n);
    }

    /// Gradient of f at x by central differences.
    static double[] differences(ToDoubleFunction<double[]> f, double[] x) {
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            double h = 1e-5 * Math.max(1, Math.abs(x[i]));
            double[] at = x.clone();
            at[i] = x[i] + h;
            double up = f.applyAsDouble(at);
            at[i] = x[i] - h;
            out[i] = (up - f.applyAsDouble(at)) / (2 * h);
        }
        return out;
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /// A kernel run that returns what it wrote.
    interface Run {
        float[] get(KernelMemory memory);
    }

    /// Asserts that 1, 2, 3 and 7 threads give the same bits.
    static void assertSameOnAnyThreads(Run run) {
        int before = Parallel.threads();
        try {
            float[] first = {};
            for (int threads : new int[] {1, 2, 3, 7}) {
                Parallel.threads(threads);
                try (KernelMemory memory = new KernelMemory()) {
                    float[] result = run.get(memory);
                    assertThat(result).doesNotContain(Float.NaN).isNotEmpty();
                    first = threads == 1 ? result : first;
                    assertThat(result).as("%d threads", threads).isEqualTo(first);
                }
            }
        } finally {
            Parallel.threads(before);
        }
    }

    static float[] join(float[]... parts) {
        int size = 0;
        for (float[] part : parts) {
            size += part.length;
        }
        float[] out = new float[size];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, out, at, part.length);
            at += part.length;
        }
        return out;
    }

    @Override
    public void close() {
        for (MemorySegment segment : segments) {
            int last = (int) (segment.byteSize() / 4) - 1;
            for (int i = 0; i < GUARD; i++) {
                assertThat(segment.getAtIndex(Mem.F32, i)).as("guard in front").isEqualTo(CANARY);
                assertThat(segment.getAtIndex(Mem.F32, last - i))
                        .as("guard behind")
                        .isEqualTo(CANARY);
            }
        }
        arena.close();
    }
}
