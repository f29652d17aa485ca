package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Matrix products against sums in float64, against the scalar form bit for bit, and against themselves on other
/// numbers of threads.
class GemmTest {
    private static final float UNTOUCHED = -12345;
    private static final int L = Mem.FS.length();
    private final int threadsBefore = Parallel.threads();

    @AfterEach
    void restoreThreads() {
        Parallel.threads(threadsBefore);
    }

    /// A problem with its operands in memory; leading dimensions are `pad` larger than the rows.
    private record Problem(
            boolean ta, boolean tb, int m, int n, int k, int batch, boolean accumulate, int pad, boolean repeatB) {
        int lda() {
            return (ta ? m : k) + pad;
        }

        int ldb() {
            return (tb ? k : n) + 2 * pad;
        }

        int ldc() {
            return n + 3 * pad;
        }

        int aSize() {
            return (ta ? k : m) * lda();
        }

        int bSize() {
            return (tb ? n : k) * ldb();
        }

        int cSize() {
            return m * ldc() + pad;
        }

        boolean large() {
            return (long) m * n * k > 3_000_000;
        }

        static Problem of(boolean ta, boolean tb, int m, int n, int k) {
            return new Problem(ta, tb, m, n, k, 1, false, 0, false);
        }
    }

    /// Operands as doubles (exact in the type under test), C as it was and as it came out.
    private record Run(Problem problem, double[] a, double[] b, double[] before, double[] after) {}

    @FunctionalInterface
    private interface Kernel {
        void gemm(
                DType type,
                boolean ta,
                boolean tb,
                long m,
                long n,
                long k,
                long a,
                long lda,
                long aBatch,
                long b,
                long ldb,
                long bBatch,
                long c,
                long ldc,
                long cBatch,
                long batch,
                boolean accumulate);
    }

    private static Run run(DType type, Problem q, Kernel kernel) {
        Random random = new Random(q.hashCode());
        double[] a = random(random, q.aSize() * q.batch);
        double[] b = random(random, q.bSize() * (q.repeatB ? 1 : q.batch));
        double[] c = random(random, q.cSize() * q.batch);
        for (int i = 0; i < c.length; i++) {
            int inMatrix = i % Math.max(1, q.cSize());
            if (q.ldc() == 0 || inMatrix % q.ldc() >= q.n || inMatrix / q.ldc() >= q.m) {
                c[i] = UNTOUCHED;
            }
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment am = write(arena, type, a);
            MemorySegment bm = write(arena, type, b);
            MemorySegment cm = write(arena, type, c);
            kernel.gemm(
                    type,
                    q.ta,
                    q.tb,
                    q.m,
                    q.n,
                    q.k,
                    am.address(),
                    q.lda(),
                    q.aSize(),
                    bm.address(),
                    q.ldb(),
                    q.repeatB ? 0 : q.bSize(),
                    cm.address(),
                    q.ldc(),
                    q.cSize(),
                    q.batch,
                    q.accumulate);
            return new Run(q, a, b, c, read(type, cm, c.length));
        }
    }

    private static double[] random(Random random, int n) {
        double[] values = new double[n];
        Arrays.setAll(values, _ -> random.nextFloat() - 0.5f);
        return values;
    }

