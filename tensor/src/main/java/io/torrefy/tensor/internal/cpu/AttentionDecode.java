package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Attention of a single query, as in decoding with a key/value cache: one pass over the keys for the scores, a softmax
/// over
/// the scratch that holds them, one pass over the values. Lanes run along the head. Keys and values are read in place.
final class AttentionDecode {
    private static final int L = Mem.FS.length();
    private static final float LN2 = 0.69314718f;

    private AttentionDecode() {}

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
        int low = view.low(0);
        int count = Math.max(0, view.high(0) - low);
        x.keys = AttentionScratch.atLeast(x.keys, count + L);
        x.queries = AttentionScratch.atLeast(x.queries, plan.headDim());
        x.out = AttentionScratch.atLeast(x.out, plan.valueDim());
        long key = k + 4 * (plan.kStart()[sequence] + kvHead * plan.kHeadStride() + low * plan.kTokenStride());
        long value = v + 4 * (plan.vStart()[sequence] + kvHead * plan.vHeadStride() + low * plan.vTokenStride());
        for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
            long query = q + 4 * (plan.qStart()[sequence] + head * plan.qHeadStride());
            loadQuery(query, plan.headDim(), plan.scale() * AttentionScores.LOG2E, x.queries);
            scores(key, 4 * plan.kTokenStride(), count, plan.headDim(), x.queries, x.keys);
            addMask(plan, sequence, head, low, count, x.keys);
            float max = maximum(x.keys, count);
            float shift = max == Float.NEGATIVE_INFINITY ? 0f : max;
            float sum = exponentials(x.keys, count, shift);
            weightedSum(value, 4 * plan.vTokenStride(), count, plan.valueDim(), x.keys, x.out);
            long out = o + 4 * (plan.oStart()[sequence] + head * plan.oHeadStride());
            AttentionPack.store(x.out, 0, 0, 1, plan.valueDim(), sum == 0f ? 0f : 1f / sum, out, 0);
            float logSum = sum == 0f ? Float.NEGATIVE_INFINITY : Math.fma(max, LN2, (float) Math.log(sum));
            Mem.f32(lse + 4 * head * totalQueries, logSum);
        }
    }

    private static void loadQuery(long query, int dim, float scale, float[] to) {
        for (int d = 0; d < dim; d++) {
            to[d] = scale * Mem.f32(query + 4L * d);
        }
    }

    private static void scores(long key, long stride, int count, int dim, float[] query, float[] scores) {
        int j = 0;
        for (; j + 4 <= count; j += 4) {
            scores4(key + j * stride, stride, dim, query, scores, j);
        }
        for (; j < count; j++) {
            scores[j] = score(key + j * stride, dim, query);
        }
    }

    private static void scores4(long key, long stride, int dim, float[] query, float[] scores, int j) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector e = a;
        int d = 0;
        for (; d <= dim - L; d += L) {
            FloatVector x = FloatVector.fromArray(Mem.FS, query, d);
            long at = key + 4L * d;
            a = Mem.load(at).fma(x, a);
            b = Mem.load(at + stride).fma(x, b);
            c = Mem.load(at + 2 * stride).fma(x, c);
            e = Mem.load(at + 3 * stride).fma(x, e);
        }
        float s = VectorMath.sum(a);
        float t = VectorMath.sum(b);
        float u = VectorMath.sum(c);
        float w = VectorMath.sum(e);
        for (; d < dim; d++) {
            long at = key + 4L * d;
            s = Math.fma(query[d], Mem.f32(at), s);
            t = Math.fma(query[d], Mem.f32(at + stride), t);
            u = Math.fma(query[d], Mem.f32(at + 2 * stride), u);
            w = Math.fma(query[d], Mem.f32(at + 3 * stride), w);
        }
        scores[j] = s;
        scores[j + 1] = t;
        scores[j + 2] = u;
        scores[j + 3] = w;
    }

    private static float score(long key, int dim, float[] query) {
        FloatVector a = FloatVector.zero(Mem.FS);
        int d = 0;
        for (; d <= dim - L; d += L) {
            a = Mem.load(key + 4L * d).fma(FloatVector.fromArray(Mem.FS, query, d), a);
        }
        float s = VectorMath.sum(a);
        for (; d < dim; d++) {
            s = Math.fma(query[d], Mem.f32(key + 4L * d), s);
        }
        return s;
    }

    private static void addMask(AttentionPlan plan, int sequence, int head, int low, int count, float[] scores) {
        long[] strides = plan.maskStrides();
        if (plan.mask() == 0 || strides == null) {
            return;
        }
        long address = plan.mask() + 4 * (sequence * strides[0] + head * strides[1] + low * strides[3]);
        for (int j = 0; j < count; j++) {
            scores[j] += AttentionScores.LOG2E * Mem.f32(address + 4 * (j * strides[3]));
        }
    }

    private static float maximum(float[] scores, int count) {
        int j = 0;
        float max = Float.NEGATIVE_INFINITY;
        if (count >= L) {
            FloatVector a = FloatVector.broadcast(Mem.FS, max);
            for (; j <= count - L; j += L) {
                FloatVector x = FloatVector.fromArray(Mem.FS, scores, j);
                a = a.blend(x, x.compare(VectorOperators.GT, a));
            }
            max = a.reduceLanes(VectorOperators.MAX);
        }
        for (; j < count; j++) {
            max = scores[j] > max ? scores[j] : max;
        }
        return max;
    }

    private static float exponentials(float[] scores, int count, float shift) {
        FloatVector total = FloatVector.zero(Mem.FS);
        int j = 0;
        for (; j <= count - L; j += L) {
            FloatVector p =
                    VectorMath.exp2(FloatVector.fromArray(Mem.FS, scores, j).sub(shift));
            p.intoArray(scores, j);
            total = total.add(p);
        }
        float sum = VectorMath.sum(total);
        for (; j < count; j++) {
            scores[j] = VectorMath.exp2(scores[j] - shift);
            sum += scores[j];
        }
        return sum;
    }

    private static void weightedSum(long value, long stride, int count, int dim, float[] weights, float[] out) {
        int d = 0;
        for (; d <= dim - 2 * L; d += 2 * L) {
            weighted2(value + 4L * d, stride, count, weights, out, d);
        }
        for (; d <= dim - L; d += L) {
            weighted1(value + 4L * d, stride, count, weights, out, d);
        }
        for (; d < dim; d++) {
            float sum = 0f;
            for (int j = 0; j < count; j++) {
                sum = Math.fma(weights[j], Mem.f32(value + 4L * d + j * stride), sum);
            }
            out[d] = sum;
        }
    }

    private static void weighted2(long value, long stride, int count, float[] weights, float[] out, int d) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector e = a;
        int j = 0;
        for (; j + 2 <= count; j += 2) {
            long at = value + j * stride;
            FloatVector x = FloatVector.broadcast(Mem.FS, weights[j]);
            FloatVector y = FloatVector.broadcast(Mem.FS, weights[j + 1]);
            a = Mem.load(at).fma(x, a);
            b = Mem.load(at + 4L * L).fma(x, b);
            c = Mem.load(at + stride).fma(y, c);
            e = Mem.load(at + stride + 4L * L).fma(y, e);
        }
        if (j < count) {
            long at = value + j * stride;
            FloatVector x = FloatVector.broadcast(Mem.FS, weights[j]);
            a = Mem.load(at).fma(x, a);
            b = Mem.load(at + 4L * L).fma(x, b);
        }
        a.add(c).intoArray(out, d);
        b.add(e).intoArray(out, d + L);
    }

    private static void weighted1(long value, long stride, int count, float[] weights, float[] out, int d) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        int j = 0;
        for (; j + 2 <= count; j += 2) {
            long at = value + j * stride;
            a = Mem.load(at).fma(FloatVector.broadcast(Mem.FS, weights[j]), a);
            b = Mem.load(at + stride).fma(FloatVector.broadcast(Mem.FS, weights[j + 1]), b);
        }
        if (j < count) {
            a = Mem.load(value + j * stride).fma(FloatVector.broadcast(Mem.FS, weights[j]), a);
        }
        a.add(b).intoArray(out, d);
    }
}
