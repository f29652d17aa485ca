package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.SplittableRandom;

/// One attention problem in native memory with everything that must not be touched poisoned, and its solution in
/// float64 straight from the definition. Gaps between rows, heads and sequences hold NaN: reading one spoils the
/// result.
final class AttentionCase {
    /// How far back queries see, and what they see besides.
    record Span(int window, int sinkTokens, boolean sinkLogits) {
        static final Span ALL = new Span(0, 0, false);
    }

    /// The shape of a case. `packed` is [tokens, heads, dim], otherwise [sequence, heads, longest, dim]; `gap`
    /// widens rows.
    record Shape(
            String name,
            int heads,
            int kvHeads,
            int dim,
            int valueDim,
            int[] qLength,
            int[] kLength,
            boolean causal,
            int[] offset,
            Span span,
            String mask,
            boolean packed,
            int gap) {
        static Shape of(String name, int heads, int kvHeads, int dim, int... lengths) {
            return new Shape(name, heads, kvHeads, dim, dim, lengths, lengths, true, null, Span.ALL, "", true, 0);
        }

        private Shape with(int[] keys, boolean looksBack, int[] offsets, Span seen, String kind) {
            return new Shape(
                    name, heads, kvHeads, dim, valueDim, qLength, keys, looksBack, offsets, seen, kind, packed, gap);
        }

        Shape full() {
            return with(kLength, false, offset, span, mask);
        }

        Shape keys(int... lengths) {
            return with(lengths, causal, offset, span, mask);
        }

        Shape offset(int... offsets) {
            return with(kLength, causal, offsets, span, mask);
        }

        Shape window(int size) {
            return with(kLength, causal, offset, new Span(size, span.sinkTokens, span.sinkLogits), mask);
        }

        /// The first `count` keys are seen outside the window too.
        Shape sinkTokens(int count) {
            return with(kLength, causal, offset, new Span(span.window, count, span.sinkLogits), mask);
        }

        /// Every head has a sink logit.
        Shape sinkLogits() {
            return with(kLength, causal, offset, new Span(span.window, span.sinkTokens, true), mask);
        }

        Shape mask(String kind) {
            return with(kLength, causal, offset, span, kind);
        }

        Shape valueDim(int size) {
            return new Shape(
                    name, heads, kvHeads, dim, size, qLength, kLength, causal, offset, span, mask, packed, gap);
        }

        Shape padded(int rowGap) {
            return new Shape(
                    name, heads, kvHeads, dim, valueDim, qLength, kLength, causal, offset, span, mask, false, rowGap);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /// One tensor: where each row of each head starts, in elements.
    private record Layout(long[] start, long tokenStride, long headStride, long size) {
        static Layout of(boolean packed, int[] lengths, int heads, int dim, int gap) {
            int row = dim + gap;
            int longest = Arrays.stream(lengths).max().orElse(0);
            long[] start = new long[lengths.length];
            long at = 3;
            for (int s = 0; s < lengths.length; s++) {
                start[s] = at;
                at += (long) row * heads * (packed ? lengths[s] : longest);
            }
            return new Layout(start, packed ? (long) row * heads : row, packed ? row : (long) row * longest, at + 64);
        }

        long at(int s, int h, int i) {
            return start[s] + h * headStride + i * tokenStride;
        }
    }

    final Shape shape;
    final AttentionPlan plan;
    final int total;
    private final Layout ql;
    private final Layout kl;
    private final Layout vl;
    private final Layout ol;
    private final long q;
    private final long k;
    private final long v;
    private final long dO;
    private final long sinks;
    private final long[] maskStrides;

    AttentionCase(Shape shape, Arena arena, long seed) {
        this.shape = shape;
        ql = Layout.of(shape.packed, shape.qLength, shape.heads, shape.dim, shape.gap);
        kl = Layout.of(shape.packed, shape.kLength, shape.kvHeads, shape.dim, shape.gap);
        vl = Layout.of(shape.packed, shape.kLength, shape.kvHeads, shape.valueDim, shape.gap);
        ol = Layout.of(shape.packed, shape.qLength, shape.heads, shape.valueDim, shape.gap);
        SplittableRandom random = new SplittableRandom(seed);
        q = tensor(arena, random, ql, shape.qLength, shape.heads, shape.dim);
        k = tensor(arena, random, kl, shape.kLength, shape.kvHeads, shape.dim);
        v = tensor(arena, random, vl, shape.kLength, shape.kvHeads, shape.valueDim);
        dO = tensor(arena, random, ol, shape.qLength, shape.heads, shape.valueDim);
        int longestQ = Arrays.stream(shape.qLength).max().orElse(0);
        int longestK = Arrays.stream(shape.kLength).max().orElse(0);
        maskStrides = switch (shape.mask) {
            case "keys" -> new long[] {longestK, 0, 0, 1};
            case "all" ->
                new long[] {(long) shape.heads * longestQ * longestK, (long) longestQ * longestK, longestK, 1};
            case "transposed" -> new long[] {0, 0, 1, longestQ};
            default -> null;
        };
        long mask = maskStrides == null ? 0 : mask(arena, random, longestQ, longestK);
        sinks = shape.span.sinkLogits ? poisoned(arena, shape.heads) : 0;
        for (int h = 0; h < shape.heads && sinks != 0; h++) {
            Mem.f32(sinks + 4L * h, h == 1 ? Float.NEGATIVE_INFINITY : (float) random.nextGaussian());
        }
        plan = new AttentionPlan(
                shape.heads,
                shape.kvHeads,
                shape.dim,
                shape.valueDim,
                ql.tokenStride,
                ql.headStride,
                kl.tokenStride,
                kl.headStride,
                vl.tokenStride,
                vl.headStride,
                ol.tokenStride,
                ol.headStride,
                ql.start,
                kl.start,
                vl.start,
                ol.start,
                shape.qLength,
                shape.kLength,
                shape.causal,
                shape.offset,
                shape.span.window,
                shape.span.sinkTokens,
                sinks,
                (float) (1.3 / Math.sqrt(shape.dim)),
                mask,
                maskStrides);
        total = plan.totalQueries();
    }

    private static long poisoned(Arena arena, long size) {
        long at = arena.allocate(4 * size + 64, 64).address();
        for (long i = 0; i < size; i++) {
            Mem.f32(at + 4 * i, Float.NaN);
        }
        return at;
    }

    private static long tensor(Arena arena, SplittableRandom random, Layout l, int[] lengths, int heads, int dim) {
        long at = poisoned(arena, l.size);
        for (int s = 0; s < lengths.length; s++) {
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < lengths[s]; i++) {
                    for (int d = 0; d < dim; d++) {
                        Mem.f32(at + 4 * (l.at(s, h, i) + d), (float) random.nextGaussian());
                    }
                }
            }
        }
        return at;
    }

