package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;

/// Tiled attention with online softmax.
final class FlashAttention {
    private FlashAttention() {}

    static void attention(AttentionPlan plan, long q, long k, long v, long o, long lse) {
        throw new UnsupportedOperationException("attention");
    }

    static void attentionBackward( AttentionPlan plan, long q, long k, long v, long o, long lse, long dO, long dq, long dk, long dv) {
        throw new UnsupportedOperationException("attentionBackward");
    }
}
