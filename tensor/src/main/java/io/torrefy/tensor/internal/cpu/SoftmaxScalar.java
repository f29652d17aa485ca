package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.f32;

/// `Softmax` in plain loops, sums in double.
final class SoftmaxScalar {
    private SoftmaxScalar() {}

    static void softmax(long rows, long n, long x, long y) {
        for (long r = 0; r < rows; r++) {
            long at = 4 * n * r;
            float max = max(n, x + at);
            double sum = sumExp(n, x + at, 1, max);
            for (long i = at; i < at + 4 * n; i += 4) {
                f32(y + i, (float) (Math.exp((double) f32(x + i) - max) / sum));
            }
        }
    }

    static void softmaxBackward(long rows, long n, long y, long dy, long dx) {
        for (long r = 0; r < rows; r++) {
            long at = 4 * n * r;
            double dot = 0;
            for (long i = at; i < at + 4 * n; i += 4) {
                dot += (double) f32(y + i) * f32(dy + i);
            }
            for (long i = at; i < at + 4 * n; i += 4) {
                f32(dx + i, (float) (f32(y + i) * (f32(dy + i) - dot)));
            }
        }
    }

    static void logSoftmax(long rows, long n, long x, long y) {
        for (long r = 0; r < rows; r++) {
            long at = 4 * n * r;
            float max = max(n, x + at);
            double log = Math.log(sumExp(n, x + at, 1, max));
            for (long i = at; i < at + 4 * n; i += 4) {
                f32(y + i, (float) ((double) f32(x + i) - max - log));
            }
        }
    }

    static void logSoftmaxBackward(long rows, long n, long y, long dy, long dx) {
        for (long r = 0; r < rows; r++) {
            long at = 4 * n * r;
            double sum = 0;
            for (long i = at; i < at + 4 * n; i += 4) {
                sum += f32(dy + i);
            }
            for (long i = at; i < at + 4 * n; i += 4) {
                f32(dx + i, (float) (f32(dy + i) - Math.exp(f32(y + i)) * sum));
            }
        }
    }

    /// The largest value of a row, -infinity for none; NaNs are passed over.
    static float max(long n, long x) {
        float max = Float.NEGATIVE_INFINITY;
        for (long i = 0; i < n; i++) {
            float v = f32(x + 4 * i);
            max = v > max ? v : max;
        }
        return max;
    }

    /// Sum of `exp(x * scale - shift)`.
    static double sumExp(long n, long x, double scale, double shift) {
        double sum = 0;
        for (long i = 0; i < n; i++) {
            sum += Math.exp(f32(x + 4 * i) * scale - shift);
        }
        return sum;
    }
}
