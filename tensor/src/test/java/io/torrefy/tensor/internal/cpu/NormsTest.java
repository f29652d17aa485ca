package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.KernelMemory.differences;
import static io.torrefy.tensor.internal.cpu.KernelMemory.dot;
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

class NormsTest {
    private static final float EPS = 1e-5f;

    static IntStream columns() {
        return KernelMemory.columns();
    }

    private static double[] rms(double[] x, double[] w) {
        double rstd = 1 / Math.sqrt(dot(x, x) / x.length + EPS);
        double[] y = new double[x.length];
        Arrays.setAll(y, i -> x[i] * rstd * w[i]);
        return y;
    }

    private static double[] layer(double[] x, double[] w, double[] b) {
        double mean = Arrays.stream(x).average().orElseThrow();
        double var =
                Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
        double[] y = new double[x.length];
        Arrays.setAll(y, i -> (x[i] - mean) / Math.sqrt(var + EPS) * w[i] + b[i]);
        return y;
    }

    private static double[] constant(int n, double value) {
        double[] out = new double[n];
        Arrays.fill(out, value);
        return out;
    }

    @ParameterizedTest
    @MethodSource("columns")
    void rmsNormAgreesWithFloat64(int n) {
        int rows = 5;
        double[] x = normal(rows * n, n, 2);
        double[] w = normal(n, n + 1, 1);
        double[] dy = normal(rows * n, n + 2, 1);
        for (boolean weighted : new boolean[] {true, false}) {
            double[] weight = weighted ? w : constant(n, 1);
            double[] y = new double[rows * n];
            double[] dx = new double[rows * n];
            double[] dw = new double[n];
            for (int r = 0; r < rows; r++) {
                double[] in = row(x, n, r);
                double[] up = row(dy, n, r);
                System.arraycopy(rms(in, weight), 0, y, r * n, n);
                double rstd = 1 / Math.sqrt(dot(in, in) / n + EPS);
                double along = 0;
                for (int i = 0; i < n; i++) {
                    along += up[i] * weight[i] * in[i] * rstd / n;
                }
                for (int i = 0; i < n; i++) {
                    dx[r * n + i] = rstd * (up[i] * weight[i] - in[i] * rstd * along);
                    dw[i] += up[i] * in[i] * rstd;
                }
            }
            if (n < 200) {
                double[] numeric = differences(v -> dot(rms(v, weight), row(dy, n, 2)), row(x, n, 2));
                Close.check("differences", row(dx, n, 2), numeric, 1e-6, 1e-8);
            }
            checkRms(true, weighted, x, w, dy, rows, n, y, dx, dw);
            checkRms(false, weighted, x, w, dy, rows, n, y, dx, dw);
        }
    }

    private static void checkRms(
            boolean vector,
            boolean weighted,
            double[] x,
            double[] w,
            double[] dy,
            int rows,
            int n,
            double[] y,
            double[] dx,
            double[] dw) {
        try (KernelMemory memory = new KernelMemory()) {
            long px = memory.of(x);
            long pw = weighted ? memory.of(w) : 0;
            long pdy = memory.of(dy);
            long py = memory.floats(rows * n);
            long rstd = memory.floats(rows);
            long pdx = memory.floats(rows * n);
            long pdw = memory.floats(n);
            if (vector) {
                Norms.rmsNorm(rows, n, px, pw, EPS, py, rstd);
                Norms.rmsNormBackward(rows, n, px, pw, rstd, pdy, pdx, 0);
                float[] alone = read(pdx, rows * n);
                Norms.rmsNormBackward(rows, n, px, pw, rstd, pdy, pdx, pdw);
                assertThat(read(pdx, rows * n)).as("without dw").isEqualTo(alone);
            } else {
                long weight = weighted ? pw : Rows.ones(n);
                Rows.clear(pdw, n);
                NormsScalar.rmsNorm(rows, n, px, weight, EPS, py, rstd);
                NormsScalar.rmsNormBackward(rows, n, px, weight, rstd, pdy, pdx, pdw);
            }
            Close.check("y", read(py, rows * n), y, 1e-6, 1e-6);
            Close.check("dx", read(pdx, rows * n), dx, 5e-6, 2e-6);
            Close.check("dw", read(pdw, n), dw, 5e-6, 2e-6);
        }
    }

    @ParameterizedTest
    @MethodSource("columns")
    void layerNormAgreesWithFloat64(int n) {
        int rows = 5;
        double[] x = normal(rows * n, n, 2);
        double[] dy = normal(rows * n, n + 2, 1);
        double[][] w = {normal(n, n + 1, 1), constant(n, 1)};
        double[][] b = {normal(n, n + 3, 1), constant(n, 0)};
        for (int k = 0; k < 2; k++) {
            double[] weight = w[k];
            double[] bias = b[k];
            double[] y = new double[rows * n];
            double[] dx = new double[rows * n];
            double[] dw = new double[n];
            double[] db = new double[n];
            for (int r = 0; r < rows; r++) {
                double[] in = row(x, n, r);
                double[] up = row(dy, n, r);
                System.arraycopy(layer(in, weight, bias), 0, y, r * n, n);
                double[] xhat = layer(in, constant(n, 1), constant(n, 0));
                double mean = Arrays.stream(in).average().orElseThrow();
                double rstd = 1
                        / Math.sqrt(Arrays.stream(in)
                                                .map(v -> (v - mean) * (v - mean))
                                                .sum()
                                        / n
                                + EPS);
                double[] g = new double[n];
                Arrays.setAll(g, i -> up[i] * weight[i]);
                double sum = Arrays.stream(g).sum();
                double along = dot(g, xhat);
                for (int i = 0; i < n; i++) {
                    dx[r * n + i] = rstd * (g[i] - sum / n - xhat[i] * along / n);
                    dw[i] += up[i] * xhat[i];
                    db[i] += up[i];
                }
            }
            if (n < 200) {
                double[] numeric = differences(v -> dot(layer(v, weight, bias), row(dy, n, 2)), row(x, n, 2));
                Close.check("differences", row(dx, n, 2), numeric, 1e-5, 1e-7);
            }
            checkLayer(true, k == 0, x, weight, bias, dy, rows, n, y, dx, dw, db);
            checkLayer(false, k == 0, x, weight, bias, dy, rows, n, y, dx, dw, db);
        }
    }

