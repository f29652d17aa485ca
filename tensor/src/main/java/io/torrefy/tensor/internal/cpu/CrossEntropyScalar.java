package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Mem.i64;

/// `CrossEntropy` in plain loops, sums in double.
final class CrossEntropyScalar {
    private CrossEntropyScalar() {}

    static void crossEntropy(
            long rows, long n, long x, long targets, long ignoreIndex, float smoothing, long loss, long lse) {
        for (long r = 0; r < rows; r++) {
            long target = i64(targets + 8 * r);
            double value = 0;
            double logSum = 0;
            if (target != ignoreIndex) {
                long row = x + 4 * n * r;
                float max = SoftmaxScalar.max(n, row);
                logSum = max + Math.log(SoftmaxScalar.sumExp(n, row, 1, max));
                value = logSum - f32(row + 4 * target);
                if (smoothing != 0) {
                    double mean = 0;
                    for (long i = 0; i < n; i++) {
                        mean += f32(row + 4 * i) / (double) n;
                    }
                    value = (1.0 - smoothing) * value + smoothing * (logSum - mean);
                }
            }
            f32(loss + 4 * r, (float) value);
            f32(lse + 4 * r, (float) logSum);
        }
    }

    static void crossEntropyBackward(
            long rows, long n, long x, long targets, long ignoreIndex, float smoothing, long lse, long scale, long dx) {
        for (long r = 0; r < rows; r++) {
            long target = i64(targets + 8 * r);
            double factor = target == ignoreIndex ? 0 : f32(scale + 4 * r);
            long row = 4 * n * r;
            double shift = f32(lse + 4 * r);
            double mass = factor == 0 ? 1 : SoftmaxScalar.sumExp(n, x + row, 1, shift);
            for (long i = 0; i < n; i++) {
                double value = 0;
                if (factor != 0) {
                    double hot = i == target ? 1.0 - smoothing : 0;
                    double p = Math.exp(f32(x + row + 4 * i) - shift) / mass;
                    value = factor * (p - hot - (double) smoothing / n);
                }
                f32(dx + row + 4 * i, (float) value);
            }
        }
    }

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
        long lse = Rows.scratch(2);
        f32(lse + 4, scale);
        for (long r = 0; r < rows; r++) {
            long row = 4 * n * r;
            long target = targets + 8 * r;
            crossEntropy(1, n, x + row, target, ignoreIndex, smoothing, loss + 4 * r, lse);
            crossEntropyBackward(1, n, x + row, target, ignoreIndex, smoothing, lse, lse + 4, dx + row);
        }
    }

    static void tokenLogProbs(
            long rows, long n, long x, float inverseTemperature, long targets, long logProbs, long entropy, long lse) {
        double scale = inverseTemperature;
        for (long r = 0; r < rows; r++) {
            long row = x + 4 * n * r;
            double max = SoftmaxScalar.max(n, row) * scale;
            double sum = SoftmaxScalar.sumExp(n, row, scale, max);
            double logSum = max + Math.log(sum);
            f32(logProbs + 4 * r, (float) (f32(row + 4 * i64(targets + 8 * r)) * scale - logSum));
            f32(lse + 4 * r, (float) logSum);
            if (entropy != 0) {
                double h = 0;
                for (long i = 0; i < n; i++) {
                    double log = f32(row + 4 * i) * scale - logSum;
                    double p = Math.exp(log);
                    h -= p == 0 ? 0 : p * log;
                }
                f32(entropy + 4 * r, (float) h);
            }
        }
    }

    static void tokenLogProbsBackward(
            long rows, long n, long x, float inverseTemperature, long targets, long lse, long dLogProbs, long dx) {
        double scale = inverseTemperature;
        for (long r = 0; r < rows; r++) {
            double d = f32(dLogProbs + 4 * r) * scale;
            long target = i64(targets + 8 * r);
            long row = 4 * n * r;
            double shift = f32(lse + 4 * r);
            double mass = d == 0 ? 1 : SoftmaxScalar.sumExp(n, x + row, scale, shift);
            for (long i = 0; i < n; i++) {
                double p = d == 0 ? 0 : Math.exp(f32(x + row + 4 * i) * scale - shift) / mass;
                f32(dx + row + 4 * i, (float) (d * ((i == target ? 1 : 0) - p)));
            }
        }
    }
}
