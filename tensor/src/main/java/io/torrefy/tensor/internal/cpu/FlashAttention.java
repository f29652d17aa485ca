package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;

/// Tiled attention with online softmax: no matrix of scores is ever built, memory is linear in the number of tokens.
///
/// Forward, for a block of queries, over blocks of keys j, starting from m = -infinity, l = 0 and O = 0: the running
/// maximum and sum of Milakov and Gimelshein 2018 ("Online normalizer calculation for softmax", algorithm 3), and with
/// them the output (FlashAttention, Dao et al. 2022; in this form FlashAttention-2, Dao 2023, algorithm 1):
/// ```
/// S_j = scale Q K_j^T + mask;  m' = max(m, rowmax S_j);  P_j = exp(S_j - m')
/// l = exp(m - m') l + rowsum P_j;  O = diag(exp(m - m')) O + P_j V_j
/// at the end O = diag(1/l) O, lse = m + log l
/// ```
/// Backward (algorithm 2) makes P again from the kept log-sum-exp; with `D = rowsum(dO * O)`
/// ```
/// P = exp(S - lse);  dV += P^T dO;  dS = P * (dO V^T - D);  dQ += scale dS K;  dK += scale dS^T Q
/// ```
/// A sink logit is the score of one more key whose value is zero: it starts m and l (m = sink, l = 1) in place of
/// -infinity and 0, and is part of lse; `dsink = -rowsum(exp(sink - lse) * D)` (`AttentionSinks`).
///
/// Blocks of keys that no query of the block sees, for causality or for the window, are skipped. Queries that share
/// keys and values (grouped heads) share their packed copy.
///
/// A query that sees no key, or only keys masked by -infinity, has output 0, log-sum-exp -infinity (or the
/// sink logit) and zero gradients. (A finite mask below about -2.3e38 counts as -infinity.)
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

    /// Bytes of workspace of the backward pass: the shares of dQ of all parts of the keys but the first.
    static long workspace(AttentionPlan plan) {
        return Mem.VECTOR ? FlashBackward.workspace(plan) : 0;
    }

    static void attentionBackward(
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
            long dSinks,
            long workspace) {
        if (!Mem.VECTOR) {
            AttentionReference.backward(plan, q, k, v, o, lse, dO, dq, dk, dv, dSinks);
            return;
        }
        FlashBackward.run(plan, q, k, v, o, lse, dO, dq, dk, dv, workspace);
        if (dSinks != 0) {
            AttentionSinks.backward(plan, o, lse, dO, dSinks);
        }
    }
}
