package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.CrossEntropies.Reduction;
import io.torrefy.tensor.CrossEntropies.TokenLogProbs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every family of kernels, values and gradients, gives the same bits on any number of threads. Sizes are odd and have
/// work for seven threads and more.
class ThreadCountTest {
    private static final int ROWS = 1021;
    private static final int WIDTH = 517;
    private static final int[] OFFSETS = {0, 300, 301, 301, 349, 800, 1019, 1020};
    private static final Attention.Options WINDOW =
            Attention.Options.CAUSAL_CACHED.withWindow(101).withSinkTokens(3);
    private static final Map<String, Supplier<List<Tensor>>> FAMILIES = new LinkedHashMap<>();

    static {
        FAMILIES.put("gemm", () -> gradients(p -> p.get(0).matmul(p.get(1)), random(301, 517), random(517, 259)));
        FAMILIES.put(
                "gemm of a batch",
                () -> gradients(
                        p -> p.get(0).matmul(p.get(1).transpose(1, 2)), random(19, 67, 45), random(19, 83, 45)));
        FAMILIES.put(
                "gemm of one row",
                () -> List.of(
                        random(1, 700).matmul(random(700, 3001)),
                        random(1, 700).matmul(random(3001, 700).t())));
        FAMILIES.put(
                "gemm f64",
                () -> gradients(
                        p -> p.get(0).matmul(p.get(1)),
                        random(201, 117).to(DType.F64),
                        random(117, 159).to(DType.F64)));
        FAMILIES.put("packed products", ThreadCountTest::packed);
        FAMILIES.put(
                "attention",
                () -> gradients(
                        p -> Attention.attend(p.get(0), p.get(1), p.get(2), null, p.get(3), Attention.Options.CAUSAL),
                        random(2, 6, 515, 40),
                        random(2, 2, 515, 40),
                        random(2, 2, 515, 24),
                        random(6)));
        FAMILIES.put(
                "attention of packed sequences",
                () -> gradients(
                        p -> Attention.attendPacked(p.get(0), p.get(1), p.get(2), OFFSETS, OFFSETS, WINDOW),
                        random(1020, 6, 32),
                        random(1020, 3, 32),
                        random(1020, 3, 32)));
        FAMILIES.put(
                "attention of one query",
                () -> List.of(Attention.attendCached(
                        random(5, 6, 32),
                        random(5, 2, 900, 32),
                        random(5, 2, 900, 32),
                        new int[] {4, 0, 2, 1, 3},
                        new int[] {900, 1, 333, 64, 899},
                        WINDOW)));
        FAMILIES.put("norms", () -> {
            List<Tensor> all = gradients(
                    p -> Functional.layerNorm(p.get(0), p.get(1), p.get(2), 1e-5),
                    random(ROWS, WIDTH),
                    random(WIDTH),
                    random(WIDTH));
            all.addAll(
                    gradients(p -> Functional.rmsNorm(p.get(0), p.get(1), 1e-5), random(ROWS, WIDTH), random(WIDTH)));
            return all;
        });
        FAMILIES.put("softmaxes", () -> {
            List<Tensor> all = gradients(p -> p.get(0).softmax(1), random(ROWS, WIDTH));
            all.addAll(gradients(p -> p.get(0).logSoftmax(1), random(ROWS, WIDTH)));
            all.addAll(gradients(p -> p.get(0).logsumexp(new int[] {1}, false), random(ROWS, WIDTH)));
            return all;
        });
        FAMILIES.put("cross-entropy", () -> {
            List<Tensor> all = gradients(
                    p -> CrossEntropies.crossEntropy(p.get(0), words(ROWS), Reduction.MEAN, -100, 0.1),
                    random(ROWS, WIDTH));
            all.addAll(gradients(
                    p -> CrossEntropies.tokenLogProbs(p.get(0), words(ROWS), 0.7)
                            .logProbs(),
                    random(ROWS, WIDTH)));
            all.add(CrossEntropies.tokenLogProbs(random(ROWS, WIDTH), words(ROWS), 0.7)
                    .entropy());
            return all;
        });
        FAMILIES.put("linear cross-entropy", () -> {
            List<Tensor> all = gradients(
                    p -> LinearCrossEntropy.crossEntropy(
                            p.get(0), p.get(1), words(ROWS), Reduction.MEAN, -100, 0.1, 130),
                    random(ROWS, 48),
                    random(WIDTH, 48));
            TokenLogProbs chunked =
                    LinearCrossEntropy.tokenLogProbs(random(ROWS, 48), random(WIDTH, 48), words(ROWS), 0.7, 130);
            all.add(chunked.logProbs());
            all.add(chunked.entropy());
            all.addAll(gradients(
                    p -> LinearCrossEntropy.tokenLogProbs(p.get(0), p.get(1), words(ROWS), 0.7, 130)
                            .logProbs(),
                    random(ROWS, 48),
                    random(WIDTH, 48)));
            return all;
        });
        FAMILIES.put("reductions", ThreadCountTest::reductions);
        FAMILIES.put("element-wise", () -> {
            Tensor x = random(ROWS, WIDTH);
            Tensor y = random(WIDTH);
            return List.of(
                    x.gelu(),
                    x.add(y).mul(x.tanh()),
                    x.gt(y).where(x, y),
                    x.t().contiguous(),
                    x.to(DType.BF16).to(DType.F32));
        });
        FAMILIES.put(
                "swiglu",
                () -> gradients(p -> Functional.swiglu(p.get(0), p.get(1)), random(ROWS, WIDTH), random(ROWS, WIDTH)));
        FAMILIES.put(
                "embedding", () -> gradients(p -> Functional.embedding(words(3 * ROWS), p.get(0)), random(WIDTH, 100)));
        FAMILIES.put("images", () -> {
            List<Tensor> all = gradients(
                    p -> Functional.conv2d(
                            p.get(0), p.get(1), null, new int[] {2, 1}, new int[] {1, 1}, new int[] {1, 1}, 1),
                    random(3, 5, 45, 51),
                    random(7, 5, 3, 3));
            all.addAll(gradients(p -> Functional.interpolateBicubic(p.get(0), 61, 77), random(3, 5, 45, 51)));
            return all;
        });
        FAMILIES.put("random numbers", () -> {
            Rng rng = Rng.of(5);
            return List.of(rng.uniform(ROWS, WIDTH), rng.normal(ROWS, WIDTH), rng.normal(DType.F64, ROWS, 41));
        });
        FAMILIES.put("optimiser", () -> optimiser(ROWS * WIDTH));
    }

