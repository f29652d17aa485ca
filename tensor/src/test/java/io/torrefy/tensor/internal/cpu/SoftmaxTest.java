package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.KernelMemory.differences;
import static io.torrefy.tensor.internal.cpu.KernelMemory.dot;
import static io.torrefy.tensor.internal.cpu.KernelMemory.normal;
import static io.torrefy.tensor.internal.cpu.KernelMemory.read;
import static io.torrefy.tensor.internal.cpu.KernelMemory.row;
import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.testkit.Close;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SoftmaxTest {
    private static final float INF = Float.POSITIVE_INFINITY;

    interface Forward {
        void run(long rows, long n, long x, long y);
    }

    interface Backward {
        void run(long rows, long n, long y, long dy, long dx);
    }

    static double[] softmax(double[] x) {
        double[] y = logSoftmax(x);
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.exp(y[i]);
        }
        return y;
    }

    static double[] logSoftmax(double[] x) {
        double max = java.util.Arrays.stream(x).max().orElseThrow();
        double sum = 0;
        for (double v : x) {
            sum += Math.exp(v - max);
        }
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = x[i] - max - Math.log(sum);
        }
        return y;
    }

    static java.util.stream.IntStream columns() {
        return KernelMemory.columns();
    }

    @ParameterizedTest
    @MethodSource("columns")
    void forwardAgreesWithFloat64(int n) {
        int rows = 5;
        double[] x = normal(rows * n, n, 3);
        double[] p = new double[rows * n];
        double[] log = new double[rows * n];
        for (int r = 0; r < rows; r++) {
            System.arraycopy(softmax(row(x, n, r)), 0, p, r * n, n);
            System.arraycopy(logSoftmax(row(x, n, r)), 0, log, r * n, n);
        }
        check(Softmax::softmax, x, p, rows, n, 1e-6, 1e-7);
        check(SoftmaxScalar::softmax, x, p, rows, n, 1e-6, 1e-7);
        check(Softmax::logSoftmax, x, log, rows, n, 1e-6, 1e-6); // half the spacing of x - max is 5e-7
        check(SoftmaxScalar::logSoftmax, x, log, rows, n, 1e-6, 1e-6);
    }

    private static void check(
            Forward kernel, double[] x, double[] expected, int rows, int n, double rtol, double atol) {
        try (KernelMemory memory = new KernelMemory()) {
            long y = memory.floats(rows * n);
            kernel.run(rows, n, memory.of(x), y);
            Close.check("rows of " + n, read(y, rows * n), expected, rtol, atol);
        }
    }

    @ParameterizedTest
    @MethodSource("columns")
    void backwardAgreesWithFloat64(int n) {
        int rows = 3;
        double[] x = normal(rows * n, n, 2);
        double[] dy = normal(rows * n, n + 1, 1);
        double[] p = new double[rows * n];
        double[] dp = new double[rows * n];
        double[] log = new double[rows * n];
        double[] dLog = new double[rows * n];
        for (int r = 0; r < rows; r++) {
            double[] prob = softmax(row(x, n, r));
            double[] up = row(dy, n, r);
            double along = dot(prob, up);
            double sum = java.util.Arrays.stream(up).sum();
            for (int i = 0; i < n; i++) {
                int at = r * n + i;
                p[at] = prob[i];
                log[at] = Math.log(prob[i]);
                dp[at] = prob[i] * (up[i] - along);
                dLog[at] = up[i] - prob[i] * sum;
            }
        }
        checkBackward(Softmax::softmaxBackward, p, dy, dp, rows, n);
        checkBackward(SoftmaxScalar::softmaxBackward, p, dy, dp, rows, n);
        checkBackward(Softmax::logSoftmaxBackward, log, dy, dLog, rows, n);
        checkBackward(SoftmaxScalar::logSoftmaxBackward, log, dy, dLog, rows, n);
        if (n < 200) {
            double[] up = row(dy, n, 1);
            double[] at = row(x, n, 1);
            double[] numeric = differences(v -> dot(softmax(v), up), at);
            double[] numericLog = differences(v -> dot(logSoftmax(v), up), at);
            Close.check("differences", row(dp, n, 1), numeric, 1e-6, 1e-8);
            Close.check("differences of log", row(dLog, n, 1), numericLog, 1e-6, 1e-8);
            checkBackward(Softmax::softmaxBackward, softmax(at), up, numeric, 1, n);
            checkBackward(Softmax::logSoftmaxBackward, logSoftmax(at), up, numericLog, 1, n);
        }
    }

    private static void checkBackward(Backward kernel, double[] y, double[] dy, double[] expected, int rows, int n) {
        try (KernelMemory memory = new KernelMemory()) {
            long dx = memory.floats(rows * n);
            kernel.run(rows, n, memory.of(y), memory.of(dy), dx);
            Close.check("rows of " + n, read(dx, rows * n), expected, 1e-5, 2e-6);
        }
    }

    @Test
    void extremeRows() {
        for (Forward kernel : new Forward[] {Softmax::softmax, SoftmaxScalar::softmax}) {
            assertThat(run(kernel, 1e30f, -1e30f, 1e30f)).containsExactly(0.5f, 0f, 0.5f);
            assertThat(run(kernel, -INF, 3f, -INF)).containsExactly(0f, 1f, 0f);
            assertThat(run(kernel, -INF, -INF)).containsOnly(Float.NaN);
            assertThat(run(kernel, INF, 0f)).contains(Float.NaN);
            assertThat(run(kernel, Float.NaN, 0f, 1f)).containsOnly(Float.NaN);
            assertThat(run(kernel, -3e38f, 3e38f)).containsExactly(0f, 1f);
        }
        for (Forward kernel : new Forward[] {Softmax::logSoftmax, SoftmaxScalar::logSoftmax}) {
            assertThat(run(kernel, -INF, 3f, -INF)).containsExactly(-INF, 0f, -INF);
            assertThat(run(kernel, -INF, -INF)).containsOnly(Float.NaN);
            assertThat(run(kernel, 1e8f, 0f)).containsExactly(0f, -1e8f);
        }
    }

    @Test
    void specialValuesBeyondTheFirstVector() {
        int n = 4 * Mem.FS.length() + 3;
        for (int at : new int[] {0, n / 2, n - 1}) {
            float[] x = new float[n];
            x[at] = Float.NaN;
            assertThat(run(Softmax::softmax, x)).containsOnly(Float.NaN);
            java.util.Arrays.fill(x, -INF);
            x[at] = -7f;
            float[] y = run(Softmax::softmax, x);
            assertThat(y[at]).isEqualTo(1f);
            assertThat(java.util.stream.IntStream.range(0, n)
                            .filter(i -> y[i] != 0)
                            .count())
                    .isOne();
        }
    }

    private static float[] run(Forward kernel, float... x) {
        try (KernelMemory memory = new KernelMemory()) {
            long y = memory.floats(x.length);
            kernel.run(1, x.length, memory.of(x), y);
            return read(y, x.length);
        }
    }

    @Test
    void nothingToDo() {
        Softmax.softmax(0, 5, 0, 0);
        Softmax.softmax(3, 0, 0, 0);
        Softmax.logSoftmax(0, 5, 0, 0);
        Softmax.softmaxBackward(0, 5, 0, 0, 0);
        Softmax.logSoftmaxBackward(3, 0, 0, 0, 0);
    }

    @Test
    void anyNumberOfThreadsGivesTheSameBits() {
        int rows = 700;
        int n = 131;
        KernelMemory.assertSameOnAnyThreads(memory -> {
            long x = memory.of(normal(rows * n, 1, 2));
            long dy = memory.of(normal(rows * n, 2, 2));
            long y = memory.floats(rows * n);
            long dx = memory.floats(rows * n);
            Softmax.softmax(rows, n, x, y);
            Softmax.softmaxBackward(rows, n, y, dy, dx);
            return KernelMemory.join(read(y, rows * n), read(dx, rows * n));
        });
    }
}
