package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.KernelMemory.differences;
import static io.torrefy.tensor.internal.cpu.KernelMemory.normal;
import static io.torrefy.tensor.internal.cpu.KernelMemory.read;
import static io.torrefy.tensor.internal.cpu.KernelMemory.row;
import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.testkit.Close;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CrossEntropyTest {
    private static final int IGNORE = -100;

    static IntStream columns() {
        return IntStream.concat(KernelMemory.columns(), IntStream.of(32000));
    }

    private static double logSumExp(double[] x) {
        double max = Arrays.stream(x).max().orElseThrow();
        return max + Math.log(Arrays.stream(x).map(v -> Math.exp(v - max)).sum());
    }

    private static double loss(double[] x, int target, double smoothing) {
        double mean = smoothing == 0 ? 0 : Arrays.stream(x).average().orElseThrow();
        return (1 - smoothing) * (logSumExp(x) - x[target]) + (smoothing == 0 ? 0 : smoothing * (logSumExp(x) - mean));
    }

    private static long[] targets(int rows, int n) {
        long[] targets = new long[rows];
        for (int r = 0; r < rows; r++) {
            targets[r] = r == 1 ? IGNORE : (r * 7919L) % n;
        }
        targets[rows - 1] = n - 1L;
        return targets;
    }

    @ParameterizedTest
    @MethodSource("columns")
    void lossAndGradientAgreeWithFloat64(int n) {
        for (float smoothing : new float[] {0f, 0.125f}) {
            check(n, smoothing, true);
            check(n, smoothing, false);
        }
    }

    private static void check(int n, float smoothing, boolean vector) {
        int rows = 4;
        double[] x = normal(rows * n, n, 3);
        long[] targets = targets(rows, n);
        double[] scale = {0.5, 2, -1.5, 0.25};
        double[] loss = new double[rows];
        double[] lse = new double[rows];
        double[] gradient = new double[rows * n];
        for (int r = 0; r < rows; r++) {
            if (targets[r] != IGNORE) {
                double[] logits = row(x, n, r);
                lse[r] = logSumExp(logits);
                loss[r] = loss(logits, (int) targets[r], smoothing);
                for (int i = 0; i < n; i++) {
                    double hot = i == targets[r] ? 1 - smoothing : 0;
                    gradient[r * n + i] = scale[r] * (Math.exp(logits[i] - lse[r]) - hot - smoothing / n);
                }
            }
        }
        try (KernelMemory memory = new KernelMemory()) {
            long px = memory.of(x);
            long pt = memory.of(targets);
            long pLoss = memory.floats(rows);
            long pLse = memory.floats(rows);
            long pScale = memory.of(scale);
            long dx = memory.floats(rows * n);
            if (vector) {
                CrossEntropy.crossEntropy(rows, n, px, pt, IGNORE, smoothing, pLoss, pLse);
                CrossEntropy.crossEntropyBackward(rows, n, px, pt, IGNORE, smoothing, pLse, pScale, dx);
                checkBoth(memory, x, targets, smoothing, gradient, scale, loss);
                CrossEntropy.crossEntropyBackward(rows, n, px, pt, IGNORE, smoothing, pLse, pScale, px);
                assertThat(read(px, rows * n)).as("in place").isEqualTo(read(dx, rows * n));
            } else {
                CrossEntropyScalar.crossEntropy(rows, n, px, pt, IGNORE, smoothing, pLoss, pLse);
                CrossEntropyScalar.crossEntropyBackward(rows, n, px, pt, IGNORE, smoothing, pLse, pScale, dx);
            }
            Close.check("loss", read(pLoss, rows), loss, 1e-6, 1e-6);
            Close.check("lse", read(pLse, rows), lse, 1e-6, 1e-6);
            Close.check("gradient", read(dx, rows * n), gradient, 3e-6, 3e-7);
        }
        if (n < 200) {
            double[] logits = row(x, n, 2);
            double[] numeric = differences(v -> scale[2] * loss(v, (int) targets[2], smoothing), logits);
            Close.check("differences", row(gradient, n, 2), numeric, 1e-6, 1e-8);
        }
    }

    /// Losses and gradients at once, into other memory and in place, with one scale for all rows.
    private static void checkBoth(
            KernelMemory memory,
            double[] x,
            long[] targets,
            float smoothing,
            double[] gradient,
            double[] scale,
            double[] loss) {
        int rows = targets.length;
        int n = x.length / rows;
        float common = 0.375f;
        double[] wanted = IntStream.range(0, x.length)
                .mapToDouble(i -> gradient[i] / scale[i / n] * common)
                .toArray();
        for (int kind = 0; kind < 3; kind++) {
            long px = memory.of(x);
            long pt = memory.of(targets);
            long pLoss = memory.floats(rows);
            long dx = kind == 1 ? px : memory.floats(x.length);
            if (kind < 2) {
                CrossEntropy.withGradient(rows, n, px, pt, IGNORE, smoothing, common, pLoss, dx);
            } else {
                CrossEntropyScalar.withGradient(rows, n, px, pt, IGNORE, smoothing, common, pLoss, dx);
            }
            Close.check("losses", read(pLoss, rows), loss, 1e-6, 1e-6);
            Close.check("gradients", read(dx, x.length), wanted, 3e-6, 3e-7);
        }
    }

    /// Long rows guess their maximum from the first piece: rising by 39 and by 41 after it, from nothing, in the
    /// tail.
    @ParameterizedTest
    @ValueSource(strings = {"39", "41", "1000", "from -infinity", "tail", "falling"})
    void aMaximumFarBehindTheFirstPieceIsNoTrouble(String what) {
        int n = 3 * Rows.PIECE + 5;
        double[] x = normal(n, 5, 2);
        switch (what) {
            case "from -infinity" -> Arrays.fill(x, 0, Rows.PIECE, Double.NEGATIVE_INFINITY);
            case "tail" -> x[n - 1] = 500;
            case "falling" -> {
                for (int i = Rows.PIECE; i < n; i++) {
                    x[i] -= 60;
                }
            }
            default ->
                x[2 * Rows.PIECE + 17] = Double.parseDouble(what)
                        + Arrays.stream(x, 0, Rows.PIECE).max().orElseThrow();
        }
        long[] targets = {2L * Rows.PIECE + 17};
        double lse = logSumExp(x);
        double[] gradient = Arrays.stream(x).map(v -> Math.exp(v - lse)).toArray();
        gradient[(int) targets[0]] -= 1;
        double[] loss = {lse - x[(int) targets[0]]};
        try (KernelMemory memory = new KernelMemory()) {
            long px = memory.of(x);
            long pt = memory.of(targets);
            long pLoss = memory.floats(1);
            long pLse = memory.floats(1);
            CrossEntropy.crossEntropy(1, n, px, pt, IGNORE, 0f, pLoss, pLse);
            Close.check("loss", read(pLoss, 1), loss, 1e-6, 1e-6);
            Close.check("lse", read(pLse, 1), new double[] {lse}, 1e-6, 1e-6);
            long dx = memory.floats(n);
            CrossEntropy.withGradient(1, n, px, pt, IGNORE, 0f, 1f, pLoss, dx);
            Close.check("loss of both", read(pLoss, 1), loss, 1e-6, 1e-6);
            Close.check("gradient", read(dx, n), gradient, 3e-6, 3e-7);
        }
    }

    @Test
    void noNumbersStayNoNumbers() {
        int n = 2 * Rows.PIECE;
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            double[] x = normal(n, 5, 2);
            x[n - 3] = bad;
            try (KernelMemory memory = new KernelMemory()) {
                long pLoss = memory.floats(1);
                long target = memory.of(new long[] {7});
                CrossEntropy.withGradient(1, n, memory.of(x), target, IGNORE, 0f, 1f, pLoss, memory.floats(n));
                assertThat(read(pLoss, 1)).containsExactly(Float.NaN);
                CrossEntropy.crossEntropy(1, n, memory.of(x), target, IGNORE, 0f, pLoss, memory.floats(1));
                assertThat(read(pLoss, 1)).containsExactly(Float.NaN);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("columns")
    void tokenLogProbsAgreeWithFloat64(int n) {
        checkTokens(n, 1f, true);
        checkTokens(n, 1.4f, true);
        checkTokens(n, 1.4f, false);
    }

    private static void checkTokens(int n, float inverse, boolean vector) {
        int rows = 3;
        double[] x = normal(rows * n, n, 3);
        x[0] = n > 2 ? Double.NEGATIVE_INFINITY : x[0];
        long[] targets = {n - 1L, n / 2, 0};
        double[] up = {1, -0.75, 2};
        double[] logProbs = new double[rows];
        double[] entropy = new double[rows];
        double[] gradient = new double[rows * n];
        for (int r = 0; r < rows; r++) {
            double[] z = Arrays.stream(row(x, n, r)).map(v -> v * inverse).toArray();
            double lse = logSumExp(z);
            logProbs[r] = z[(int) targets[r]] - lse;
            for (int i = 0; i < n; i++) {
                double p = Math.exp(z[i] - lse);
                entropy[r] -= p == 0 ? 0 : p * (z[i] - lse);
                gradient[r * n + i] = up[r] * inverse * ((i == targets[r] ? 1 : 0) - p);
            }
        }
        try (KernelMemory memory = new KernelMemory()) {
            long px = memory.of(x);
            long pt = memory.of(targets);
            long pLog = memory.floats(rows);
            long pEntropy = memory.floats(rows);
            long pLse = memory.floats(rows);
            long pUp = memory.of(up);
            long dx = memory.floats(rows * n);
            if (vector) {
                CrossEntropy.tokenLogProbs(rows, n, px, inverse, pt, pLog, 0, pLse);
                CrossEntropy.tokenLogProbs(rows, n, px, inverse, pt, pLog, pEntropy, pLse);
                CrossEntropy.tokenLogProbsBackward(rows, n, px, inverse, pt, pLse, pUp, dx);
                CrossEntropy.tokenLogProbsBackward(rows, n, px, inverse, pt, pLse, pUp, px);
                assertThat(read(px, rows * n)).as("in place").isEqualTo(read(dx, rows * n));
            } else {
                CrossEntropyScalar.tokenLogProbs(rows, n, px, inverse, pt, pLog, pEntropy, pLse);
                CrossEntropyScalar.tokenLogProbsBackward(rows, n, px, inverse, pt, pLse, pUp, dx);
            }
            Close.check("log-probability", read(pLog, rows), logProbs, 1e-6, 1e-6);
            Close.check("entropy", read(pEntropy, rows), entropy, 2e-6, 2e-6);
            Close.check("gradient", read(dx, rows * n), gradient, 3e-6, 3e-7);
        }
        if (n > 2 && n < 200) {
            double[] logits = row(x, n, 1);
            double[] numeric = differences(
                    v -> {
                        double[] z = Arrays.stream(v).map(e -> e * inverse).toArray();
                        return up[1] * (z[(int) targets[1]] - logSumExp(z));
                    },
                    logits);
            Close.check("differences", row(gradient, n, 1), numeric, 1e-6, 1e-8);
        }
    }

    /// Adding a constant to all logits changes nothing, though the log-sum-exp is then known to three digits only.
    @ParameterizedTest
    @ValueSource(floats = {-300f, 1024f, 16384f})
    void shiftedLogitsGiveTheSameLossAndGradient(float shift) {
        int n = 203;
        double[] x = normal(n, 3, 2);
        for (int i = 0; i < n; i++) {
            x[i] = Math.rint(x[i] * 256) / 256; // exact after the shift
        }
        double[] shifted = Arrays.stream(x).map(v -> v + shift).toArray();
        double lse = logSumExp(x);
        double[] gradient = new double[n];
        for (int i = 0; i < n; i++) {
            gradient[i] = Math.exp(x[i] - lse) - (i == 7 ? 1 : 0);
        }
        try (KernelMemory memory = new KernelMemory()) {
            long px = memory.of(shifted);
            long target = memory.of(new long[] {7});
            long loss = memory.floats(1);
            long pLse = memory.floats(1);
            long one = memory.of(1f);
            long minusOne = memory.of(-1f);
            long dx = memory.floats(n);
            CrossEntropy.crossEntropy(1, n, px, target, IGNORE, 0f, loss, pLse);
            Close.check("loss", read(loss, 1), new double[] {lse - x[7]}, 1e-6, 0);
            CrossEntropy.crossEntropyBackward(1, n, px, target, IGNORE, 0f, pLse, one, dx);
            Close.check("gradient", read(dx, n), gradient, 3e-6, 1e-8);
            CrossEntropy.tokenLogProbs(1, n, px, 1f, target, loss, 0, pLse);
            Close.check("log-probability", read(loss, 1), new double[] {x[7] - lse}, 1e-6, 0);
            CrossEntropy.tokenLogProbsBackward(1, n, px, 1f, target, pLse, minusOne, dx);
            Close.check("token gradient", read(dx, n), gradient, 3e-6, 1e-8);
        }
    }

    @Test
    void maskedVocabularyAndImpossibleTargets() {
        float inf = Float.POSITIVE_INFINITY;
        try (KernelMemory memory = new KernelMemory()) {
            long x = memory.of(-inf, 1f, 1f, /* row 1 */ -inf, 2f, -inf, /* row 2 */ -inf, -inf, -inf);
            long targets = memory.of(new long[] {1, 0, 2});
            long logProbs = memory.floats(3);
            long entropy = memory.floats(3);
            long lse = memory.floats(3);
            CrossEntropy.tokenLogProbs(3, 3, x, 1f, targets, logProbs, entropy, lse);
            assertThat(read(logProbs, 3)).containsExactly((float) -Math.log(2), -inf, Float.NaN);
            assertThat(read(entropy, 3)).containsExactly((float) Math.log(2), 0f, Float.NaN);
            CrossEntropy.crossEntropy(3, 3, x, targets, IGNORE, 0f, logProbs, lse);
            assertThat(read(logProbs, 3)).containsExactly((float) Math.log(2), inf, Float.NaN);
        }
    }

    @Test
    void anyNumberOfThreadsGivesTheSameBits() {
        int rows = 600;
        int n = 199;
        KernelMemory.assertSameOnAnyThreads(memory -> {
            long x = memory.of(normal(rows * n, 1, 4));
            long t = memory.of(targets(rows, n));
            long loss = memory.floats(rows);
            long lse = memory.floats(rows);
            long scale = memory.of(normal(rows, 5, 1));
            CrossEntropy.crossEntropy(rows, n, x, t, IGNORE, 0.1f, loss, lse);
            CrossEntropy.crossEntropyBackward(rows, n, x, t, IGNORE, 0.1f, lse, scale, x);
            return KernelMemory.join(read(x, rows * n), read(loss, rows), read(lse, rows));
        });
    }

    @Test
    void noRows() {
        CrossEntropy.crossEntropy(0, 7, 0, 0, IGNORE, 0f, 0, 0);
        CrossEntropy.crossEntropyBackward(0, 7, 0, 0, IGNORE, 0f, 0, 0, 0);
        CrossEntropy.tokenLogProbs(0, 7, 0, 1f, 0, 0, 0, 0);
        CrossEntropy.tokenLogProbsBackward(0, 7, 0, 1f, 0, 0, 0, 0);
    }
}
