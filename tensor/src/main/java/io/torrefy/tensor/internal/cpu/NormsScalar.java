package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.f32;

/// `Norms` in plain loops, sums of a row in double. The gradients of weight and bias are added to what is there.
final class NormsScalar {
    private NormsScalar() {}

    static void rmsNorm(long rows, long n, long x, long w, float eps, long y, long rstd) {
        for (long r = 0; r < rows; r++) {
            long row = 4 * n * r;
            double squares = 0;
            for (long i = 0; i < 4 * n; i += 4) {
                double v = f32(x + row + i);
                squares += v * v;
            }
            double scale = 1 / Math.sqrt(squares / n + eps);
            f32(rstd + 4 * r, (float) scale);
            for (long i = 0; i < 4 * n; i += 4) {
                f32(y + row + i, (float) (f32(x + row + i) * scale * f32(w + i)));
            }
        }
    }

    static void rmsNormBackward(long rows, long n, long x, long w, long rstd, long dy, long dx, long dw) {
        for (long r = 0; r < rows; r++) {
            long row = 4 * n * r;
            double scale = f32(rstd + 4 * r);
            double along = 0;
            for (long i = 0; i < 4 * n; i += 4) {
                along += (double) f32(dy + row + i) * f32(w + i) * f32(x + row + i) * scale;
            }
            for (long i = 0; i < 4 * n; i += 4) {
                double g = f32(dy + row + i);
                double xhat = f32(x + row + i) * scale;
                f32(dx + row + i, (float) (scale * (g * f32(w + i) - xhat * along / n)));
                f32(dw + i, (float) (f32(dw + i) + g * xhat));
            }
        }
    }

    static void layerNorm(long rows, long n, long x, long w, long b, float eps, long y, long mean, long rstd) {
        for (long r = 0; r < rows; r++) {
            long row = 4 * n * r;
            double centre = 0;
            for (long i = 0; i < 4 * n; i += 4) {
                centre += (double) f32(x + row + i) / n;
            }
            double squares = 0;
            for (long i = 0; i < 4 * n; i += 4) {
                double v = f32(x + row + i) - centre;
                squares += v * v;
            }
            double scale = 1 / Math.sqrt(squares / n + eps);
            f32(mean + 4 * r, (float) centre);
            f32(rstd + 4 * r, (float) scale);
            for (long i = 0; i < 4 * n; i += 4) {
                f32(y + row + i, (float) ((f32(x + row + i) - centre) * scale * f32(w + i) + f32(b + i)));
            }
        }
    }

    static void layerNormBackward(
            long rows, long n, long x, long w, long mean, long rstd, long dy, long dx, long dw, long db) {
        for (long r = 0; r < rows; r++) {
            long row = 4 * n * r;
            double centre = f32(mean + 4 * r);
            double scale = f32(rstd + 4 * r);
            double sum = 0;
            double along = 0;
            for (long i = 0; i < 4 * n; i += 4) {
                double g = (double) f32(dy + row + i) * f32(w + i);
                sum += g;
                along += g * (f32(x + row + i) - centre) * scale;
            }
            for (long i = 0; i < 4 * n; i += 4) {
                double up = f32(dy + row + i);
                double xhat = (f32(x + row + i) - centre) * scale;
                f32(dx + row + i, (float) (scale * (up * f32(w + i) - sum / n - xhat * along / n)));
                f32(dw + i, (float) (f32(dw + i) + up * xhat));
                f32(db + i, (float) (f32(db + i) + up));
            }
        }
    }
}
