package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;

/// The gradient of the sink logits of `FlashAttention`: a sink is a key whose value is zero, so with its probability
/// `p = exp(sink - lse)` and `D = rowsum(dO * O)` its score's gradient is `p (0 - D)`, summed over all queries of its
/// head. One pass over O and dO, linear in the number of queries; the sum is in double, in the order of the queries.
final class AttentionSinks {
    private static final int Q = AttentionView.QUERIES;

    private AttentionSinks() {}

    static void backward(AttentionPlan plan, long o, long lse, long dO, long dSinks) {
        long total = plan.totalQueries();
        Parallel.run(plan.heads(), head -> {
            AttentionScratch x = AttentionScratch.get();
            int stride = AttentionPack.padded(plan.valueDim());
            x.out = AttentionScratch.atLeast(x.out, Q * stride);
            x.outGrads = AttentionScratch.atLeast(x.outGrads, Q * stride);
            x.delta = AttentionScratch.atLeast(x.delta, Q);
            float sink = Mem.f32(plan.sinkLogits() + 4L * head);
            long logSum = lse + 4 * head * total;
            double sum = 0;
            for (int s = 0; s < plan.sequences(); s++) {
                long first = plan.oStart()[s] + head * plan.oHeadStride();
                for (int i = 0; i < plan.qLength()[s]; i += Q) {
                    int rows = Math.min(Q, plan.qLength()[s] - i);
                    deltas(plan, rows, 4 * (first + i * plan.oTokenStride()), stride, o, dO, x);
                    for (int r = 0; r < rows; r++) {
                        sum -= (double) probability(sink, Mem.f32(logSum)) * x.delta[r];
                        logSum += 4;
                    }
                }
            }
            Mem.f32(dSinks + 4L * head, (float) sum);
        });
    }

    /// 0 for a query that sees nothing at all, not even the sink.
    private static float probability(float sink, float logSum) {
        return logSum == Float.NEGATIVE_INFINITY ? 0f : VectorMath.exp(sink - logSum);
    }

    private static void deltas(AttentionPlan plan, int rows, long at, int stride, long o, long dO, AttentionScratch x) {
        AttentionPack.rows(o + at, plan.oTokenStride(), rows, plan.valueDim(), x.out, 0, stride, rows);
        AttentionPack.rows(dO + at, plan.oTokenStride(), rows, plan.valueDim(), x.outGrads, 0, stride, rows);
        AttentionScores.dots(x.out, x.outGrads, rows, stride, x.delta);
    }
}
