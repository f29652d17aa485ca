package io.torrefy.tensor;

import io.torrefy.tensor.internal.AttentionPlan;
import java.util.Arrays;

/// Attention over packed sequences whose queries, keys and values are one tensor, as a joint projection gives them:
/// one operation that reads them where they lie and writes the three gradients into one tensor, where three views would
/// have three tensors of zeros filled, copied into and added up.
final class JointAttention {
    private JointAttention() {}

    /// @param qkv (tokens, 3, heads, dim)
    static Tensor attend(Tensor qkv, int[] offsets, Attention.Options options) {
        if (qkv.rank() != 4 || qkv.size(1) != 3) {
            throw new IllegalArgumentException(
                    "[attendJoint] expected queries, keys and values (tokens, 3, heads, dim); got " + qkv.describe());
        }
        boolean plain = qkv.dtype == DType.F32 && qkv.dense && options.sinkTokens() == 0 && !options.bottomRight();
        if (!plain || offsets.length < 2 || qkv.count() == 0) {
            return parts(qkv, offsets, options);
        }
        check(qkv, offsets);
        AttentionPlan plan = plan(qkv, offsets, options);
        long heads = qkv.size(2);
        Tensor y = Creation.like(qkv, qkv.size(0), heads, qkv.size(3));
        Tensor lse = Creation.like(qkv, heads, plan.totalQueries());
        long part = heads * qkv.size(3) * Float.BYTES;
        long q = qkv.address();
        y.backend().attention(plan, q, q + part, q + 2 * part, y.address(), lse.address());
        return Node.record("jointAttention", y, new Tensor[] {qkv}, new Tensor[] {qkv, y, lse}, (c, dy) -> {
            if (Autograd.isEnabled()) {
                return Functional.throughUnfused(dy, c, 1, t -> parts(t[0], offsets, options));
            }
            Tensor x = c.saved(0);
            Tensor g = dy.contiguous();
            Tensor dx = Creation.like(x, x.shape);
            try (Scope _ = Scope.open()) {
                Tensor workspace = Creation.like(x, x.backend().attentionWorkspace(plan) / Float.BYTES);
                long a = x.address();
                long d = dx.address();
                x.backend()
                        .attentionBackward(
                                plan,
                                a,
                                a + part,
                                a + 2 * part,
                                c.saved(1).address(),
                                c.saved(2).address(),
                                g.address(),
                                d,
                                d + part,
                                d + 2 * part,
                                0,
                                workspace.address());
            }
            return new Tensor[] {dx};
        });
    }

    private static void check(Tensor qkv, int[] offsets) {
        boolean fine = offsets[0] == 0 && offsets[offsets.length - 1] == qkv.size(0);
        for (int i = 1; fine && i < offsets.length; i++) {
            fine = offsets[i] >= offsets[i - 1];
        }
        if (!fine) {
            throw new IllegalArgumentException("[attendJoint] expected ascending offsets from 0 to the tokens; got "
                    + Arrays.toString(offsets) + " for " + qkv.describe());
        }
    }

    /// The same by three views: oracle, other dtypes, second derivatives.
    static Tensor parts(Tensor qkv, int[] offsets, Attention.Options options) {
        return Attention.attendPacked(qkv.select(1, 0), qkv.select(1, 1), qkv.select(1, 2), offsets, offsets, options);
    }

    private static AttentionPlan plan(Tensor qkv, int[] offsets, Attention.Options options) {
        int n = offsets.length - 1;
        int heads = (int) qkv.size(2);
        int dim = (int) qkv.size(3);
        int[] length = new int[n];
        long[] start = new long[n];
        long[] outStart = new long[n];
        for (int s = 0; s < n; s++) {
            length[s] = offsets[s + 1] - offsets[s];
            start[s] = offsets[s] * 3L * heads * dim;
            outStart[s] = (long) offsets[s] * heads * dim;
        }
        long row = 3L * heads * dim;
        return new AttentionPlan(
                heads,
                heads,
                dim,
                dim,
                row,
                dim,
                row,
                dim,
                row,
                dim,
                (long) heads * dim,
                dim,
                start,
                start,
                start,
                outStart,
                length,
                length,
                options.causal(),
                new int[n],
                options.window(),
                0,
                0,
                (float) (options.scale() == 0 ? 1 / Math.sqrt(dim) : options.scale()),
                0,
                null);
    }
}
