package io.torrefy.tensor.internal;

import org.jspecify.annotations.Nullable;

/// The geometry of one scaled-dot-product attention call, f32. All strides and starts are in elements. Sequence `s` has
/// `qLength[s]` queries whose first one lies at `q + qStart[s]`, and `kLength[s]` keys and values; query head `h` reads
/// key head `h / (heads / kvHeads)`. A padded batch `[B, H, T, D]` and a packed `[tokens, H, D]` are both of this form.
///
/// Query `i` sees key `j` when `j <= i + causalOffset[s]` (if causal), `j > i + causalOffset[s] - window` or `j <
/// sinkTokens` (if `window > 0`) and the mask allows it. The output has the layout `oTokenStride`, `oHeadStride`,
/// `oStart`; the log-sum-exp is `[heads, total queries]`, the queries of all sequences one after another.
///
/// @param sinkTokens first keys of a sequence that stay visible outside the window
/// @param sinkLogits address of f32 `[heads]`, the score of a further key without a value that every query sees, or 0;
///     it counts in the log-sum-exp
/// @param mask address of an additive f32 mask or 0; element `(s, h, i, j)` lies at the sum of index times maskStrides
public record AttentionPlan(
        int heads,
        int kvHeads,
        int headDim,
        int valueDim,
        long qTokenStride,
        long qHeadStride,
        long kTokenStride,
        long kHeadStride,
        long vTokenStride,
        long vHeadStride,
        long oTokenStride,
        long oHeadStride,
        long[] qStart,
        long[] kStart,
        long[] vStart,
        long[] oStart,
        int[] qLength,
        int[] kLength,
        boolean causal,
        int @Nullable [] causalOffset,
        int window,
        int sinkTokens,
        long sinkLogits,
        float scale,
        long mask,
        long @Nullable [] maskStrides) {
    /// Number of sequences.
    public int sequences() {
        return qLength.length;
    }

    /// Queries of all sequences together.
    public int totalQueries() {
        int total = 0;
        for (int length : qLength) {
            total += length;
        }
        return total;
    }
}
