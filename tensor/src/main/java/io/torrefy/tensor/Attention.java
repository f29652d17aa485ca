package io.torrefy.tensor;

import io.torrefy.tensor.internal.AttentionPlan;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Scaled-dot-product attention, softmax(q k^T * scale + mask) v, tiled so that no N x N matrix is ever stored
/// (Dao et al. 2022, "FlashAttention", algorithms 1 and 4; Dao 2023 for the split of work). Query head `h` reads key
/// head
/// `h / (heads / kvHeads)`.
public final class Attention {
    private Attention() {}

    /// How a call attends.
    ///
    /// @param causal query i sees keys up to i, counted from the top left, or with `bottomRight` so that the last
    ///     query sees the last key (what decoding with a cache needs)
    /// @param window how many keys back a query sees, itself included; 0 for all
    /// @param scale factor of the scores; 0 for 1 / sqrt(head dimension)
    public record Options(boolean causal, boolean bottomRight, int window, double scale) {
        public static final Options FULL = new Options(false, false, 0, 0);
        public static final Options CAUSAL = new Options(true, false, 0, 0);
        /// Causal, aligned at the last key.
        public static final Options CAUSAL_CACHED = new Options(true, true, 0, 0);

        public Options withScale(double value) {
            return new Options(causal, bottomRight, window, value);
        }

        public Options withWindow(int keys) {
            return new Options(causal, bottomRight, keys, scale);
        }
    }

    /// Attention of a padded batch: q (batch, heads, queries, dim), k (batch, kvHeads, keys, dim), v (batch,
    /// kvHeads, keys, valueDim).
    ///
    /// @param mask BOOL (true = may attend) or additive, broadcasting to (batch, heads, queries, keys); null for
    ///     none. A row that may attend to nothing gives zeros. An additive mask that requires grad gets its
    ///     gradient, at the price of the unfused form and its N x N matrix.
    public static Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, Options options) {
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
        Tensor additive = mask == null ? null : additive(mask, q, k);
        if (additive != null && additive.requiresGrad() && Autograd.isEnabled() && !q.dtype.isHalf()) {
            return unfused(q, k, v, additive, options);
        }
        if (q.dtype != DType.F32 || k.dtype != DType.F32 || v.dtype != DType.F32) {
            if (q.dtype.isHalf()) {
                return attend(q.to(DType.F32), k.to(DType.F32), v.to(DType.F32), mask, options)
                        .to(q.dtype);
            }
            return unfused(q, k, v, additive, options);
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
                additive == null ? 0 : additive.address(),
                maskStrides);
        return run(plan, a, b, c, y, additive, (t, m) -> unfused(t[0], t[1], t[2], m, options));
    }

    /// Attention of packed sequences of different lengths: q (tokens, heads, dim), k (keyTokens, kvHeads, dim), v
    /// likewise. Sequence
    /// `s` has the queries `qOffsets[s] .. qOffsets[s+1]` and the keys `kOffsets[s] .. kOffsets[s+1]`.
    public static Tensor attendPacked(Tensor q, Tensor k, Tensor v, int[] qOffsets, int[] kOffsets, Options options) {
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
        if (q.dtype != DType.F32 || k.dtype != DType.F32 || v.dtype != DType.F32) {
            return packedBySequence(q, k, v, qOffsets, kOffsets, options);
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
                0,
                null);
        return run(plan, a, b, c, y, null, (t, _) -> packedBySequence(t[0], t[1], t[2], qOffsets, kOffsets, options));
    }

    /// One query a sequence against caches, the decode step: q (sequences, heads, dim); keys and values (slots,
    /// kvHeads, capacity, dim), of which sequence `s` uses the first `lengths[s]` of slot `slots[s]`. Not recorded.
    public static Tensor attendCached(
            Tensor q, Tensor keys, Tensor values, int[] slots, int[] lengths, Options options) {
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
            long mask,
            long @Nullable [] maskStrides) {
        int[] offset = new int[qLength.length];
        for (int s = 0; s < offset.length; s++) {
            offset[s] = options.bottomRight ? kLength[s] - qLength[s] : 0;
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
                (float) scale,
                mask,
                maskStrides);
    }

    /// The textbook form of a call, from q, k, v and the mask.
    private interface Unfused {
        Tensor apply(Tensor[] qkv, @Nullable Tensor mask);
    }

    private static Tensor run(
            AttentionPlan plan, Tensor q, Tensor k, Tensor v, Tensor y, @Nullable Tensor mask, Unfused unfused) {
        Tensor lse = Creation.like(q, plan.heads(), plan.totalQueries());
        y.backend().attention(plan, q.address(), k.address(), v.address(), y.address(), lse.address());
        Tensor[] saves = mask == null ? new Tensor[] {q, k, v, y, lse} : new Tensor[] {q, k, v, y, lse, mask};
        boolean masked = mask != null;
        return Node.record("attention", y, new Tensor[] {q, k, v}, saves, (c, dy) -> {
            if (Autograd.isEnabled()) {
                Tensor m = masked ? c.saved(5) : null;
                return Functional.throughUnfused(dy, c, 3, t -> unfused.apply(t, m));
            }
            Tensor a = c.saved(0);
            Tensor b = c.saved(1);
            Tensor d = c.saved(2);
            Tensor o = c.saved(3);
            Tensor g = withStridesOf(o, dy);
            Tensor da = withStridesOf(a, null);
            Tensor db = withStridesOf(b, null);
            Tensor dd = withStridesOf(d, null);
            o.backend()
                    .attentionBackward(
                            plan,
                            a.address(),
                            b.address(),
                            d.address(),
                            o.address(),
                            c.saved(4).address(),
                            g.address(),
                            da.address(),
                            db.address(),
                            dd.address());
            return new Tensor[] {da, db, dd};
        });
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
            Tensor q, Tensor k, Tensor v, int[] qOffsets, int[] kOffsets, Options options) {
        Tensor[] parts = new Tensor[qOffsets.length - 1];
        for (int s = 0; s < parts.length; s++) {
            Tensor a = q.slice(0, qOffsets[s], qOffsets[s + 1]).transpose(0, 1).unsqueeze(0);
            Tensor b = k.slice(0, kOffsets[s], kOffsets[s + 1]).transpose(0, 1).unsqueeze(0);
            Tensor c = v.slice(0, kOffsets[s], kOffsets[s + 1]).transpose(0, 1).unsqueeze(0);
            parts[s] = unfused(a, b, c, null, options).squeeze(0).transpose(0, 1);
        }
        return Joins.concat(0, parts);
    }

    /// The textbook form, with the N x N matrix: oracle, other dtypes, second derivatives.
    static Tensor unfused(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, Options options) {
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
        // Rows that see nothing give zeros instead of NaN.
        Tensor top = k.size(2) == 0
                ? Creation.constant(scores, Double.NEGATIVE_INFINITY)
                : scores.detach().amax(new int[] {-1}, true);
        Tensor blind = top.eq(Double.NEGATIVE_INFINITY);
        Tensor e = scores.sub(top.maskedFill(blind, 0)).exp();
        Tensor total = e.sum(new int[] {-1}, true);
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
            seen = seen.and(j.gt(i.sub(options.window)));
        }
        return seen;
    }
}
