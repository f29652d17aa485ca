package io.torrefy.tensor;

import io.torrefy.export.Export;
import io.torrefy.tensor.internal.AttentionPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Scaled-dot-product attention, softmax(q k^T * scale + mask) v, in memory linear in the number of tokens: no N x N
/// matrix is ever stored. Query head `h` reads key head `h / (heads / kvHeads)`.
///
/// For a block of queries Q and blocks of keys and values `K_j, V_j` in turn, with the running maximum m and sum l of
/// the rows (Milakov and Gimelshein 2018, "Online normalizer calculation for softmax", algorithm 3; Dao et al. 2022,
/// "FlashAttention", algorithm 1; in this form Dao 2023, "FlashAttention-2", algorithm 1):
/// ```
/// S = scale Q K_j^T + mask
/// m' = max(m, rowmax S);  P = exp(S - m')
/// l = exp(m - m') l + rowsum P;  O = diag(exp(m - m')) O + P V_j;  m = m'
/// ```
/// and in the end `O = diag(1/l) O`. The log-sum-exp `L = m + log l` of every row is kept for the backward pass, which
/// makes P again instead of reading it (Dao 2023, algorithm 2), with `D = rowsum(dO * O)`:
/// ```
/// P = exp(S - L);  dV_j += P^T dO;  dS = P * (dO V_j^T - D)
/// dQ += scale dS K_j;  dK_j += scale dS^T Q
/// ```
///
/// **Attention sinks** are two things in the literature, both off unless asked for:
/// - *Sink tokens* (Xiao et al. 2023, "Efficient Streaming Language Models with Attention Sinks"): the first few keys
///   of a sequence stay visible when the window has moved past them ([Options#withSinkTokens]). Here this is a
///   mask: keys keep the positions they were rotated with. (StreamingLLM counts positions anew within its cache.)
/// - *Sink logits* (gpt-oss; `sinks` in `modeling_gpt_oss.py` of Transformers): one learned number a query head, the
///   score of a further key with no value, so that probabilities may sum to less than 1:
///   `P_ij = exp(S_ij) / (exp(sink) + sum_k exp(S_ik))`. The scale does not apply to it. Passed as the tensor
///   `sinkLogits`, which gets the gradient `-sum_i exp(sink - L_i) D_i`.
@Export(value = "nn.Attention", since = "0.1", members = "nn.attention")
public final class Attention {
    private Attention() {}

    /// How a call attends.
    ///
    /// @param causal query i sees keys up to i, counted from the top left, or with `bottomRight` so that the last
    ///     query sees the last key (what decoding with a cache needs)
    /// @param window how many keys back a query sees, itself included (`key > query - window`, the `sliding_window`
    ///     of Transformers; it bounds the past, only `causal` bounds the future); 0 for all
    /// @param scale factor of the scores; 0 for 1 / sqrt(head dimension)
    /// @param sinkTokens how many first keys of a sequence stay visible outside the window; without a window all
    ///     are
    public record Options(boolean causal, boolean bottomRight, int window, double scale, int sinkTokens) {
        public static final Options FULL = new Options(false, false, 0, 0, 0);
        public static final Options CAUSAL = new Options(true, false, 0, 0, 0);
        /// Causal, aligned at the last key.
        public static final Options CAUSAL_CACHED = new Options(true, true, 0, 0, 0);

        public Options {
            if (window < 0 || sinkTokens < 0) {
                throw new IllegalArgumentException("[attention] expected window and sinkTokens of at least 0; got "
                        + window + " and " + sinkTokens);
            }
        }

        public Options withScale(double value) {
            return new Options(causal, bottomRight, window, value, sinkTokens);
        }

        public Options withWindow(int keys) {
            return new Options(causal, bottomRight, keys, scale, sinkTokens);
        }

        public Options withSinkTokens(int keys) {
            return new Options(causal, bottomRight, window, scale, keys);
        }
    }