    /// Random values; a quarter is -infinity, and so is all that query 2 sees (everything, for a mask over keys of
    /// sequence 1).
    private long mask(Arena arena, SplittableRandom random, int longestQ, int longestK) {
        int sequences = shape.qLength.length;
        long size = 1
                + (sequences - 1) * maskStrides[0]
                + (shape.heads - 1) * maskStrides[1]
                + (Math.max(longestQ, 1) - 1) * maskStrides[2]
                + (Math.max(longestK, 1) - 1) * maskStrides[3];
        long at = poisoned(arena, size);
        for (int s = 0; s < sequences; s++) {
            for (int h = 0; h < shape.heads; h++) {
                for (int i = 0; i < longestQ; i++) {
                    for (int j = 0; j < longestK; j++) {
                        boolean hide = random.nextInt(4) == 0 || (shape.mask.equals("keys") ? s == 1 : i == 2);
                        long place = s * maskStrides[0] + h * maskStrides[1] + i * maskStrides[2] + j * maskStrides[3];
                        Mem.f32(at + 4 * place, hide ? Float.NEGATIVE_INFINITY : (float) random.nextGaussian());
                    }
                }
            }
        }
        return at;
    }

    /// Results in one array: o, lse, dq, dk, dv, gradients of the sink logits (heads), each with the size of its
    /// tensor, NaN where nothing belongs.
    float[] kernels() {
        return run(false);
    }

    /// The same from the scalar reference.
    float[] reference() {
        return run(true);
    }

    private float[] run(boolean scalar) {
        try (Arena arena = Arena.ofShared()) {
            long o = poisoned(arena, ol.size);
            long lse = poisoned(arena, (long) shape.heads * total);
            long dq = poisoned(arena, ql.size);
            long dk = poisoned(arena, kl.size);
            long dv = poisoned(arena, vl.size);
            long dSinks = poisoned(arena, shape.heads);
            if (scalar) {
                AttentionReference.forward(plan, q, k, v, o, lse);
                AttentionReference.backward(plan, q, k, v, o, lse, dO, dq, dk, dv, sinks == 0 ? 0 : dSinks);
            } else {
                FlashForward.run(plan, q, k, v, o, lse);
                long workspace = poisoned(arena, FlashBackward.workspace(plan) / 4);
                FlashBackward.run(plan, q, k, v, o, lse, dO, dq, dk, dv, workspace);
                if (sinks != 0) {
                    AttentionSinks.backward(plan, o, lse, dO, dSinks);
                }
            }
            long[] from = {o, lse, dq, dk, dv, dSinks};
            float[] all = new float[length()];
            int at = 0;
            for (int t = 0; t < from.length; t++) {
                for (long i = 0; i < sizes()[t]; i++) {
                    all[at++] = Mem.f32(from[t] + 4 * i);
                }
            }
            return all;
        }
    }

