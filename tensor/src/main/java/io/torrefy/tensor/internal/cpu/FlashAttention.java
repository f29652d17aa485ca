package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;

/// Tiled attention with online softmax: no matrix of scores is ever built, memory is linear in the number of tokens.
///
/// Forward, for a block of queries, over blocks of keys j (FlashAttention-2, Dao 2023, algorithm 1):
/// ```
/// S_j = scale Q K_j^T + mask;  m' = max(m, rowmax S_j);  P_j = exp(S_j - m')
/// l = exp(m - m') l + rowsum P_j;  O = diag(exp(m - m')) O + P_j V_j
/// at the end O = diag(1/l) O, lse = m + log l
/// ```
/// Backward (algorithm 2) makes P again from the kept log-sum-exp; with `D = rowsum(dO * O)`
/// ```
/// P = exp(S - lse);  dV += P^T dO;  dS = P * (dO V^T - D);  dQ += scale dS K;  dK += scale dS^T Q
/// ```
/// A query that sees no key, or only keys masked by -infinity, has output 0, log-sum-exp -infinity and zero
/// gradients. (A finite mask below about -2.3e38 counts as -infinity.)
///
/// Blocks of keys are counted from key 0 and queries share lanes but no arithmetic, so a row of the output has the
/// same bits whatever else is in the call, on any number of threads. Sequences with a single query take a path of
/// their own (`AttentionDecode`), which agrees with the tiles to rounding.
final class FlashAttention {
    private FlashAttention() {}

    static void attention(AttentionPlan plan, long q, long k, long v, long o, long lse) {
        if (Mem.VECTOR) {
            FlashForward.run(plan, q, k, v, o, lse);
        } else {
            AttentionReference.forward(plan, q, k, v, o, lse);
        }
    }

    static void attentionBackward(
            AttentionPlan plan, long q, long k, long v, long o, long lse, long dO, long dq, long dk, long dv) {
        if (Mem.VECTOR) {
            FlashBackward.run(plan, q, k, v, o, lse, dO, dq, dk, dv);
        } else {
            AttentionReference.backward(plan, q, k, v, o, lse, dO, dq, dk, dv);
        }
    }
}