    /// `attend` without sink logits.
    public static Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, Options options) {
        return attend(q, k, v, mask, null, options);
    }

    /// Attention of a padded batch: q (batch, heads, queries, dim), k (batch, kvHeads, keys, dim), v (batch,
    /// kvHeads, keys, valueDim).
    ///
    /// @param mask BOOL (true = may attend) or additive, broadcasting to (batch, heads, queries, keys); null for
    ///     none. A row that may attend to nothing gives zeros. An additive mask that requires grad gets its
    ///     gradient, at the price of the unfused form and its N x N matrix.
    /// @param sinkLogits (heads), or null for none
    public static Tensor attend(
            Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, @Nullable Tensor sinkLogits, Options options) {
        boolean fits = q.rank() == 4
                && k.rank() == 4
                && v.rank() == 4
                && q.size(0) == k.size(0)
                && k.size(0) == v.size(0)
                && k.size(1) == v.size(1)
                && k.size(2) == v.size(2)
                && q.size(3) == k.size(3)
                && k.size(1) > 0
                && q.size(1) % k.size(1) == 0;
        if (!fits) {
            throw new IllegalArgumentException(
                    "[attend] expected q (batch, heads, queries, dim), k (batch, kvHeads, keys, dim)"
                            + " and v (batch, kvHeads, keys, valueDim), heads a multiple of kvHeads; got "
                            + q.describe() + ", "
                            + k.describe() + " and " + v.describe());
        }
        int batch = (int) q.size(0);
        Tensor sinks = sinks(sinkLogits, q.size(1), q.dtype);
        Tensor additive = mask == null ? null : additive(mask, q, k);
        if (additive != null && additive.requiresGrad() && Autograd.isEnabled() && !q.dtype.isHalf()) {
            return unfused(q, k, v, additive, sinks, options);
        }
        if (q.dtype != DType.F32 || k.dtype != DType.F32 || v.dtype != DType.F32) {
            if (q.dtype.isHalf()) {
                return attend(q.to(DType.F32), k.to(DType.F32), v.to(DType.F32), mask, sinks, options)
                        .to(q.dtype);
            }
            return unfused(q, k, v, additive, sinks, options);
        }
        Tensor a = inner(q);
        Tensor b = inner(k);
        Tensor c = inner(v);
        Tensor y = Creation.like(q, batch, q.size(2), q.size(1), v.size(3)).permute(0, 2, 1, 3);
        long[] maskStrides =
                additive == null ? null : Shapes.broadcastStrides(additive.shape, additive.strides, scores(q, k));
        AttentionPlan plan = plan(
                a,
                b,
                c,
                y,
                starts(a, batch),
                starts(b, batch),
                starts(c, batch),
                starts(y, batch),
                filled(batch, (int) q.size(2)),
                filled(batch, (int) k.size(2)),
                options,
                options.bottomRight,
                sinks,
                additive == null ? 0 : additive.address(),
                maskStrides);
        return run(plan, a, b, c, y, sinks, additive, (t, s, m) -> unfused(t[0], t[1], t[2], m, s, options));
    }

    /// `attendPacked` without sink logits.
    public static Tensor attendPacked(Tensor q, Tensor k, Tensor v, int[] qOffsets, int[] kOffsets, Options options) {
        return attendPacked(q, k, v, qOffsets, kOffsets, null, options);
    }

    /// Attention of packed sequences of different lengths: q (tokens, heads, dim), k (keyTokens, kvHeads, dim), v
    /// likewise. Sequence
    /// `s` has the queries `qOffsets[s] .. qOffsets[s+1]` and the keys `kOffsets[s] .. kOffsets[s+1]`.
    ///
    /// @param sinkLogits (heads), or null for none
    public static Tensor attendPacked(
            Tensor q,
            Tensor k,
            Tensor v,
            int[] qOffsets,
            int[] kOffsets,
            @Nullable Tensor sinkLogits,
            Options options) {
        boolean fits = q.rank() == 3
                && k.rank() == 3
                && v.rank() == 3
                && q.size(2) == k.size(2)
                && k.size(0) == v.size(0)
                && k.size(1) == v.size(1)
                && k.size(1) > 0
                && q.size(1) % k.size(1) == 0
                && qOffsets.length == kOffsets.length
                && qOffsets.length > 0
                && ascending(qOffsets, q.size(0))
                && ascending(kOffsets, k.size(0));
        if (!fits) {
            throw new IllegalArgumentException(
                    "[attendPacked] expected q (tokens, heads, dim), k and v (keyTokens, kvHeads, dim)"
                            + " and ascending offsets from 0 to the tokens; got " + q.describe() + ", " + k.describe()
                            + ", "
                            + v.describe() + ", " + Arrays.toString(qOffsets) + " and " + Arrays.toString(kOffsets));
        }
        Tensor sinks = sinks(sinkLogits, q.size(1), q.dtype);
        if (q.dtype.isHalf()) {
            Tensor y =
                    attendPacked(q.to(DType.F32), k.to(DType.F32), v.to(DType.F32), qOffsets, kOffsets, sinks, options);
            return y.to(q.dtype);
        }
        if (q.dtype != DType.F32 || k.dtype != DType.F32 || v.dtype != DType.F32) {
            return packedBySequence(q, k, v, qOffsets, kOffsets, sinks, options);
        }
        int n = qOffsets.length - 1;
        int[] qLength = new int[n];
        int[] kLength = new int[n];
        Tensor a = inner(q);
        Tensor b = inner(k);
        Tensor c = inner(v);
        Tensor y = Creation.like(q, q.size(0), q.size(1), v.size(2));
        long[][] start = new long[4][n];
        for (int s = 0; s < n; s++) {
            qLength[s] = qOffsets[s + 1] - qOffsets[s];
            kLength[s] = kOffsets[s + 1] - kOffsets[s];
            start[0][s] = qOffsets[s] * a.strides[0];
            start[1][s] = kOffsets[s] * b.strides[0];
            start[2][s] = kOffsets[s] * c.strides[0];
            start[3][s] = qOffsets[s] * y.strides[0];
        }
        AttentionPlan plan = plan(
                a.transpose(0, 1).unsqueeze(0),
                b.transpose(0, 1).unsqueeze(0),
                c.transpose(0, 1).unsqueeze(0),
                y.transpose(0, 1).unsqueeze(0),
                start[0],
                start[1],
                start[2],
                start[3],
                qLength,
                kLength,
                options,
                options.bottomRight,
                sinks,
                0,
                null);
        return run(
                plan,
                a,
                b,
                c,
                y,
                sinks,
                null,
                (t, s, _) -> packedBySequence(t[0], t[1], t[2], qOffsets, kOffsets, s, options));
    }

    /// `attendCached` without sink logits.
    public static Tensor attendCached(
            Tensor q, Tensor keys, Tensor values, int[] slots, int[] lengths, Options options) {
        return attendCached(q, keys, values, slots, lengths, null, options);
    }

    /// Self-attention of packed sequences whose queries, keys and values are one tensor (tokens, 3, heads, dim), as
    /// a joint projection gives them; the result is (tokens, heads, dim). Sequence `s` is `offsets[s] ..
    /// offsets[s+1]`.
    public static Tensor attendJoint(Tensor qkv, int[] offsets, Options options) {
        return JointAttention.attend(qkv, offsets, options);
    }

    /// One query a sequence against caches, the decode step: q (sequences, heads, dim); keys and values (slots,
    /// kvHeads, capacity, dim), of which sequence `s` uses the first `lengths[s]` of slot `slots[s]`. The query is
    /// that of the last of these keys: it sees them all, or those of the window that ends there and the sink
    /// tokens. Not recorded.
    ///
    /// @param sinkLogits (heads), or null for none
    public static Tensor attendCached(
            Tensor q,
            Tensor keys,
            Tensor values,
            int[] slots,
            int[] lengths,
            @Nullable Tensor sinkLogits,
            Options options) {
        boolean fits = q.rank() == 3
                && keys.rank() == 4
                && values.rank() == 4
                && q.size(0) == slots.length
                && slots.length == lengths.length
                && q.size(1) % keys.size(1) == 0
                && q.size(2) == keys.size(3)
                && q.dtype == DType.F32
                && keys.dtype == DType.F32;
        for (int s = 0; fits && s < slots.length; s++) {
            fits = slots[s] >= 0 && slots[s] < keys.size(0) && lengths[s] >= 0 && lengths[s] <= keys.size(2);
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "[attendCached] expected f32 q (sequences, heads, dim), caches (slots, kvHeads,"
                            + " capacity, dim) and a slot and length for each sequence; got " + q.describe() + ", "
                            + keys.describe()
                            + ", slots " + Arrays.toString(slots) + ", lengths " + Arrays.toString(lengths));
        }
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor a = inner(q);
            Tensor sinks = sinks(sinkLogits, q.size(1), q.dtype);
            int n = slots.length;
            Tensor y = Creation.like(q, n, q.size(1), values.size(3));
            long[][] start = new long[4][n];
            for (int s = 0; s < n; s++) {
                start[0][s] = s * a.strides[0];
                start[1][s] = slots[s] * keys.strides[0];
                start[2][s] = slots[s] * values.strides[0];
                start[3][s] = s * y.strides[0];
            }
            AttentionPlan plan = plan(
                    a.transpose(0, 1).unsqueeze(0),
                    keys,
                    values,
                    y.transpose(0, 1).unsqueeze(0),
                    start[0],
                    start[1],
                    start[2],
                    start[3],
                    filled(n, 1),
                    lengths,
                    options,
                    true,
                    sinks,
                    0,
                    null);
            Tensor lse = Creation.like(q, q.size(1), n);
            y.backend().attention(plan, a.address(), keys.address(), values.address(), y.address(), lse.address());
            return scope.pass(y);
        }
    }

    // ---- geometry --------------------------------------------------------------------------------------------------

    /// The kernel reads rows of the head dimension without gaps.
    private static Tensor inner(Tensor x) {
        return x.strides[x.rank() - 1] == 1 || x.size(-1) == 1 ? x : x.contiguous();
    }

    /// The sink logits as the kernels read them.
    private static @Nullable Tensor sinks(@Nullable Tensor sinkLogits, long heads, DType queries) {
        if (sinkLogits == null) {
            return null;
        }
        if (sinkLogits.rank() != 1 || sinkLogits.size(0) != heads || !sinkLogits.dtype.isFloating()) {
            throw new IllegalArgumentException("[attention] expected floating sinkLogits (heads), one for each of the "
                    + heads + " query heads; got " + sinkLogits.describe());
        }
        return sinkLogits.to(queries == DType.F64 ? DType.F64 : DType.F32).contiguous();
    }

    private static boolean ascending(int[] offsets, long total) {
        boolean fine = offsets[0] == 0 && offsets[offsets.length - 1] == total;
        for (int i = 1; fine && i < offsets.length; i++) {
            fine = offsets[i] >= offsets[i - 1];
        }
        return fine;
    }

    private static int[] filled(int n, int value) {
        int[] out = new int[n];
        Arrays.fill(out, value);
        return out;
    }

    private static long[] starts(Tensor x, int batch) {
        long[] out = new long[batch];
        Arrays.setAll(out, s -> s * x.strides[0]);
        return out;
    }

    private static long[] scores(Tensor q, Tensor k) {
        return new long[] {q.size(0), q.size(1), q.size(2), k.size(2)};
    }

    private static Tensor additive(Tensor mask, Tensor q, Tensor k) {
        if (!Arrays.equals(Shapes.broadcast("attend", mask.shape, scores(q, k)), scores(q, k))) {
            throw new IllegalArgumentException("[attend] expected a mask that broadcasts to "
                    + Arrays.toString(scores(q, k)) + "; got " + mask.describe());
        }
        DType type = q.dtype == DType.F64 ? DType.F64 : DType.F32;
        if (mask.dtype != DType.BOOL) {
            return mask.to(type);
        }
        return mask.where(Tensor.full(type, 0), Tensor.full(type, Double.NEGATIVE_INFINITY));
    }

    /// Strides of tensors seen as (batch, heads, tokens, dim).
    private static AttentionPlan plan(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor y,
            long[] qStart,
            long[] kStart,
            long[] vStart,
            long[] oStart,
            int[] qLength,
            int[] kLength,
            Options options,
            boolean bottomRight,
            @Nullable Tensor sinks,
            long mask,
            long @Nullable [] maskStrides) {
        int[] offset = new int[qLength.length];
        for (int s = 0; s < offset.length; s++) {
            offset[s] = bottomRight ? kLength[s] - qLength[s] : 0;
        }
        double scale = options.scale == 0 ? 1 / Math.sqrt(q.size(3)) : options.scale;
        return new AttentionPlan(
                (int) q.size(1),
                (int) k.size(1),
                (int) q.size(3),
                (int) v.size(3),
                q.strides[2],
                q.strides[1],
                k.strides[2],
                k.strides[1],
                v.strides[2],
                v.strides[1],
                y.strides[2],
                y.strides[1],
                qStart,
                kStart,
                vStart,
                oStart,
                qLength,
                kLength,
                options.causal,
                offset,
                options.window,
                options.sinkTokens,
                sinks == null ? 0 : sinks.address(),
                (float) scale,
                mask,
                maskStrides);
    }

    /// The textbook form of a call, from q, k and v, the sink logits and the mask.
    private interface Unfused {
        Tensor apply(Tensor[] qkv, @Nullable Tensor sinks, @Nullable Tensor mask);
    }

    private static Tensor run(
            AttentionPlan plan,
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor y,
            @Nullable Tensor sinks,
            @Nullable Tensor mask,
            Unfused unfused) {
        Tensor lse = Creation.like(q, plan.heads(), plan.totalQueries());
        y.backend().attention(plan, q.address(), k.address(), v.address(), y.address(), lse.address());
        List<Tensor> saves = new ArrayList<>(List.of(q, k, v));
        if (sinks != null) {
            saves.add(sinks);
        }
        Tensor[] inputs = saves.toArray(Tensor[]::new);
        saves.add(y);
        saves.add(lse);
        if (mask != null) {
            saves.add(mask);
        }
        int n = inputs.length;
        boolean masked = mask != null;
        return Node.record("attention", y, inputs, saves.toArray(Tensor[]::new), (c, dy) -> {
            if (Autograd.isEnabled()) {
                Tensor m = masked ? c.saved(n + 2) : null;
                return Functional.throughUnfused(dy, c, n, t -> unfused.apply(t, n > 3 ? t[3] : null, m));
            }
            return backward(plan, c, dy, n);
        });
    }

    /// The gradients of q, k, v and, if they are among the `inputs`, the sink logits.
    private static @Nullable Tensor[] backward(AttentionPlan plan, Node.Context c, Tensor dy, int inputs) {
        Tensor q = c.saved(0);
        Tensor k = c.saved(1);
        Tensor v = c.saved(2);
        Tensor o = c.saved(inputs);
        Tensor g = withStridesOf(o, dy);
        @Nullable Tensor[] gradients = new Tensor[inputs];
        Tensor dq = withStridesOf(q, null);
        Tensor dk = withStridesOf(k, null);
        Tensor dv = withStridesOf(v, null);
        gradients[0] = dq;
        gradients[1] = dk;
        gradients[2] = dv;
        long sinkGradients = 0;
        if (inputs > 3 && c.needs(3)) {
            Tensor d = Creation.like(q, plan.heads());
            gradients[3] = d;
            sinkGradients = d.address();
        }
        try (Scope _ = Scope.open()) {
            Tensor workspace = Creation.like(q, o.backend().attentionWorkspace(plan) / Float.BYTES);
            o.backend()
                    .attentionBackward(
                            plan,
                            q.address(),
                            k.address(),
                            v.address(),
                            o.address(),
                            c.saved(inputs + 1).address(),
                            g.address(),
                            dq.address(),
                            dk.address(),
                            dv.address(),
                            sinkGradients,
                            workspace.address());
        }
        return gradients;
    }

    /// A tensor of the same shape and strides as `like`, with the values of `source` if there is one. Where `like`
    /// is a view with gaps (a slice of a joint projection), the gaps are left alone.
    private static Tensor withStridesOf(Tensor like, @Nullable Tensor source) {
        if (source != null && Arrays.equals(source.strides, like.strides)) {
            return source;
        }
        long extent = 1;
        for (int i = 0; i < like.rank(); i++) {
            if (like.shape[i] == 0) {
                return source == null ? Creation.like(like, like.shape) : source;
            }
            extent += (like.shape[i] - 1) * like.strides[i];
        }
        Tensor whole = Creation.like(like, extent);
        Tensor y = new Tensor(whole.storage.retain(), 0, like.shape, like.strides, like.dtype).owned();
        return source == null ? y : InPlace.copyFrom(y, source.detach());
    }

    // ---- unfused forms ---------------------------------------------------------------------------------------------

    private static Tensor packedBySequence(
            Tensor q, Tensor k, Tensor v, int[] qOffsets, int[] kOffsets, @Nullable Tensor sinks, Options options) {
        Tensor[] parts = new Tensor[qOffsets.length - 1];
        for (int s = 0; s < parts.length; s++) {
            Tensor a = q.slice(0, qOffsets[s], qOffsets[s + 1]).transpose(0, 1).unsqueeze(0);
            Tensor b = k.slice(0, kOffsets[s], kOffsets[s + 1]).transpose(0, 1).unsqueeze(0);
            Tensor c = v.slice(0, kOffsets[s], kOffsets[s + 1]).transpose(0, 1).unsqueeze(0);
            parts[s] = unfused(a, b, c, null, sinks, options).squeeze(0).transpose(0, 1);
        }
        return Joins.concat(0, parts);
    }

    /// The textbook form, with the N x N matrix: oracle, other dtypes, second derivatives.
    static Tensor unfused(
            Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, @Nullable Tensor sinks, Options options) {
        long group = q.size(1) / k.size(1);
        Tensor keys = k.repeatInterleave(group, 1);
        Tensor values = v.repeatInterleave(group, 1);
        double scale = options.scale == 0 ? 1 / Math.sqrt(q.size(3)) : options.scale;
        Tensor scores = q.matmul(keys.t()).mul(scale);
        Tensor seen = visible(q.size(2), k.size(2), options);
        scores = seen.where(scores, Creation.constant(scores, Double.NEGATIVE_INFINITY));
        if (mask != null) {
            scores = scores.add(mask.to(scores.dtype));
        }
        Tensor top = k.size(2) == 0
                ? Creation.constant(scores, Double.NEGATIVE_INFINITY)
                : scores.detach().amax(new int[] {-1}, true);
        Tensor sink = sinks == null ? null : sinks.reshape(1, q.size(1), 1, 1);
        if (sink != null) {
            top = top.maximum(sink.detach());
        }
        // Rows that see nothing give zeros instead of NaN.
        Tensor blind = top.eq(Double.NEGATIVE_INFINITY);
        top = top.maskedFill(blind, 0);
        Tensor e = scores.sub(top).exp();
        Tensor total = e.sum(new int[] {-1}, true);
        if (sink != null) {
            total = total.add(sink.sub(top).exp());
        }
        return e.div(total.maskedFill(blind, 1)).matmul(values);
    }

    private static Tensor visible(long queries, long keys, Options options) {
        long shift = options.bottomRight ? keys - queries : 0;
        Tensor i = Tensor.arange(queries).unsqueeze(1).add(shift);
        Tensor j = Tensor.arange(keys).unsqueeze(0);
        Tensor seen = Tensor.full(DType.BOOL, 1, queries, keys);
        if (options.causal) {
            seen = seen.and(j.le(i));
        }
        if (options.window > 0) {
            seen = seen.and(j.gt(i.sub(options.window)).or(j.lt(options.sinkTokens)));
        }
        return seen;
    }
}