    private static MemorySegment write(Arena arena, DType type, double[] values) {
        MemorySegment memory = arena.allocate(Math.max(1, (long) values.length * type.bytes()), 64);
        for (int i = 0; i < values.length; i++) {
            if (type == DType.F32) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[i]);
            } else {
                memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, values[i]);
            }
        }
        return memory;
    }

    private static double[] read(DType type, MemorySegment memory, int n) {
        double[] values = new double[n];
        Arrays.setAll(
                values,
                i -> type == DType.F32
                        ? memory.getAtIndex(ValueLayout.JAVA_FLOAT, i)
                        : memory.getAtIndex(ValueLayout.JAVA_DOUBLE, i));
        return values;
    }

    /// Every element within the error bound of a sum of k products (Higham, "Accuracy and Stability", 3.1), every
    /// element between the rows untouched.
    private static void checkAgainstFloat64(DType type, Run run) {
        Problem q = run.problem;
        double[] expected = run.before.clone();
        double unit = type == DType.F32 ? 0x1p-24 : 0x1p-53;
        double[] bound = new double[expected.length];
        for (int z = 0; z < q.batch; z++) {
            for (int i = 0; i < q.m; i++) {
                for (int j = 0; j < q.n; j++) {
                    int to = z * q.cSize() + i * q.ldc() + j;
                    double sum = q.accumulate ? run.before[to] : 0;
                    double magnitude = Math.abs(sum);
                    for (int p = 0; p < q.k; p++) {
                        double x = run.a[z * q.aSize() + (q.ta ? p * q.lda() + i : i * q.lda() + p)];
                        int bz = q.repeatB ? 0 : z * q.bSize();
                        double y = run.b[bz + (q.tb ? j * q.ldb() + p : p * q.ldb() + j)];
                        sum += x * y;
                        magnitude += Math.abs(x * y);
                    }
                    expected[to] = sum;
                    bound[to] = (q.k + 2) * 2 * unit * magnitude;
                }
            }
        }
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(run.after[i] - expected[i]) <= bound[i])) {
                assertThat(run.after[i]).as("%s %s element %d", type, q, i).isEqualTo(expected[i]);
            }
        }
    }

    private static List<Problem> problems() {
        List<Problem> all = new ArrayList<>();
        int[] sizes = {0, 1, 3, L - 1, L, L + 1, 2 * L + 3, 4 * L + 3};
        Random random = new Random(7);
        for (int transposes = 0; transposes < 4; transposes++) {
            boolean ta = (transposes & 1) != 0;
            boolean tb = (transposes & 2) != 0;
            for (int m : sizes) {
                for (int n : sizes) {
                    int k = sizes[random.nextInt(sizes.length)];
                    all.add(new Problem(ta, tb, m, n, k, 1, random.nextBoolean(), random.nextInt(3), false));
                }
            }
            for (int rows = 1; rows <= 26; rows++) {
                all.add(new Problem(ta, tb, rows, 2 * L + 5, 37, 1, rows % 2 == 0, 1, false));
            }
            // Each block size plus one: of k, of the rows of A, of the columns of B, and the sizes that change the
            // path.
            all.add(Problem.of(ta, tb, 5, 2 * L + 1, Gemm.KC + 1));
            all.add(new Problem(ta, tb, 13, L, 2 * Gemm.KC + 1, 1, true, 1, false));
            all.add(Problem.of(ta, tb, 148, 131, 1000 - L));
            if (!ta && !tb) {
                all.add(Problem.of(false, false, 148, 513, Gemm.KC));
            }
            // One row: columns and steps of k beyond whole vectors, blocks of columns and blocks of k.
            all.add(new Problem(ta, tb, 1, 600, 37, 1, true, 1, false));
            all.add(new Problem(ta, tb, 1, 2 * L + 5, Gemm.KC + 9, 1, false, 1, false));
            all.add(new Problem(ta, tb, 1, 4096 + L + 3, 19, 1, false, 1, false));
            all.add(new Problem(ta, tb, 1, 520, 2 * Gemm.KC + 5, 1, true, 0, false));
            all.add(Problem.of(ta, tb, 97, 40, 33));
            all.add(Problem.of(ta, tb, 97, 150, 33));
            all.add(Problem.of(ta, tb, 7, 32 * GemmKernels.NR + 1, 17));
            all.add(Problem.of(ta, tb, 100, 32 * GemmKernels.NR + 1, 17));
            for (int cols = 1; cols <= 4 * GemmKernels.VECTORS; cols++) {
                all.add(new Problem(ta, tb, 13, cols * L / 4, 40, 1, cols % 2 == 0, 1, false));
            }
            all.add(new Problem(ta, tb, 9, 21, 18, 5, false, 1, false));
            all.add(new Problem(ta, tb, 17, 16, 16, 7, true, 0, true));
            all.add(new Problem(ta, tb, 1, 35, 65, 3, false, 0, false));
        }
        return all;
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64"})
    void agreesWithFloat64(DType type) {
        for (Problem problem : problems()) {
            if (!problem.large()) {
                checkAgainstFloat64(type, run(type, problem, Gemm::gemm));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64"})
    void hasTheBitsOfTheScalarForm(DType type) {
        for (Problem problem : problems()) {
            if (problem.k > 0 && !(problem.large() && type == DType.F64)) {
                assertThat(run(type, problem, Gemm::gemm).after)
                        .as("%s", problem)
                        .isEqualTo(run(type, problem, GemmScalar::gemm).after);
            }
        }
    }

    @Test
    void scalarFormAgreesWithFloat64() {
        for (Problem problem : problems()) {
            if (problem.k > 0 && !problem.large()) {
                checkAgainstFloat64(DType.F32, run(DType.F32, problem, GemmScalar::gemm));
            }
        }
    }

    private static List<Problem> parallelProblems() {
        List<Problem> all = new ArrayList<>();
        for (int transposes = 0; transposes < 4; transposes++) {
            boolean ta = (transposes & 1) != 0;
            boolean tb = (transposes & 2) != 0;
            all.add(Problem.of(ta, tb, 131, 197, 101));
            all.add(Problem.of(ta, tb, 1, 1111, 777));
            all.add(Problem.of(ta, tb, 1003, 9, 401));
            all.add(new Problem(ta, tb, 33, 45, 70, 11, true, 1, false));
            all.add(new Problem(ta, tb, 150, 130, 90, 2, false, 0, true));
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("parallelProblems")
    void bitsDoNotDependOnThreads(Problem problem) {
        Parallel.threads(1);
        Run alone = run(DType.F32, problem, Gemm::gemm);
        checkAgainstFloat64(DType.F32, alone);
        for (int threads : new int[] {2, 3, 7}) {
            Parallel.threads(threads);
            assertThat(run(DType.F32, problem, Gemm::gemm).after)
                    .as("%d threads", threads)
                    .isEqualTo(alone.after);
        }
    }

    /// What a rollout needs: the logits of a token are the same whether it is decoded alone or scored in a batch.
    @Test
    void rowAloneIsTheRowOfTheBatch() {
        int n = 200;
        int k = 500;
        for (boolean tb : new boolean[] {false, true}) {
            try (Arena arena = Arena.ofConfined()) {
                Random random = new Random(3);
                MemorySegment a = write(arena, DType.F32, random(random, 64 * k));
                MemorySegment b = write(arena, DType.F32, random(random, n * k));
                MemorySegment batch = arena.allocate(64L * n * 4, 64);
                MemorySegment rows = arena.allocate(64L * n * 4, 64);
                product(tb, 64, n, k, a.address(), b.address(), batch.address());
                int[] parts = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 8};
                int row = 0;
                for (int part : parts) {
                    product(tb, part, n, k, a.address() + row * k * 4L, b.address(), rows.address() + row * n * 4L);
                    row += part;
                }
                assertThat(row).isEqualTo(64);
                assertThat(rows.mismatch(batch)).as("tb %s", tb).isEqualTo(-1);
            }
        }
    }

    private static void product(boolean tb, int m, int n, int k, long a, long b, long c) {
        Gemm.gemm(DType.F32, false, tb, m, n, k, a, k, 0, b, tb ? k : n, 0, c, n, 0, 1, false);
    }

    @Test
    void infinitiesAndNansStayInTheirRows() {
        int n = 40;
        int k = 20;
        try (Arena arena = Arena.ofConfined()) {
            double[] a = new double[14 * k];
            Arrays.fill(a, 1);
            a[3 * k + 5] = Double.NaN;
            a[13 * k] = Double.POSITIVE_INFINITY;
            double[] b = new double[k * n];
            Arrays.fill(b, 0.5);
            MemorySegment c = arena.allocate(14L * n * 4, 64);
            product(
                    false,
                    14,
                    n,
                    k,
                    write(arena, DType.F32, a).address(),
                    write(arena, DType.F32, b).address(),
                    c.address());
            double[] result = read(DType.F32, c, 14 * n);
            for (int i = 0; i < result.length; i++) {
                double expected = i / n == 3 ? Double.NaN : i / n == 13 ? Double.POSITIVE_INFINITY : 0.5 * k;
                assertThat(result[i]).isEqualTo(Double.valueOf(expected));
            }
        }
    }

    @Test
    void emptyInnerDimensionClearsOrKeeps() {
        Run cleared = run(DType.F32, new Problem(false, false, 3, 5, 0, 2, false, 1, false), Gemm::gemm);
        checkAgainstFloat64(DType.F32, cleared);
        Run kept = run(DType.F32, new Problem(false, false, 3, 5, 0, 2, true, 1, false), Gemm::gemm);
        assertThat(kept.after).isEqualTo(kept.before);
    }
}
