package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/// Attention of a single query, as in decoding with a key/value cache: one pass over the keys for the scores, a
/// softmax over the scratch that holds them, one pass over the values. Lanes run along the head. Keys and values are
/// read in place. Sink tokens in front of a window are a range of keys of their own, in front of the other's scores.
final class AttentionDecode {
    private static final int L = Mem.FS.length();
    private static final float LN2 = 0.69314718f;
    private static final VectorMask<Float> HALF = lanesWith(L / 2);
    private static final VectorMask<Float> QUARTER = lanesWith(L / 4);
    private static final VectorShuffle<Float> SWAP_HALF = AttentionScores.swap(L / 2);
    private static final VectorShuffle<Float> SWAP_QUARTER = AttentionScores.swap(L / 4);
    private static final VectorShuffle<Float> SWAP_2 = AttentionScores.swap(2);
    private static final VectorShuffle<Float> SWAP_1 = AttentionScores.swap(1);
    private static final VectorMask<Float> TWO = lanesWith(2);
    private static final VectorShuffle<Float> EVERY_SECOND = VectorShuffle.fromOp(Mem.FS, lane -> 2 * lane % L);

    private AttentionDecode() {}

    private static VectorMask<Float> lanesWith(int bit) {
        long bits = 0;
        for (int i = 0; i < L; i++) {
            bits |= (i & bit) == 0 ? 0 : 1L << i;
        }
        return VectorMask.fromLong(Mem.FS, bits);
    }

