package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Attention over 65 536 tokens in memory linear in their number, with rows of the output and of the gradients against
/// the definition in float64. A row of O and of dQ needs one row of scores, and a row of dK and dV those of the queries
/// that see the key, so each is checked alone.
class LongSequenceTest {
    private static final int TOKENS = 1 << 16;
    private static final int DIM = 16;
    private static final double SCALE = 0.25;

    /// As in `AttentionMemoryTest`: tensors of the queries' size that live at once. One matrix of scores would be 4
    /// 096.
    private static final int TENSORS = 24;

    /// Not 0, whose dQ is 0: it sees one key.
    private static final int[] QUERIES = {1, 17, 999, 1000, 1001, 32_767, 50_000, 65_535};

    /// Inputs, upstream gradient and window of a problem (0: none), rows of `DIM`.
    private record Problem(double[] q, double[] k, double[] v, double[] dO, int window) {
        int firstKey(int query) {
            return window == 0 ? 0 : Math.max(0, query - window + 1);
        }

        /// Probabilities of the keys from `firstKey` on.
        double[] probabilities(int query) {
            int first = firstKey(query);
            double[] p = new double[query + 1 - first];
            double max = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < p.length; j++) {
                p[j] = SCALE * dot(q, query, k, first + j);
                max = Math.max(max, p[j]);
            }
            double sum = 0;
            for (int j = 0; j < p.length; j++) {
                p[j] = Math.exp(p[j] - max);
                sum += p[j];
            }
            for (int j = 0; j < p.length; j++) {
                p[j] /= sum;
            }
            return p;
        }

        double[] output(int query) {
            double[] p = probabilities(query);
            double[] o = new double[DIM];
            for (int j = 0; j < p.length; j++) {
                addTo(o, p[j], v, firstKey(query) + j);
            }
            return o;
        }

        /// dS of one query: `scale p (dO . v - dO . o)`.
        double[] scoreGradients(int query) {
            double[] ds = probabilities(query);
            double delta = dot(dO, query, output(query), 0);
            for (int j = 0; j < ds.length; j++) {
                ds[j] *= SCALE * (dot(dO, query, v, firstKey(query) + j) - delta);
            }
            return ds;
        }

        double[] queryGradient(int query) {
            double[] ds = scoreGradients(query);
            double[] dq = new double[DIM];
            for (int j = 0; j < ds.length; j++) {
                addTo(dq, ds[j], k, firstKey(query) + j);
            }
            return dq;
        }

        int endQuery(int key) {
            return window == 0 ? TOKENS : Math.min(TOKENS, key + window);
        }

        double[] keyGradient(int key) {
            double[] dk = new double[DIM];
            for (int i = key; i < endQuery(key); i++) {
                addTo(dk, scoreGradients(i)[key - firstKey(i)], q, i);
            }
            return dk;
        }

        double[] valueGradient(int key) {
            double[] dv = new double[DIM];
            for (int i = key; i < endQuery(key); i++) {
                addTo(dv, probabilities(i)[key - firstKey(i)], dO, i);
            }
            return dv;
        }

        private static double dot(double[] a, int i, double[] b, int j) {
            double sum = 0;
            for (int d = 0; d < DIM; d++) {
                sum += a[i * DIM + d] * b[j * DIM + d];
            }
            return sum;
        }

        private static void addTo(double[] sum, double factor, double[] x, int i) {
            for (int d = 0; d < DIM; d++) {
                sum[d] += factor * x[i * DIM + d];
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1000})
    void takesLinearMemoryAndKeepsItsPrecision(int window) {
        Assumptions.assumeFalse(Threads.vectorUnit().contains("scalar"), "takes minutes");
        long before = Memory.stats().liveBytes();
        Memory.resetPeak();
        try (Scope _ = Scope.open()) {
            Rng rng = Rng.of(7);
            Tensor q = rng.normal(1, 1, TOKENS, DIM).requiresGrad(true);
            Tensor k = rng.normal(1, 1, TOKENS, DIM).requiresGrad(true);
            Tensor v = rng.normal(1, 1, TOKENS, DIM).requiresGrad(true);
            Tensor dO = rng.normal(1, 1, TOKENS, DIM);
            Tensor o = Attention.attend(q, k, v, null, Attention.Options.CAUSAL.withWindow(window));
            List<double[]> g = Autograd.grad(List.of(o), List.of(q, k, v), List.of(dO), false, false).stream()
                    .map(gradient -> gradient.orElseThrow().toDoubles())
                    .toList();
            assertThat(Memory.stats().peakBytes() - before)
                    .isGreaterThan(8L * TOKENS * DIM * Float.BYTES)
                    .isLessThan((long) TENSORS * TOKENS * DIM * Float.BYTES * 9 / 8);

            Problem problem = new Problem(q.toDoubles(), k.toDoubles(), v.toDoubles(), dO.toDoubles(), window);
            double[] out = o.toDoubles();
            for (int i : QUERIES) {
                close("o", out, i, problem.output(i));
                close("dq", g.get(0), i, problem.queryGradient(i));
            }
            // without a window only the last queries see the last keys, and a row is quick to compute
            for (int j : window == 0 ? new int[] {TOKENS - 1, TOKENS - 5} : new int[] {0, 1000, 40_001, TOKENS - 1}) {
                close("dk", g.get(1), j, problem.keyGradient(j));
                close("dv", g.get(2), j, problem.valueGradient(j));
            }
        }
    }

    /// Row `i` of `actual`, within a part of the largest element of the row.
    private static void close(String name, double[] actual, int i, double[] expected) {
        double largest = 0;
        double error = 0;
        for (int d = 0; d < DIM; d++) {
            largest = Math.max(largest, Math.abs(expected[d]));
            error = Math.max(error, Math.abs(actual[i * DIM + d] - expected[d]));
        }
        assertThat(error / largest).as("%s of row %d", name, i).isLessThan(1e-5);
    }
}
