package io.torrefy.tensor;

import io.torrefy.export.Export;
import io.torrefy.tensor.internal.Philox4x32;

/// Counter-based random numbers (Philox4x32-10, Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a
/// value is a
/// function of (seed, stream, position), so the same on any number of threads and devices, and a run resumes by its
/// position.
@Export(value = "tensor.Rng", since = "0.1")
public final class Rng {
    private final long seed;
    private final long stream;
    private long position;

    private Rng(long seed, long stream, long position) {
        this.seed = seed;
        this.stream = stream;
        this.position = position;
    }

    /// What must be saved to go on exactly where a generator is.
    public record State(long seed, long stream, long position) {}

    /// A generator at the start of stream 0.
    public static Rng of(long seed) {
        return new Rng(seed, 0, 0);
    }

    /// A generator at a saved state.
    public static Rng of(State state) {
        return new Rng(state.seed, state.stream, state.position);
    }

    /// An independent generator of the same seed.
    public Rng stream(long number) {
        return new Rng(seed, number, 0);
    }

    public State state() {
        return new State(seed, stream, position);
    }

    private long take(long n) {
        long start = position;
        position += (n + 3) / 4 * 4;
        return start;
    }

    /// Uniform in [0, 1), f32.
    public Tensor uniform(long... shape) {
        return uniform(DType.F32, shape);
    }

    public Tensor uniform(DType dtype, long... shape) {
        Tensor y = Creation.empty(Device.CPU, dtype, shape);
        y.backend().uniform(dtype, y.count(), seed, stream, take(words(dtype, y.count())), y.address());
        return y;
    }

    /// Standard normal, f32.
    public Tensor normal(long... shape) {
        return normal(DType.F32, shape);
    }

    public Tensor normal(DType dtype, long... shape) {
        Tensor y = Creation.empty(Device.CPU, dtype, shape);
        y.backend().normal(dtype, y.count(), seed, stream, take(words(dtype, y.count())), y.address());
        return y;
    }

    private static long words(DType dtype, long n) {
        return dtype == DType.F64 ? 2 * n : n;
    }

    /// One uniform number in [0, 1).
    public float nextFloat() {
        try (Scope _ = Scope.open()) {
            return uniform(1).toFloats()[0];
        }
    }

    /// One uniform integer in [0, bound).
    public int nextInt(int bound) {
        if (bound < 1) {
            throw new IllegalArgumentException("[nextInt] expected a positive bound; got " + bound);
        }
        try (Scope _ = Scope.open()) {
            return (int) (uniform(DType.F64, 1).toDoubles()[0] * bound);
        }
    }

    /// 0 … n-1 in random order.
    public int[] permutation(int n) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        try (Scope _ = Scope.open()) {
            double[] u = uniform(DType.F64, n).toDoubles();
            for (int i = n - 1; i > 0; i--) {
                int j = (int) (u[i] * (i + 1));
                int t = order[i];
                order[i] = order[j];
                order[j] = t;
            }
        }
        return order;
    }

    /// The uniform number in [0, 1) at one position of (seed, stream), f32's 24 bits: what [#uniform] gives there,
    /// without a tensor.
    public static float uniformAt(long seed, long stream, long position) {
        return Philox4x32.uniform(seed, stream, position);
    }
}