    /// All query heads of `kvHead`; `lse` is the address of head 0 of this sequence.
    static void run(
            AttentionPlan plan,
            int sequence,
            int kvHead,
            AttentionView view,
            long q,
            long k,
            long v,
            long o,
            long lse,
            long totalQueries,
            AttentionScratch x) {
        int group = plan.heads() / plan.kvHeads();
        int sinks = Math.min(view.sinks, view.high(0));
        int low = view.low(0) <= sinks ? 0 : view.low(0);
        sinks = low == 0 ? 0 : sinks;
        int visible = Math.max(0, view.high(0) - low);
        int count = sinks + visible;
        reserve(count, plan.headDim(), plan.valueDim(), x);
        x.outGrads = AttentionScratch.atLeast(x.outGrads, sinks > 0 ? plan.valueDim() : 0);
        long keyStride = 4 * plan.kTokenStride();
        long valueStride = 4 * plan.vTokenStride();
        long key = k + 4 * (plan.kStart()[sequence] + kvHead * plan.kHeadStride());
        long value = v + 4 * (plan.vStart()[sequence] + kvHead * plan.vHeadStride());
        for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
            long query = q + 4 * (plan.qStart()[sequence] + head * plan.qHeadStride());
            loadQuery(query, plan.headDim(), plan.scale() * AttentionScores.LOG2E, x.queries);
            // The sinks' scores first: a range may leave some elements behind its end.
            scores(key, keyStride, sinks, plan.headDim(), x.queries, x.keys, 0);
            scores(key + low * keyStride, keyStride, visible, plan.headDim(), x.queries, x.keys, sinks);
            addMask(plan, sequence, head, 0, sinks, x.keys, 0);
            addMask(plan, sequence, head, low, visible, x.keys, sinks);
            float sink = plan.sinkLogits() == 0
                    ? Float.NEGATIVE_INFINITY
                    : Mem.f32(plan.sinkLogits() + 4L * head) * AttentionScores.LOG2E;
            float max = Math.max(sink, maximum(x.keys, count));
            float shift = max == Float.NEGATIVE_INFINITY ? 0f : max;
            float sum = exponentials(x.keys, count, shift, x.queries);
            sum += plan.sinkLogits() == 0 ? 0f : VectorMath.exp2(sink - shift);
            weightedSum(value + low * valueStride, valueStride, sinks, visible, plan.valueDim(), x.keys, x.out);
            if (sinks > 0) {
                weightedSum(value, valueStride, 0, sinks, plan.valueDim(), x.keys, x.outGrads);
                for (int d = 0; d < plan.valueDim(); d++) {
                    x.out[d] += x.outGrads[d];
                }
            }
            long out = o + 4 * (plan.oStart()[sequence] + head * plan.oHeadStride());
            AttentionPack.store(x.out, 0, 0, 1, plan.valueDim(), sum == 0f ? 0f : 1f / sum, out, 0);
            float logSum = sum == 0f ? Float.NEGATIVE_INFINITY : Math.fma(max, LN2, (float) Math.log(sum));
            Mem.f32(lse + 4 * head * totalQueries, logSum);
        }
    }

    /// One query against the first `count` keys and values of its head: what `run` computes where there is neither
    /// mask nor window nor sink.
    /// `x` is reserved. Strides in bytes.
    static void head(
            long query,
            int dim,
            float scale,
            long key,
            long keyStride,
            long value,
            long valueStride,
            int count,
            long out,
            AttentionScratch x) {
        loadQuery(query, dim, scale * AttentionScores.LOG2E, x.queries);
        scores(key, keyStride, count, dim, x.queries, x.keys, 0);
        float max = maximum(x.keys, count);
        float sum = exponentials(x.keys, count, max == Float.NEGATIVE_INFINITY ? 0f : max, x.queries);
        weightedSum(value, valueStride, 0, count, dim, x.keys, x.out);
        AttentionPack.store(x.out, 0, 0, 1, dim, sum == 0f ? 0f : 1f / sum, out, 0);
    }

    static void reserve(int count, int dim, int valueDim, AttentionScratch x) {
        x.keys = AttentionScratch.atLeast(x.keys, count + L);
        x.queries = AttentionScratch.atLeast(x.queries, dim + L);
        x.out = AttentionScratch.atLeast(x.out, valueDim);
    }

    private static void loadQuery(long query, int dim, float scale, float[] to) {
        int d = 0;
        for (; d <= dim - L; d += L) {
            FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, query + 4L * d, Mem.ORDER)
                    .mul(scale)
                    .intoArray(to, d);
        }
        for (; d < dim; d++) {
            to[d] = scale * Mem.f32(query + 4L * d);
        }
    }

    /// Scores of keys 0 .. count-1, from `scores[to]` on. May write L - 1 elements past the last.
    private static void scores(long key, long stride, int count, int dim, float[] query, float[] scores, int to) {
        int whole = dim & -L;
        int j = 0;
        for (; L == 16 && j + 8 <= count; j += 8) {
            if (whole >= 4 * L) {
                scores8by4(key + j * stride, stride, whole, query, scores, to + j);
            } else {
                scores8by2(key + j * stride, stride, whole, query, scores, to + j);
            }
        }
        for (; j < count; j += 4) {
            int left = count - 1 - j;
            long at = key + j * stride;
            scores4(
                    at,
                    at + Math.min(1, left) * stride,
                    at + Math.min(2, left) * stride,
                    at + Math.min(3, left) * stride,
                    whole,
                    query,
                    scores,
                    to + j);
        }
        for (j = 0; whole < dim && j < count; j++) {
            float sum = scores[to + j];
            for (int d = whole; d < dim; d++) {
                sum = Math.fma(query[d], Mem.f32(key + j * stride + 4L * d), sum);
            }
            scores[to + j] = sum;
        }
    }

    /// Eight dot products at once, for vectors of sixteen lanes. A cache comes from memory, so keys are read one
    /// after the other, four vectors of each at a time: memory then gives twice as much as with the eight keys side
    /// by side.
    ///
    /// The lanes are summed in a tree that merges two vectors a step: where the lane's bit is clear it holds the
    /// first one's sum, where it is set the second one's. Bit 3 of the lane tells keys 0..3 from 4..7, bit 2 the
    /// pairs of four, bit 1 the keys of a pair. Writes sixteen scores, of which eight mean something.
    private static void scores8by4(long key, long stride, int whole, float[] query, float[] scores, int j) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector e = a;
        FloatVector f = a;
        FloatVector g = a;
        FloatVector h = a;
        FloatVector i = a;
        int d = 0;
        for (; d <= whole - 4 * L; d += 4 * L) {
            FloatVector x0 = FloatVector.fromArray(Mem.FS, query, d);
            FloatVector x1 = FloatVector.fromArray(Mem.FS, query, d + L);
            FloatVector x2 = FloatVector.fromArray(Mem.FS, query, d + 2 * L);
            FloatVector x3 = FloatVector.fromArray(Mem.FS, query, d + 3 * L);
            long at = key + 4L * d;
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, a);
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, a);
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 8L * L, Mem.ORDER)
                    .fma(x2, a);
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 12L * L, Mem.ORDER)
                    .fma(x3, a);
            at += stride;
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, b);
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, b);
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 8L * L, Mem.ORDER)
                    .fma(x2, b);
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 12L * L, Mem.ORDER)
                    .fma(x3, b);
            at += stride;
            c = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, c);
            c = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, c);
            c = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 8L * L, Mem.ORDER)
                    .fma(x2, c);
            c = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 12L * L, Mem.ORDER)
                    .fma(x3, c);
            at += stride;
            e = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, e);
            e = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, e);
            e = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 8L * L, Mem.ORDER)
                    .fma(x2, e);
            e = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 12L * L, Mem.ORDER)
                    .fma(x3, e);
            at += stride;
            f = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, f);
            f = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, f);
            f = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 8L * L, Mem.ORDER)
                    .fma(x2, f);
            f = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 12L * L, Mem.ORDER)
                    .fma(x3, f);
            at += stride;
            g = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, g);
            g = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, g);
            g = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 8L * L, Mem.ORDER)
                    .fma(x2, g);
            g = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 12L * L, Mem.ORDER)
                    .fma(x3, g);
            at += stride;
            h = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, h);
            h = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, h);
            h = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 8L * L, Mem.ORDER)
                    .fma(x2, h);
            h = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 12L * L, Mem.ORDER)
                    .fma(x3, h);
            at += stride;
            i = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, i);
            i = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, i);
            i = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 8L * L, Mem.ORDER)
                    .fma(x2, i);
            i = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 12L * L, Mem.ORDER)
                    .fma(x3, i);
        }
        for (; d < whole; d += L) {
            FloatVector x = FloatVector.fromArray(Mem.FS, query, d);
            long at = key + 4L * d;
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, a);
            at += stride;
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, b);
            at += stride;
            c = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, c);
            at += stride;
            e = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, e);
            at += stride;
            f = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, f);
            at += stride;
            g = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, g);
            at += stride;
            h = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, h);
            at += stride;
            i = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, i);
        }
        FloatVector af = a.blend(f, HALF).add(f.blend(a, HALF).rearrange(SWAP_HALF));
        FloatVector bg = b.blend(g, HALF).add(g.blend(b, HALF).rearrange(SWAP_HALF));
        FloatVector ch = c.blend(h, HALF).add(h.blend(c, HALF).rearrange(SWAP_HALF));
        FloatVector ei = e.blend(i, HALF).add(i.blend(e, HALF).rearrange(SWAP_HALF));
        FloatVector even = af.blend(ch, QUARTER).add(ch.blend(af, QUARTER).rearrange(SWAP_QUARTER));
        FloatVector odd = bg.blend(ei, QUARTER).add(ei.blend(bg, QUARTER).rearrange(SWAP_QUARTER));
        FloatVector s = even.blend(odd, TWO).add(odd.blend(even, TWO).rearrange(SWAP_2));
        s.add(s.rearrange(SWAP_1)).rearrange(EVERY_SECOND).intoArray(scores, j);
    }

    /// `scores8by4` for heads of less than four vectors.
    private static void scores8by2(long key, long stride, int whole, float[] query, float[] scores, int j) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector e = a;
        FloatVector f = a;
        FloatVector g = a;
        FloatVector h = a;
        FloatVector i = a;
        int d = 0;
        for (; d <= whole - 2 * L; d += 2 * L) {
            FloatVector x0 = FloatVector.fromArray(Mem.FS, query, d);
            FloatVector x1 = FloatVector.fromArray(Mem.FS, query, d + L);
            long at = key + 4L * d;
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, a);
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, a);
            at += stride;
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, b);
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, b);
            at += stride;
            c = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, c);
            c = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, c);
            at += stride;
            e = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, e);
            e = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, e);
            at += stride;
            f = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, f);
            f = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, f);
            at += stride;
            g = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, g);
            g = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, g);
            at += stride;
            h = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, h);
            h = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, h);
            at += stride;
            i = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x0, i);
            i = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x1, i);
        }
        for (; d < whole; d += L) {
            FloatVector x = FloatVector.fromArray(Mem.FS, query, d);
            long at = key + 4L * d;
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, a);
            at += stride;
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, b);
            at += stride;
            c = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, c);
            at += stride;
            e = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, e);
            at += stride;
            f = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, f);
            at += stride;
            g = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, g);
            at += stride;
            h = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, h);
            at += stride;
            i = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, i);
        }
        FloatVector af = a.blend(f, HALF).add(f.blend(a, HALF).rearrange(SWAP_HALF));
        FloatVector bg = b.blend(g, HALF).add(g.blend(b, HALF).rearrange(SWAP_HALF));
        FloatVector ch = c.blend(h, HALF).add(h.blend(c, HALF).rearrange(SWAP_HALF));
        FloatVector ei = e.blend(i, HALF).add(i.blend(e, HALF).rearrange(SWAP_HALF));
        FloatVector even = af.blend(ch, QUARTER).add(ch.blend(af, QUARTER).rearrange(SWAP_QUARTER));
        FloatVector odd = bg.blend(ei, QUARTER).add(ei.blend(bg, QUARTER).rearrange(SWAP_QUARTER));
        FloatVector s = even.blend(odd, TWO).add(odd.blend(even, TWO).rearrange(SWAP_2));
        s.add(s.rearrange(SWAP_1)).rearrange(EVERY_SECOND).intoArray(scores, j);
    }

    /// Four dot products at once, their lanes summed in the same order.
    private static void scores4(
            long key0, long key1, long key2, long key3, int whole, float[] query, float[] scores, int j) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector e = a;
        for (int d = 0; d < whole; d += L) {
            FloatVector x = FloatVector.fromArray(Mem.FS, query, d);
            long at = 4L * d;
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, key0 + at, Mem.ORDER)
                    .fma(x, a);
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, key1 + at, Mem.ORDER)
                    .fma(x, b);
            c = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, key2 + at, Mem.ORDER)
                    .fma(x, c);
            e = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, key3 + at, Mem.ORDER)
                    .fma(x, e);
        }
        FloatVector ab = a.blend(b, HALF).add(b.blend(a, HALF).rearrange(SWAP_HALF));
        FloatVector ce = c.blend(e, HALF).add(e.blend(c, HALF).rearrange(SWAP_HALF));
        FloatVector s = ab.blend(ce, QUARTER).add(ce.blend(ab, QUARTER).rearrange(SWAP_QUARTER));
        if (L > 8) {
            s = s.add(s.rearrange(SWAP_2));
        }
        if (L > 4) {
            s = s.add(s.rearrange(SWAP_1));
        }
        int sums = query.length - L;
        s.intoArray(query, sums);
        scores[j] = query[sums];
        scores[j + 1] = query[sums + L / 2];
        scores[j + 2] = query[sums + L / 4];
        scores[j + 3] = query[sums + L / 2 + L / 4];
    }

    private static void addMask(
            AttentionPlan plan, int sequence, int head, int low, int count, float[] scores, int to) {
        long[] strides = plan.maskStrides();
        if (plan.mask() == 0 || strides == null) {
            return;
        }
        long address = plan.mask() + 4 * (sequence * strides[0] + head * strides[1] + low * strides[3]);
        for (int j = 0; j < count; j++) {
            scores[to + j] += AttentionScores.LOG2E * Mem.f32(address + 4 * (j * strides[3]));
        }
    }

    /// The largest score. Fills up the last vector, here and for the exponentials, with scores that weigh nothing.
    private static float maximum(float[] scores, int count) {
        Arrays.fill(scores, count, Math.ceilDiv(count, L) * L, Float.NEGATIVE_INFINITY);
        FloatVector max = FloatVector.broadcast(Mem.FS, Float.NEGATIVE_INFINITY);
        for (int j = 0; j < count; j += L) {
            FloatVector x = FloatVector.fromArray(Mem.FS, scores, j);
            max = max.blend(x, x.compare(VectorOperators.GT, max));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    private static float exponentials(float[] scores, int count, float shift, float[] lanes) {
        FloatVector total = FloatVector.zero(Mem.FS);
        for (int j = 0; j < count; j += L) {
            FloatVector x = FloatVector.fromArray(Mem.FS, scores, j).sub(shift);
            // exp2(x), written out: see VectorMath
            FloatVector t = x.add(VectorMath.ROUND);
            FloatVector f = x.sub(t.sub(VectorMath.ROUND));
            FloatVector p = f.lanewise(VectorOperators.FMA, VectorMath.T6, VectorMath.T5);
            p = p.lanewise(VectorOperators.FMA, f, VectorMath.T4);
            p = p.lanewise(VectorOperators.FMA, f, VectorMath.T3);
            p = p.lanewise(VectorOperators.FMA, f, VectorMath.T2);
            p = p.lanewise(VectorOperators.FMA, f, VectorMath.T1);
            p = p.lanewise(VectorOperators.FMA, f, 1f);
            IntVector n = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            FloatVector y = p.reinterpretAsInts().add(n).reinterpretAsFloats();
            y = y.blend(0f, x.compare(VectorOperators.LT, VectorMath.EXP2_MIN));
            y.intoArray(scores, j);
            total = total.add(y);
        }
        total.intoArray(lanes, lanes.length - L);
        float sum = 0f;
        for (int i = lanes.length - L; i < lanes.length; i++) {
            sum += lanes[i];
        }
        return sum;
    }

    /// `out = sum over j < count of weights[from + j] * value[j]`.
    private static void weightedSum(
            long value, long stride, int from, int count, int dim, float[] weights, float[] out) {
        int d = 0;
        for (; d <= dim - 4 * L; d += 4 * L) {
            weighted4(value + 4L * d, stride, from, count, weights, out, d);
        }
        for (; d <= dim - 2 * L; d += 2 * L) {
            weighted2(value + 4L * d, stride, from, count, weights, out, d);
        }
        for (; d <= dim - L; d += L) {
            weighted1(value + 4L * d, stride, from, count, weights, out, d);
        }
        for (; d < dim; d++) {
            float sum = 0f;
            for (int j = 0; j < count; j++) {
                sum = Math.fma(weights[from + j], Mem.f32(value + 4L * d + j * stride), sum);
            }
            out[d] = sum;
        }
    }

    private static void weighted4(long value, long stride, int from, int count, float[] weights, float[] out, int d) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector e = a;
        for (int j = 0; j < count; j++) {
            long at = value + j * stride;
            FloatVector x = FloatVector.broadcast(Mem.FS, weights[from + j]);
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, a);
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x, b);
            c = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 8L * L, Mem.ORDER)
                    .fma(x, c);
            e = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 12L * L, Mem.ORDER)
                    .fma(x, e);
        }
        a.intoArray(out, d);
        b.intoArray(out, d + L);
        c.intoArray(out, d + 2 * L);
        e.intoArray(out, d + 3 * L);
    }

    private static void weighted2(long value, long stride, int from, int count, float[] weights, float[] out, int d) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector e = a;
        int j = 0;
        for (; j + 2 <= count; j += 2) {
            long at = value + j * stride;
            FloatVector x = FloatVector.broadcast(Mem.FS, weights[from + j]);
            FloatVector y = FloatVector.broadcast(Mem.FS, weights[from + j + 1]);
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, a);
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x, b);
            c = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + stride, Mem.ORDER)
                    .fma(y, c);
            e = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + stride + 4L * L, Mem.ORDER)
                    .fma(y, e);
        }
        if (j < count) {
            long at = value + j * stride;
            FloatVector x = FloatVector.broadcast(Mem.FS, weights[from + j]);
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER).fma(x, a);
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + 4L * L, Mem.ORDER)
                    .fma(x, b);
        }
        a.add(c).intoArray(out, d);
        b.add(e).intoArray(out, d + L);
    }

    private static void weighted1(long value, long stride, int from, int count, float[] weights, float[] out, int d) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        int j = 0;
        for (; j + 2 <= count; j += 2) {
            long at = value + j * stride;
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at, Mem.ORDER)
                    .fma(FloatVector.broadcast(Mem.FS, weights[from + j]), a);
            b = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, at + stride, Mem.ORDER)
                    .fma(FloatVector.broadcast(Mem.FS, weights[from + j + 1]), b);
        }
        if (j < count) {
            a = FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, value + j * stride, Mem.ORDER)
                    .fma(FloatVector.broadcast(Mem.FS, weights[from + j]), a);
        }
        a.add(b).intoArray(out, d);
    }
}
