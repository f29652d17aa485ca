package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Mem.i64;

/// Cross-entropy and token log-probabilities by rows, from logits, without a probability ever being stored.
///
/// The log-sum-exp of a row is kept as f32, whose spacing grows with its size; where it is large the backward pass sums
/// the row's exponentials again and divides by what should have been 1, so that a shift of all logits leaves the
/// gradient as it was.
final class CrossEntropy {
    /// Half the spacing of f32 here is 2e-6.
    private static final float LARGE = 64f;

    private CrossEntropy() {}

    /// Ignored rows are not read: loss and lse are 0 there.
    static void crossEntropy(
            long rows, long n, long x, long targets, long ignoreIndex, float smoothing, long loss, long lse) {
        int columns = Math.toIntExact(n);
        Rows.run(rows, n, (_, first, count) -> {
            long row = 4 * first;
            long t = targets + 8 * first;
            if (Mem.VECTOR) {
                lossRows(count, columns, x + n * row, t, ignoreIndex, smoothing, loss + row, lse + row);
            } else {
                CrossEntropyScalar.crossEntropy(
                        count, n, x + n * row, t, ignoreIndex, smoothing, loss + row, lse + row);
            }
        });
    }

    private static void lossRows(
            long rows, int n, long x, long targets, long ignoreIndex, float smoothing, long loss, long lse) {
        for (long r = 0; r < rows; r++) {
            long target = i64(targets + 8 * r);
            if (target == ignoreIndex) {
                f32(loss + 4 * r, 0f);
                f32(lse + 4 * r, 0f);
            } else {
                long row = x + 4L * n * r;
                float near = RowExp.near(row, n);
                double sum = RowExp.sumNear(row, n, near);
                double max = sum == RowExp.TOO_FAR ? RowSums.max(row, n) : near;
                double log = Math.log(sum == RowExp.TOO_FAR ? RowExp.sum(row, n, 1f, (float) max) : sum);
                double nll = max - f32(row + 4 * target) + log;
                if (smoothing != 0) {
                    double uniform = max - RowSums.sum(row, n) / n + log;
                    nll = (1.0 - smoothing) * nll + smoothing * uniform;
                }
                f32(loss + 4 * r, (float) nll);
                f32(lse + 4 * r, (float) (max + log));
            }
        }
    }

    /// Rows that are ignored or have scale 0 are not read.
    static void crossEntropyBackward(
            long rows, long n, long x, long targets, long ignoreIndex, float smoothing, long lse, long scale, long dx) {
        int columns = Math.toIntExact(n);
        Rows.run(rows, n, (_, first, count) -> {
            long row = 4 * first;
            long t = targets + 8 * first;
            if (Mem.VECTOR) {
                gradientRows(
                        count, columns, x + n * row, t, ignoreIndex, smoothing, lse + row, scale + row, dx + n * row);
            } else {
                CrossEntropyScalar.crossEntropyBackward(
                        count, n, x + n * row, t, ignoreIndex, smoothing, lse + row, scale + row, dx + n * row);
            }
        });
    }

    private static void gradientRows(
            long rows, int n, long x, long targets, long ignoreIndex, float smoothing, long lse, long scale, long dx) {
        for (long r = 0; r < rows; r++) {
            long target = i64(targets + 8 * r);
            float factor = f32(scale + 4 * r);
            long row = 4L * n * r;
            if (target == ignoreIndex || factor == 0) {
                Rows.clear(dx + row, n);
            } else {
                float shift = f32(lse + 4 * r);
                float by = (float) (factor / mass(x + row, n, 1f, shift));
                RowExp.gradient(x + row, n, 1f, shift, by, (float) ((double) factor * smoothing / n), dx + row);
                long at = dx + row + 4 * target;
                f32(at, (float) (f32(at) - factor * (1.0 - smoothing)));
            }
        }
    }

    /// Rows that are ignored are not read.
    static void withGradient(
            long rows,
            long n,
            long x,
            long targets,
            long ignoreIndex,
            float smoothing,
            float scale,
            long loss,
            long dx) {
        int columns = Math.toIntExact(n);
        Rows.run(rows, n, (_, first, count) -> {
            long row = 4 * first;
            long t = targets + 8 * first;
            if (Mem.VECTOR) {
                bothRows(count, columns, x + n * row, t, ignoreIndex, smoothing, scale, loss + row, dx + n * row);
            } else {
                CrossEntropyScalar.withGradient(
                        count, n, x + n * row, t, ignoreIndex, smoothing, scale, loss + row, dx + n * row);
            }
        });
    }

