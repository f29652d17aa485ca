package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;

/// `FlashAttention` in scalar code, a query at a time, with sums in double: the fallback without vectors and the form
/// the tiles are tested against. Memory is linear in the number of keys.
final class AttentionReference {
    private AttentionReference() {}

    static void forward(AttentionPlan plan, long q, long k, long v, long o, long lse) {
        long total = plan.totalQueries();
        long[] firstQuery = AttentionScratch.get().work.firstQueries(plan);
        Parallel.run(plan.sequences() * plan.heads(), task -> {
            int sequence = task / plan.heads();
            int head = task % plan.heads();
            Row row = new Row(plan, sequence, head, q, k);
            for (int i = 0; i < plan.qLength()[sequence]; i++) {
                double logSum = row.softmax(i);
                Mem.f32(lse + 4 * (head * total + firstQuery[sequence] + i), (float) logSum);
                output(plan, i, row, v, o);
            }
        });
    }

    private static void output(AttentionPlan plan, int i, Row row, long v, long o) {
        for (int d = 0; d < plan.valueDim(); d++) {
            double sum = 0;
            for (int j = row.first; j < row.high; j = row.next(j)) {
                sum += row.p[j] * Mem.f32(v + row.value(j, d));
            }
            Mem.f32(o + row.out(i, d), (float) sum);
        }
    }