    /// The output tensor when only the first `length` queries and keys of one sequence are there.
    float[] outputOfPrefix(int sequence, int length) {
        AttentionPlan prefix = new AttentionPlan(
                shape.heads,
                shape.kvHeads,
                shape.dim,
                shape.valueDim,
                ql.tokenStride,
                ql.headStride,
                kl.tokenStride,
                kl.headStride,
                vl.tokenStride,
                vl.headStride,
                ol.tokenStride,
                ol.headStride,
                new long[] {ql.start[sequence]},
                new long[] {kl.start[sequence]},
                new long[] {vl.start[sequence]},
                new long[] {ol.start[sequence]},
                new int[] {length},
                new int[] {length},
                shape.causal,
                null,
                shape.span.window,
                shape.span.sinkTokens,
                sinks,
                plan.scale(),
                0,
                null);
        try (Arena arena = Arena.ofShared()) {
            long o = poisoned(arena, ol.size);
            FlashForward.run(prefix, q, k, v, o, poisoned(arena, (long) shape.heads * length));
            float[] out = new float[Math.toIntExact(ol.size)];
            for (int i = 0; i < out.length; i++) {
                out[i] = Mem.f32(o + 4L * i);
            }
            return out;
        }
    }

    /// Output [heads, valueDim] of query `row` of sequence 0 alone, over the keys up to it.
    float[] decode(int row) {
        AttentionPlan step = new AttentionPlan(
                shape.heads,
                shape.kvHeads,
                shape.dim,
                shape.valueDim,
                ql.tokenStride,
                ql.headStride,
                kl.tokenStride,
                kl.headStride,
                vl.tokenStride,
                vl.headStride,
                shape.valueDim,
                shape.valueDim,
                new long[] {ql.at(0, 0, row)},
                new long[] {kl.start[0]},
                new long[] {vl.start[0]},
                new long[] {0},
                new int[] {1},
                new int[] {row + 1},
                true,
                new int[] {row},
                shape.span.window,
                shape.span.sinkTokens,
                sinks,
                plan.scale(),
                0,
                null);
        try (Arena arena = Arena.ofShared()) {
            long o = poisoned(arena, (long) shape.heads * shape.valueDim);
            FlashForward.run(step, q, k, v, o, poisoned(arena, shape.heads));
            float[] out = new float[shape.heads * shape.valueDim];
            for (int i = 0; i < out.length; i++) {
                out[i] = Mem.f32(o + 4L * i);
            }
            return out;
        }
    }

    private long[] sizes() {
        return new long[] {ol.size, (long) shape.heads * total, ql.size, kl.size, vl.size, shape.heads};
    }

    private int length() {
        int length = 0;
        for (long size : sizes()) {
            length += Math.toIntExact(size);
        }
        return length;
    }

    /// Output rows of one sequence of a result, for comparing batches.
    float[] outputRow(float[] result, int sequence, int head, int query) {
        int at = Math.toIntExact(ol.at(sequence, head, query));
        return Arrays.copyOfRange(result, at, at + shape.valueDim);
    }

    /// The definition, in float64: softmax(scale Q K^T + mask) V with its derivatives.
    double[] expected() {
        double[] out = new double[length()];
        Arrays.fill(out, Double.NaN);
        int lseAt = Math.toIntExact(ol.size);
        int dqAt = lseAt + shape.heads * total;
        int dkAt = dqAt + Math.toIntExact(ql.size);
        int dvAt = dkAt + Math.toIntExact(kl.size);
        int dSinksAt = dvAt + Math.toIntExact(vl.size);
        if (sinks != 0) {
            Arrays.fill(out, dSinksAt, dSinksAt + shape.heads, 0);
        }
        int group = shape.heads / shape.kvHeads;
        int before = 0;
        for (int s = 0; s < shape.qLength.length; s++) {
            for (int h = 0; h < shape.kvHeads; h++) {
                for (int j = 0; j < shape.kLength[s]; j++) {
                    for (int d = 0; d < shape.dim; d++) {
                        out[dkAt + (int) kl.at(s, h, j) + d] = 0;
                    }
                    for (int d = 0; d < shape.valueDim; d++) {
                        out[dvAt + (int) vl.at(s, h, j) + d] = 0;
                    }
                }
            }
            for (int h = 0; h < shape.heads; h++) {
                for (int i = 0; i < shape.qLength[s]; i++) {
                    row(out, s, h, i, h / group, lseAt + h * total + before + i, dqAt, dkAt, dvAt, dSinksAt + h);
                }
            }
            before += shape.qLength[s];
        }
        return out;
    }