    private static void checkLayer(
            boolean vector,
            boolean affine,
            double[] x,
            double[] w,
            double[] b,
            double[] dy,
            int rows,
            int n,
            double[] y,
            double[] dx,
            double[] dw,
            double[] db) {
        try (KernelMemory memory = new KernelMemory()) {
            long px = memory.of(x);
            long pw = memory.of(w);
            long pb = memory.of(b);
            long pdy = memory.of(dy);
            long py = memory.floats(rows * n);
            long mean = memory.floats(rows);
            long rstd = memory.floats(rows);
            long pdx = memory.floats(rows * n);
            long pdw = memory.floats(n);
            long pdb = memory.floats(n);
            if (vector) {
                long weight = affine ? pw : 0;
                Norms.layerNorm(rows, n, px, weight, affine ? pb : 0, EPS, py, mean, rstd);
                Norms.layerNormBackward(rows, n, px, weight, mean, rstd, pdy, pdx, 0, 0);
                float[] alone = read(pdx, rows * n);
                Norms.layerNormBackward(rows, n, px, weight, mean, rstd, pdy, pdx, pdw, pdb);
                assertThat(read(pdx, rows * n)).as("without dw").isEqualTo(alone);
            } else {
                Rows.clear(pdw, n);
                Rows.clear(pdb, n);
                NormsScalar.layerNorm(rows, n, px, pw, pb, EPS, py, mean, rstd);
                NormsScalar.layerNormBackward(rows, n, px, pw, mean, rstd, pdy, pdx, pdw, pdb);
            }
            Close.check("y", read(py, rows * n), y, 2e-6, 2e-6);
            // One or two columns leave a difference of nearly equal numbers, times rstd up to 1 / sqrt(eps).
            double atol = n <= 2 ? 2e-4 : 3e-6;
            Close.check("dx", read(pdx, rows * n), dx, 5e-6, atol);
            Close.check("dw", read(pdw, n), dw, 5e-6, atol);
            Close.check("db", read(pdb, n), db, 1e-6, 1e-6);
        }
    }

    /// A large common offset must not swallow the deviations.
    @Test
    void layerNormSubtractsTheMeanFirst() {
        int n = 77;
        double[] x = normal(n, 4, 1);
        for (int i = 0; i < n; i++) {
            x[i] = 4096 + Math.rint(x[i] * 1024) / 1024;
        }
        double[] expected = layer(x, constant(n, 1), constant(n, 0));
        try (KernelMemory memory = new KernelMemory()) {
            long y = memory.floats(n);
            Norms.layerNorm(1, n, memory.of(x), 0, 0, EPS, y, memory.floats(1), memory.floats(1));
            Close.check("y", read(y, n), expected, 1e-5, 5e-4); // half the spacing at 4096 is 2.4e-4
        }
    }

    @Test
    void rowsOfZerosAndNoRows() {
        int n = 19;
        try (KernelMemory memory = new KernelMemory()) {
            long x = memory.of(new float[n]);
            long y = memory.floats(n);
            long rstd = memory.floats(1);
            Norms.rmsNorm(1, n, x, 0, 1e-6f, y, rstd);
            assertThat(read(y, n)).containsOnly(0f);
            assertThat(Mem.f32(rstd)).isCloseTo(1000f, org.assertj.core.data.Percentage.withPercentage(1e-4));
            long dw = memory.floats(n);
            long db = memory.floats(n);
            Norms.rmsNormBackward(0, n, x, 0, rstd, x, y, dw);
            assertThat(read(dw, n)).containsOnly(0f);
            Norms.layerNormBackward(0, n, x, 0, rstd, rstd, x, y, dw, db);
            assertThat(read(db, n)).containsOnly(0f);
        }
    }

    @Test
    void anyNumberOfThreadsGivesTheSameBits() {
        int rows = 1111;
        int n = 96;
        KernelMemory.assertSameOnAnyThreads(memory -> {
            long x = memory.of(normal(rows * n, 1, 4));
            long dy = memory.of(normal(rows * n, 2, 1));
            long w = memory.of(normal(n, 3, 1));
            long mean = memory.floats(rows);
            long rstd = memory.floats(rows);
            long y = memory.floats(rows * n);
            long dx = memory.floats(rows * n);
            long dw = memory.floats(n);
            long db = memory.floats(n);
            Norms.layerNorm(rows, n, x, w, 0, EPS, y, mean, rstd);
            Norms.layerNormBackward(rows, n, x, w, mean, rstd, dy, dx, dw, db);
            float[] layer = KernelMemory.join(read(y, rows * n), read(dx, rows * n), read(dw, n), read(db, n));
            Norms.rmsNorm(rows, n, x, w, EPS, y, rstd);
            Norms.rmsNormBackward(rows, n, x, w, rstd, dy, dx, dw);
            return KernelMemory.join(layer, read(y, rows * n), read(dx, rows * n), read(dw, n));
        });
    }
}