    static void backward(
            AttentionPlan plan,
            long q,
            long k,
            long v,
            long o,
            long lse,
            long dO,
            long dq,
            long dk,
            long dv,
            long dSinks) {
        int group = plan.heads() / plan.kvHeads();
        double[] sinkGrads = new double[plan.sequences() * plan.heads()];
        Parallel.run(plan.sequences() * plan.kvHeads(), task -> {
            int sequence = task / plan.kvHeads();
            int kvHead = task % plan.kvHeads();
            int keys = plan.kLength()[sequence];
            double[] keyGrads = new double[keys * plan.headDim()];
            double[] valueGrads = new double[keys * plan.valueDim()];
            Row row = new Row(plan, sequence, kvHead * group, q, k);
            for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
                row = new Row(plan, sequence, head, q, k);
                for (int i = 0; i < plan.qLength()[sequence]; i++) {
                    double logSum = row.softmax(i);
                    double delta = gradients(plan, i, row, q, k, v, dO, dq, keyGrads, valueGrads);
                    sinkGrads[sequence * plan.heads() + head] -= delta * row.sinkProbability(logSum);
                }
            }
            for (int j = 0; j < keys; j++) {
                for (int d = 0; d < plan.headDim(); d++) {
                    Mem.f32(dk + row.key(j, d), (float) keyGrads[j * plan.headDim() + d]);
                }
                for (int d = 0; d < plan.valueDim(); d++) {
                    Mem.f32(dv + row.value(j, d), (float) valueGrads[j * plan.valueDim() + d]);
                }
            }
        });
        for (int head = 0; head < plan.heads() && dSinks != 0; head++) {
            double sum = 0;
            for (int s = 0; s < plan.sequences(); s++) {
                sum += sinkGrads[s * plan.heads() + head];
            }
            Mem.f32(dSinks + 4L * head, (float) sum);
        }
    }

    /// Returns `rowsum(dO * O)`.
    private static double gradients(
            AttentionPlan plan,
            int i,
            Row row,
            long q,
            long k,
            long v,
            long dO,
            long dq,
            double[] keyGrads,
            double[] valueGrads) {
        double[] dp = new double[row.p.length];
        double delta = 0;
        for (int j = row.first; j < row.high; j = row.next(j)) {
            for (int d = 0; d < plan.valueDim(); d++) {
                double g = Mem.f32(dO + row.out(i, d));
                dp[j] += g * Mem.f32(v + row.value(j, d));
                valueGrads[j * plan.valueDim() + d] += row.p[j] * g;
            }
            delta += row.p[j] * dp[j];
        }
        double[] queryGrad = new double[plan.headDim()];
        for (int j = row.first; j < row.high; j = row.next(j)) {
            double ds = row.p[j] * (dp[j] - delta) * plan.scale();
            for (int d = 0; d < plan.headDim(); d++) {
                queryGrad[d] += ds * Mem.f32(k + row.key(j, d));
                keyGrads[j * plan.headDim() + d] += ds * Mem.f32(q + row.query(i, d));
            }
        }
        for (int d = 0; d < plan.headDim(); d++) {
            Mem.f32(dq + row.query(i, d), (float) queryGrad[d]);
        }
        return delta;
    }

    /// The probabilities of one query at a time of one sequence and head, and the byte offsets of its tensors.
    private static final class Row {
        private final AttentionPlan plan;
        private final int sequence;
        private final int head;
        private final int kvHead;
        private final long q;
        private final long k;
        private final AttentionView view;
        private final double sink;
        private int sinks;
        private int low;
        final double[] p;
        int first;
        int high;

        Row(AttentionPlan plan, int sequence, int head, long q, long k) {
            this.plan = plan;
            this.sequence = sequence;
            this.head = head;
            this.q = q;
            this.k = k;
            kvHead = head / (plan.heads() / plan.kvHeads());
            view = new AttentionView().of(plan, sequence);
            sink = plan.sinkLogits() == 0 ? Double.NEGATIVE_INFINITY : Mem.f32(plan.sinkLogits() + 4L * head);
            p = new double[plan.kLength()[sequence]];
        }

        long query(int i, int d) {
            return 4 * (plan.qStart()[sequence] + head * plan.qHeadStride() + i * plan.qTokenStride() + d);
        }

        long key(int j, int d) {
            return 4 * (plan.kStart()[sequence] + kvHead * plan.kHeadStride() + j * plan.kTokenStride() + d);
        }

        long value(int j, int d) {
            return 4 * (plan.vStart()[sequence] + kvHead * plan.vHeadStride() + j * plan.vTokenStride() + d);
        }

        long out(int i, int d) {
            return 4 * (plan.oStart()[sequence] + head * plan.oHeadStride() + i * plan.oTokenStride() + d);
        }

        /// The key after `j` that the query sees: behind the last sink token the window begins.
        int next(int j) {
            return j + 1 == sinks ? Math.max(low, sinks) : j + 1;
        }

        double sinkProbability(double logSum) {
            return sink == Double.NEGATIVE_INFINITY ? 0 : Math.exp(sink - logSum);
        }

        /// Fills `p` for query `i` over the keys it sees, from `first` to `high`; returns the log-sum-exp.
        double softmax(int i) {
            low = view.low(i);
            high = view.high(i);
            sinks = Math.min(view.sinks, high);
            first = sinks > 0 ? 0 : low;
            double max = sink;
            for (int j = first; j < high; j = next(j)) {
                double s = 0;
                for (int d = 0; d < plan.headDim(); d++) {
                    s += (double) Mem.f32(q + query(i, d)) * Mem.f32(k + key(j, d));
                }
                p[j] = s * plan.scale() + mask(i, j);
                max = Math.max(max, p[j]);
            }
            double shift = max == Double.NEGATIVE_INFINITY ? 0 : max;
            double sum = Math.exp(sink - shift);
            for (int j = first; j < high; j = next(j)) {
                p[j] = Math.exp(p[j] - shift);
                sum += p[j];
            }
            for (int j = first; j < high; j = next(j)) {
                p[j] = sum == 0 ? 0 : p[j] / sum;
            }
            return sum == 0 ? Double.NEGATIVE_INFINITY : max + Math.log(sum);
        }

        private double mask(int i, int j) {
            long[] strides = plan.maskStrides();
            if (plan.mask() == 0 || strides == null) {
                return 0;
            }
            long at = sequence * strides[0] + head * strides[1] + i * strides[2] + j * strides[3];
            return Mem.f32(plan.mask() + 4 * at);
        }
    }
}