    private void row(
            double[] out, int s, int h, int i, int kvHead, int lseAt, int dqAt, int dkAt, int dvAt, int dSinkAt) {
        int keys = shape.kLength[s];
        double[] p = new double[keys];
        double sink = sinks == 0 ? Double.NEGATIVE_INFINITY : Mem.f32(sinks + 4L * h);
        double max = sink;
        for (int j = 0; j < keys; j++) {
            p[j] = score(s, h, i, kvHead, j);
            max = Math.max(max, p[j]);
        }
        double sum = max == Double.NEGATIVE_INFINITY ? 0 : Math.exp(sink - max);
        double sinkWeight = sum;
        for (int j = 0; j < keys; j++) {
            p[j] = max == Double.NEGATIVE_INFINITY ? 0 : Math.exp(p[j] - max);
            sum += p[j];
        }
        out[lseAt] = sum == 0 ? Double.NEGATIVE_INFINITY : max + Math.log(sum);
        double[] dp = new double[keys];
        double delta = 0;
        for (int d = 0; d < shape.valueDim; d++) {
            int at = (int) ol.at(s, h, i) + d;
            double g = Mem.f32(dO + 4L * at);
            out[at] = 0;
            for (int j = 0; j < keys; j++) {
                double value = Mem.f32(v + 4 * (vl.at(s, kvHead, j) + d));
                double weight = sum == 0 ? 0 : p[j] / sum;
                out[at] += weight * value;
                out[dvAt + (int) vl.at(s, kvHead, j) + d] += weight * g;
                dp[j] += g * value;
            }
            delta += g * out[at];
        }
        if (sinks != 0) {
            out[dSinkAt] -= sum == 0 ? 0 : sinkWeight / sum * delta;
        }
        for (int d = 0; d < shape.dim; d++) {
            int at = (int) ql.at(s, h, i) + d;
            out[dqAt + at] = 0;
            for (int j = 0; j < keys; j++) {
                double ds = sum == 0 ? 0 : p[j] / sum * (dp[j] - delta) * plan.scale();
                out[dqAt + at] += ds * Mem.f32(k + 4 * (kl.at(s, kvHead, j) + d));
                out[dkAt + (int) kl.at(s, kvHead, j) + d] += ds * Mem.f32(q + 4L * at);
            }
        }
    }

    private double score(int s, int h, int i, int kvHead, int j) {
        int at = i + (shape.offset == null ? 0 : shape.offset[s]);
        boolean far = shape.span.window > 0 && j <= at - shape.span.window && j >= shape.span.sinkTokens;
        if (shape.causal && j > at || far) {
            return Double.NEGATIVE_INFINITY;
        }
        double dot = 0;
        for (int d = 0; d < shape.dim; d++) {
            dot += (double) Mem.f32(q + 4 * (ql.at(s, h, i) + d)) * Mem.f32(k + 4 * (kl.at(s, kvHead, j) + d));
        }
        double added = maskStrides == null
                ? 0
                : Mem.f32(plan.mask()
                        + 4 * (s * maskStrides[0] + h * maskStrides[1] + i * maskStrides[2] + j * maskStrides[3]));
        return dot * plan.scale() + added;
    }

    /// The loss sum(O * dO) in float64 with element `index` of q (0), k (1) or v (2) of sequence 0, head 0, row 0
    /// moved by `by`; 3 is the sink logit of head 0.
    double lossWith(int tensor, int index, float by) {
        long address = switch (tensor) {
            case 0 -> q + 4 * (ql.at(0, 0, 0) + index);
            case 1 -> k + 4 * (kl.at(0, 0, 0) + index);
            case 3 -> sinks;
            default -> v + 4 * (vl.at(0, 0, 0) + index);
        };
        float kept = Mem.f32(address);
        Mem.f32(address, kept + by);
        double[] out = expected();
        Mem.f32(address, kept);
        double loss = 0;
        for (int i = 0; i < ol.size; i++) {
            loss += Double.isNaN(out[i]) ? 0 : out[i] * Mem.f32(dO + 4L * i);
        }
        return loss;
    }

    /// Where element `index` of the gradient of `tensor` of sequence 0, head 0, row 0 lies in a result.
    int gradientAt(int tensor, int index) {
        int dqAt = Math.toIntExact(ol.size) + shape.heads * total;
        return index
                + Math.toIntExact(
                        switch (tensor) {
                            case 0 -> dqAt + ql.at(0, 0, 0);
                            case 1 -> dqAt + ql.size + kl.at(0, 0, 0);
                            case 3 -> dqAt + ql.size + kl.size + vl.size;
                            default -> dqAt + ql.size + kl.size + vl.at(0, 0, 0);
                        });
    }
}