    private static void bothRows(
            long rows,
            int n,
            long x,
            long targets,
            long ignoreIndex,
            float smoothing,
            float scale,
            long loss,
            long dx) {
        for (long r = 0; r < rows; r++) {
            long target = i64(targets + 8 * r);
            long row = 4L * n * r;
            if (target == ignoreIndex) {
                f32(loss + 4 * r, 0f);
                Rows.clear(dx + row, n);
            } else {
                f32(loss + 4 * r, (float) bothOfRow(x + row, n, target, smoothing, scale, dx + row));
            }
        }
    }

    /// The exponentials wait in dx until their sum is known.
    private static double bothOfRow(long x, int n, long target, float smoothing, float scale, long dx) {
        double chosen = f32(x + 4 * target);
        double mean = smoothing == 0 ? 0 : RowSums.sum(x, n) / n;
        double max = RowExp.near(x, n);
        double sum = x == dx ? RowExp.TOO_FAR : RowExp.storeNear(x, n, (float) max, dx);
        if (sum == RowExp.TOO_FAR) {
            max = RowSums.max(x, n);
            sum = RowExp.store(x, n, (float) max, dx);
        }
        RowExp.rescale(dx, n, (float) (scale / sum), (float) ((double) scale * smoothing / n));
        long at = dx + 4 * target;
        f32(at, (float) (f32(at) - scale * (1.0 - smoothing)));
        double lse = max + Math.log(sum);
        double nll = lse - chosen;
        return smoothing == 0 ? nll : (1.0 - smoothing) * nll + smoothing * (lse - mean);
    }

    /// Sum of `exp(x * scale - lse)`: 1 but for the rounding of lse.
    private static double mass(long x, int n, float scale, float lse) {
        return Math.abs(lse) <= LARGE ? 1 : RowExp.sum(x, n, scale, lse);
    }

    static void tokenLogProbs(
            long rows, long n, long x, float inverseTemperature, long targets, long logProbs, long entropy, long lse) {
        int columns = Math.toIntExact(n);
        Rows.run(rows, n, (_, first, count) -> {
            long row = 4 * first;
            long t = targets + 8 * first;
            long h = entropy == 0 ? 0 : entropy + row;
            if (Mem.VECTOR) {
                logProbRows(count, columns, x + n * row, inverseTemperature, t, logProbs + row, h, lse + row);
            } else {
                CrossEntropyScalar.tokenLogProbs(
                        count, n, x + n * row, inverseTemperature, t, logProbs + row, h, lse + row);
            }
        });
    }

    private static void logProbRows(
            long rows, int n, long x, float scale, long targets, long logProbs, long entropy, long lse) {
        for (long r = 0; r < rows; r++) {
            long row = x + 4L * n * r;
            float max = RowSums.max(row, n) * scale;
            double sum = RowExp.sum(row, n, scale, max);
            double log = Math.log(sum);
            double chosen = (double) f32(row + 4 * i64(targets + 8 * r)) * scale;
            f32(logProbs + 4 * r, (float) (chosen - max - log));
            f32(lse + 4 * r, (float) (max + log));
            if (entropy != 0) {
                f32(entropy + 4 * r, (float) (log - RowExp.weighted(row, n, scale, max) / sum));
            }
        }
    }

    /// Rows whose gradient is 0 are not read.
    static void tokenLogProbsBackward(
            long rows, long n, long x, float inverseTemperature, long targets, long lse, long dLogProbs, long dx) {
        int columns = Math.toIntExact(n);
        Rows.run(rows, n, (_, first, count) -> {
            long row = 4 * first;
            long t = targets + 8 * first;
            if (Mem.VECTOR) {
                logProbGradientRows(
                        count, columns, x + n * row, inverseTemperature, t, lse + row, dLogProbs + row, dx + n * row);
            } else {
                CrossEntropyScalar.tokenLogProbsBackward(
                        count, n, x + n * row, inverseTemperature, t, lse + row, dLogProbs + row, dx + n * row);
            }
        });
    }

    private static void logProbGradientRows(
            long rows, int n, long x, float scale, long targets, long lse, long dLogProbs, long dx) {
        for (long r = 0; r < rows; r++) {
            float d = f32(dLogProbs + 4 * r) * scale;
            long row = 4L * n * r;
            if (d == 0) {
                Rows.clear(dx + row, n);
            } else {
                float shift = f32(lse + 4 * r);
                float by = (float) (-d / mass(x + row, n, scale, shift));
                RowExp.gradient(x + row, n, scale, shift, by, 0f, dx + row);
                long at = dx + row + 4 * i64(targets + 8 * r);
                f32(at, f32(at) + d);
            }
        }
    }
}
