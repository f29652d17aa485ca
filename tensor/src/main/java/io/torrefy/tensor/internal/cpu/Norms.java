package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.f32;

/// RMSNorm and LayerNorm by rows. The gradients of weight and bias are summed inside each fixed block of rows, then
/// over
/// blocks in their order. An absent weight is a row of ones, an absent bias a row of zeros.
final class Norms {
    private Norms() {}

    static void rmsNorm(long rows, long n, long x, long w, float eps, long y, long rstd) {
        int columns = Math.toIntExact(n);
        long weight = w == 0 ? Rows.ones(n) : w;
        Rows.run(rows, n, (_, first, count) -> {
            long at = 4 * n * first;
            long r = rstd + 4 * first;
            if (Mem.VECTOR) {
                rmsRows(count, columns, x + at, weight, eps, y + at, r);
            } else {
                NormsScalar.rmsNorm(count, n, x + at, weight, eps, y + at, r);
            }
        });
    }

    private static void rmsRows(long rows, int n, long x, long w, float eps, long y, long rstd) {
        for (long r = 0; r < rows; r++) {
            long row = 4L * n * r;
            f32(rstd + 4 * r, rmsRow(x + row, w, n, eps, y + row));
        }
    }

    /// One row; y may be x. Returns `rstd`.
    static float rmsRow(long x, long w, int n, float eps, long y) {
        float scale = (float) (1 / Math.sqrt(RowSums.dot(x, x, n) / n + eps));
        NormRows.scale(x, w, n, scale, y);
        return scale;
    }

    /// `dx = rstd (dy w - xhat mean(dy w xhat))`, `dw = sum over rows of dy xhat`, with `xhat = x rstd`.
    static void rmsNormBackward(long rows, long n, long x, long w, long rstd, long dy, long dx, long dw) {
        int columns = Math.toIntExact(n);
        int blocks = Rows.partialBlocks(rows, n);
        long weight = w == 0 ? Rows.ones(n) : w;
        long partials = Rows.scratch(blocks * n);
        Rows.runPartials(rows, n, (block, first, count) -> {
            long at = 4 * n * first;
            long r = rstd + 4 * first;
            long sums = partials + 4 * n * block;
            Rows.clear(sums, columns);
            if (Mem.VECTOR) {
                rmsGradientRows(count, columns, x + at, weight, r, dy + at, dx + at, sums);
            } else {
                NormsScalar.rmsNormBackward(count, n, x + at, weight, r, dy + at, dx + at, sums);
            }
        });
        if (dw != 0) {
            Rows.addRows(blocks, columns, partials, dw);
        }
    }

    private static void rmsGradientRows(long rows, int n, long x, long w, long rstd, long dy, long dx, long dw) {
        for (long r = 0; r < rows; r++) {
            long row = 4L * n * r;
            float f = f32(rstd + 4 * r);
            float k = rmsSlope(x + row, w, dy + row, n, f);
            NormRows.rmsGradient(x + row, w, dy + row, n, f, k, dx + row, dw);
        }
    }

    private static float rmsSlope(long x, long w, long dy, int n, float scale) {
        return (float) (-NormRows.dot3(dy, w, x, n) * scale * scale * scale / n);
    }

    static void layerNorm(long rows, long n, long x, long w, long b, float eps, long y, long mean, long rstd) {
        int columns = Math.toIntExact(n);
        long weight = w == 0 ? Rows.ones(n) : w;
        long bias = b == 0 ? Rows.zeros(n) : b;
        Rows.run(rows, n, (_, first, count) -> {
            long at = 4 * n * first;
            long row = 4 * first;
            if (Mem.VECTOR) {
                layerRows(count, columns, x + at, weight, bias, eps, y + at, mean + row, rstd + row);
            } else {
                NormsScalar.layerNorm(count, n, x + at, weight, bias, eps, y + at, mean + row, rstd + row);
            }
        });
    }

    private static void layerRows(long rows, int n, long x, long w, long b, float eps, long y, long mean, long rstd) {
        for (long r = 0; r < rows; r++) {
            long row = 4L * n * r;
            long pair = layerRow(x + row, w, b, n, eps, y + row);
            f32(mean + 4 * r, NormRows.first(pair));
            f32(rstd + 4 * r, NormRows.second(pair));
        }
    }

    /// One row; y may be x. Returns mean and `rstd`, as a pair.
    static long layerRow(long x, long w, long b, int n, float eps, long y) {
        float centre = (float) (RowSums.sum(x, n) / n);
        float scale = (float) (1 / Math.sqrt(RowSums.squaredDeviations(x, n, centre) / n + eps));
        NormRows.normalize(x, w, b, n, centre, scale, y);
        return NormRows.pair(centre, scale);
    }

    /// `dx = rstd (g - mean(g) - xhat mean(g xhat))` with `g = dy w` and `xhat = (x - mean) rstd`; dw and db may be
    /// 0.
    static void layerNormBackward(
            long rows, long n, long x, long w, long mean, long rstd, long dy, long dx, long dw, long db) {
        int columns = Math.toIntExact(n);
        int blocks = Rows.partialBlocks(rows, n);
        long weight = w == 0 ? Rows.ones(n) : w;
        long partialsW = Rows.scratch(2 * blocks * n);
        long partialsB = partialsW + 4 * blocks * n;
        Rows.runPartials(rows, n, (block, first, count) -> {
            long at = 4 * n * first;
            long row = 4 * first;
            long sumsW = partialsW + 4 * n * block;
            long sumsB = partialsB + 4 * n * block;
            Rows.clear(sumsW, columns);
            Rows.clear(sumsB, columns);
            if (Mem.VECTOR) {
                layerGradientRows(
                        count, columns, x + at, weight, mean + row, rstd + row, dy + at, dx + at, sumsW, sumsB);
            } else {
                NormsScalar.layerNormBackward(
                        count, n, x + at, weight, mean + row, rstd + row, dy + at, dx + at, sumsW, sumsB);
            }
        });
        if (dw != 0) {
            Rows.addRows(blocks, columns, partialsW, dw);
        }
        if (db != 0) {
            Rows.addRows(blocks, columns, partialsB, db);
        }
    }

    private static void layerGradientRows(
            long rows, int n, long x, long w, long mean, long rstd, long dy, long dx, long dw, long db) {
        for (long r = 0; r < rows; r++) {
            long row = 4L * n * r;
            float m = f32(mean + 4 * r);
            float f = f32(rstd + 4 * r);
            long c = layerTerms(x + row, w, dy + row, n, m, f);
            NormRows.layerGradient(x + row, w, dy + row, n, m, f, c, dx + row, dw, db);
        }
    }

    /// The factor of xhat and the constant in dx, as a pair.
    private static long layerTerms(long x, long w, long dy, int n, float mean, float rstd) {
        double sum = 0;
        double along = 0;
        for (int i = 0; i < n; i += Rows.PIECE) {
            long at = 4L * i;
            long sums = NormRows.gradientSums(dy + at, w + at, x + at, Math.min(Rows.PIECE, n - i), mean);
            sum += NormRows.first(sums);
            along += NormRows.second(sums);
        }
        return NormRows.pair((float) (-along * rstd * rstd / n), (float) (-sum * rstd / n));
    }
}