    /// Another tensor at every call of a family, the same ones at its next run.
    private static Rng source = Rng.of(0);

    private static Tensor random(long... shape) {
        return source.uniform(shape).sub(0.5).mul(3);
    }

    private static Tensor words(int rows) {
        long[] ids = new long[rows];
        for (int i = 0; i < rows; i++) {
            ids[i] = i * 31L % WIDTH;
        }
        return Tensor.of(ids);
    }

    /// The value and the gradients of all inputs for a random upstream gradient.
    private static List<Tensor> gradients(Function<List<Tensor>, Tensor> f, Tensor... inputs) {
        List<Tensor> from = new ArrayList<>();
        for (Tensor input : inputs) {
            from.add(input.detach().requiresGrad(true));
        }
        Tensor y = f.apply(from);
        List<Tensor> all = new ArrayList<>(List.of(y));
        Autograd.grad(List.of(y), from, List.of(random(y.shape()).to(y.dtype())), false, false)
                .forEach(g -> all.add(g.orElseThrow()));
        return all;
    }

    private static List<Tensor> packed() {
        List<Tensor> all = new ArrayList<>();
        for (PackedWeights.Format format : PackedWeights.Format.values()) {
            try (PackedWeights pack = PackedWeights.of(random(1111, 777), format)) {
                all.add(pack.product(random(1, 777)));
                all.add(pack.product(random(5, 777)));
                all.add(pack.product(random(93, 777)));
            }
        }
        return all;
    }

    private static List<Tensor> reductions() {
        Tensor x = random(ROWS, WIDTH);
        Tensor near1 = x.mul(1e-2).add(1);
        List<Tensor> all = new ArrayList<>(List.of(x.sum(), x.max(), x.var(new int[] {0, 1}, 1, false)));
        for (int dim = 0; dim < 2; dim++) {
            all.add(x.sum(dim));
            all.add(x.norm(dim));
            all.add(near1.prod(dim, false));
            all.add(x.max(dim, false).values());
            all.add(x.argmin(dim, false).to(DType.F32));
            all.add(x.cumsum(dim));
            all.add(x.sort(dim, true).indices().to(DType.F32));
            all.add(x.to(DType.F64).sum(dim));
        }
        return all;
    }

    private static List<Tensor> optimiser(int n) {
        Tensor p = random(n);
        Tensor g = random(n);
        Tensor m = random(n).mul(0.1);
        Tensor v = random(n).square();
        Tensor top = random(n).square();
        var updates = new Updates();
        for (boolean decoupled : new boolean[] {true, false}) {
            var step = new Updates.AdamStep(0.01, 0.9, 0.999, 1e-8, 0.1, decoupled, 0.1, 0.03, 0.5);
            updates.adam(p, g, m, v, decoupled ? null : top, step);
            updates.run();
        }
        double[] squares = new double[1];
        long[] counts = {n};
        Backends.of(Device.CPU).sumsOfSquares(1, counts, new long[] {g.address()}, squares);
        return List.of(p, m, v, top, Tensor.of(squares));
    }

    static Stream<String> families() {
        return FAMILIES.keySet().stream();
    }

    private static List<double[]> on(int threads, Supplier<List<Tensor>> family) {
        Threads.use(threads);
        source = Rng.of(1);
        try (Scope _ = Scope.open()) {
            return family.get().stream()
                    .map(t -> t.dtype() == DType.BOOL ? t.to(DType.F32) : t)
                    .map(Tensor::toDoubles)
                    .toList();
        }
    }

    /// A double holds every float, so equal doubles are equal bits (and `equals` of them tells 0 from -0).
    @ParameterizedTest
    @MethodSource("families")
    void bitsDoNotDependOnTheNumberOfThreads(String name) {
        int before = Threads.count();
        try {
            List<double[]> one = on(1, FAMILIES.get(name));
            for (int threads : new int[] {2, 3, 7}) {
                List<double[]> more = on(threads, FAMILIES.get(name));
                for (int i = 0; i < one.size(); i++) {
                    assertThat(more.get(i))
                            .as("tensor %d on %d threads", i, threads)
                            .isEqualTo(one.get(i));
                    assertThat(Double.isFinite(one.get(i)[0])).isTrue();
                }
            }
        } finally {
            Threads.use(before);
        }
    }
}
