package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/// What happens to a block of transposed scores between two matrix products. Rows are keys and lanes are queries, so
/// maxima, sums and masks are vertical. Scores are in units of log 2: the scale and log2(e) went into the queries.
final class AttentionScores {
    static final float LOG2E = 1.44269504f;
    private static final float LN2 = 0.69314718f;
    private static final int L = Mem.FS.length();
    private static final int Q = AttentionView.QUERIES;
    private static final int GROUP = AttentionView.GROUP;
    private static final int ROWS = AttentionRowTiles.ROWS;
    private static final FloatVector LANES = FloatVector.zero(Mem.FS).addIndex(1);

    private static final VectorShuffle<Float> SWAP_8 = swap(8);
    private static final VectorShuffle<Float> SWAP_4 = swap(4);
    private static final VectorShuffle<Float> SWAP_2 = swap(2);
    private static final VectorShuffle<Float> SWAP_1 = swap(1);

    private AttentionScores() {}

    /// Exchanges the lanes that differ in the bit of `distance`.
    static VectorShuffle<Float> swap(int distance) {
        return VectorShuffle.fromOp(Mem.FS, i -> (i ^ distance) % L);
    }

    /// `scores = A B` for eight keys at a time, only for the groups of lanes that see one of them. Key `origin` is
    /// row 0 of `scores` and the row at `ao` of `a`; rows have `n` elements.
    static void product(
            float[] a, int ao, int lda, int n, float[] b, int bo, float[] scores, int origin, int[] low, int[] high) {
        int from = from(low, high, origin);
        int to = to(low, high);
        for (int j = from; j < to; j += ROWS) {
            int first = firstGroup(j, high);
            int lanes = (lastGroup(j, low) + 1 - first) * GROUP;
            if (lanes > 0) {
                int r = j - origin;
                int i = first * GROUP;
                AttentionRowTiles.set(a, ao + r * lda, lda, b, bo + i, Q, n, scores, r * Q + i, Q, lanes / L);
            }
        }
    }

    /// First row tile that any group sees, as a key.
    static int from(int[] low, int[] high, int origin) {
        int from = Integer.MAX_VALUE;
        for (int g = 0; g < AttentionView.GROUPS; g++) {
            from = Math.min(from, low[g]);
        }
        return from == Integer.MAX_VALUE ? origin : origin + ((from - origin) & -ROWS);
    }

    /// One past the last key that any group sees, below the first one when there is none.
    static int to(int[] low, int[] high) {
        int to = Integer.MIN_VALUE;
        for (int g = 0; g < AttentionView.GROUPS; g++) {
            to = Math.max(to, high[g]);
        }
        return to;
    }

    /// First group of lanes that sees key `j` or a later one.
    static int firstGroup(int j, int[] high) {
        int g = 0;
        while (g < AttentionView.GROUPS && high[g] <= j) {
            g++;
        }
        return g;
    }

    /// Last group of lanes that sees a key before `j + 8`.
    static int lastGroup(int j, int[] low) {
        int g = AttentionView.GROUPS - 1;
        while (g >= 0 && low[g] >= j + ROWS) {
            g--;
        }
        return g;
    }

    /// Writes -infinity where a query of `block` does not see the key, in rows `[from, to)` of the lanes of group
    /// `g`.
    static void hide(AttentionView view, int block, int g, float[] scores, int origin, int from, int to) {
        int first = block * Q + g * GROUP;
        int last = Math.min(first + GROUP, view.queries) - 1;
        int allFrom = view.low(last);
        int allTo = view.high(first);
        for (int j = from; j < to; j++) {
            if (j < allFrom || j >= allTo) {
                int firstSeen = j >= view.keys ? view.queries : view.firstQuery(j);
                hideRow(scores, (j - origin) * Q + g * GROUP, firstSeen - first, view.endQuery(j) - first);
            }
        }
    }

    /// Lanes outside `[low, high)` become -infinity.
    private static void hideRow(float[] scores, int at, int low, int high) {
        for (int i = 0; i < GROUP; i += L) {
            FloatVector s = FloatVector.fromArray(Mem.FS, scores, at + i);
            VectorMask<Float> hidden = LANES.compare(VectorOperators.LT, (float) (low - i))
                    .or(LANES.compare(VectorOperators.GE, (float) (high - i)));
            s.blend(Float.NEGATIVE_INFINITY, hidden).intoArray(scores, at + i);
        }
    }

    /// Adds the mask of the plan to rows `[from, to)` of the lanes of group `g`.
    static void addMask(
            AttentionPlan plan,
            int sequence,
            int head,
            AttentionView view,
            int block,
            int g,
            float[] scores,
            int origin,
            int from,
            int to) {
        long[] strides = plan.maskStrides();
        if (plan.mask() == 0 || strides == null) {
            return;
        }
        int first = block * Q + g * GROUP;
        int count = Math.min(GROUP, view.queries - first);
        long base = plan.mask() + 4 * (sequence * strides[0] + head * strides[1] + first * strides[2]);
        int end = Math.min(to, view.keys);
        for (int j = from; j < end; j++) {
            int at = (j - origin) * Q + g * GROUP;
            long address = base + 4 * (j * strides[3]);
            for (int i = 0; i < count; i++) {
                scores[at + i] += LOG2E * Mem.f32(address + 4 * (i * strides[2]));
            }
        }
    }

    /// One step of the online softmax for the lanes of group `g`: rows `[from, to)` become `2^(s - m)` with the new
    /// running maximum m; sum and factor follow. Without a finite score the row stays empty: maximum -infinity, sum
    /// 0.
    static void softmax(
            float[] scores, int from, int to, int lane, float[] max, float[] sum, float[] factor, int state) {
        for (int i = 0; i < GROUP; i += L) {
            int at = state + lane + i;
            maximum(scores, from * Q + lane + i, to - from, max, factor, at);
            carry(sum, factor, at);
            exponentials(scores, from * Q + lane + i, to - from, max, sum, at);
        }
    }

    /// Raises the running maximum; the factor becomes the difference of the old one and the new.
    private static void maximum(float[] scores, int at, int rows, float[] max, float[] factor, int state) {
        FloatVector old = FloatVector.fromArray(Mem.FS, max, state);
        FloatVector a = old;
        FloatVector b = old;
        FloatVector c = old;
        FloatVector d = old;
        int r = 0;
        for (; r < rows - 3; r += 4) {
            FloatVector x = FloatVector.fromArray(Mem.FS, scores, at + r * Q);
            FloatVector y = FloatVector.fromArray(Mem.FS, scores, at + r * Q + Q);
            FloatVector z = FloatVector.fromArray(Mem.FS, scores, at + r * Q + 2 * Q);
            FloatVector w = FloatVector.fromArray(Mem.FS, scores, at + r * Q + 3 * Q);
            a = a.blend(x, x.compare(VectorOperators.GT, a));
            b = b.blend(y, y.compare(VectorOperators.GT, b));
            c = c.blend(z, z.compare(VectorOperators.GT, c));
            d = d.blend(w, w.compare(VectorOperators.GT, d));
        }
        for (; r < rows; r++) {
            FloatVector x = FloatVector.fromArray(Mem.FS, scores, at + r * Q);
            a = a.blend(x, x.compare(VectorOperators.GT, a));
        }
        a = a.blend(b, b.compare(VectorOperators.GT, a));
        c = c.blend(d, d.compare(VectorOperators.GT, c));
        a = a.blend(c, c.compare(VectorOperators.GT, a));
        a.intoArray(max, state);
        FloatVector m = a.blend(0f, a.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
        old.sub(m).intoArray(factor, state);
    }

    /// The factor becomes the power of two of itself, and the sum so far is scaled by it.
    private static void carry(float[] sum, float[] factor, int state) {
        FloatVector x = FloatVector.fromArray(Mem.FS, factor, state);
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
        y.intoArray(factor, state);
        FloatVector.fromArray(Mem.FS, sum, state).mul(y).intoArray(sum, state);
    }

    /// 0 stands in for a maximum of -infinity, so that the exponentials of an empty row are 0 and not NaN.
    private static void exponentials(float[] scores, int at, int rows, float[] max, float[] sum, int state) {
        FloatVector m = FloatVector.fromArray(Mem.FS, max, state);
        m = m.blend(0f, m.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
        FloatVector total = FloatVector.fromArray(Mem.FS, sum, state);
        for (int r = 0; r < rows; r++) {
            FloatVector x = FloatVector.fromArray(Mem.FS, scores, at + r * Q).sub(m);
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
            y.intoArray(scores, at + r * Q);
            total = total.add(y);
        }
        total.intoArray(sum, state);
    }

    /// Ends the online softmax of a block: `max` becomes the log-sum-exp (natural), `sum` its reciprocal (0 if
    /// empty).
    static void finish(float[] max, float[] sum, int state) {
        for (int i = state; i < state + Q; i += L) {
            logSumExp(max, sum, i);
            FloatVector l = FloatVector.fromArray(Mem.FS, sum, i);
            VectorMask<Float> empty = l.compare(VectorOperators.EQ, 0f);
            FloatVector.fromArray(Mem.FS, max, i)
                    .blend(Float.NEGATIVE_INFINITY, empty)
                    .blend(Float.NaN, l.test(VectorOperators.IS_NAN))
                    .intoArray(max, i);
            FloatVector.broadcast(Mem.FS, 1f).div(l).blend(0f, empty).intoArray(sum, i);
        }
    }

    /// `max = log(2) max + log(sum)`, with `VectorMath.log` written out.
    private static void logSumExp(float[] max, float[] sum, int at) {
        IntVector bits = FloatVector.fromArray(Mem.FS, sum, at).reinterpretAsInts();
        IntVector e = bits.sub(0x3f3504f3).lanewise(VectorOperators.ASHR, 23);
        FloatVector n = (FloatVector) e.convert(VectorOperators.I2F, 0);
        FloatVector f = bits.sub(e.lanewise(VectorOperators.LSHL, 23))
                .reinterpretAsFloats()
                .sub(1f);
        FloatVector z = f.mul(f);
        FloatVector p = f.lanewise(VectorOperators.FMA, VectorMath.G8, VectorMath.G7);
        p = p.lanewise(VectorOperators.FMA, f, VectorMath.G6);
        p = p.lanewise(VectorOperators.FMA, f, VectorMath.G5);
        p = p.lanewise(VectorOperators.FMA, f, VectorMath.G4);
        p = p.lanewise(VectorOperators.FMA, f, VectorMath.G3);
        p = p.lanewise(VectorOperators.FMA, f, VectorMath.G2);
        p = p.lanewise(VectorOperators.FMA, f, VectorMath.G1);
        p = p.lanewise(VectorOperators.FMA, f, VectorMath.G0);
        FloatVector y =
                n.lanewise(VectorOperators.FMA, VectorMath.LN2_LOW, p.mul(f).mul(z));
        y = z.lanewise(VectorOperators.FMA, -0.5f, y);
        y = n.lanewise(VectorOperators.FMA, VectorMath.LN2_HIGH, f.add(y));
        FloatVector.fromArray(Mem.FS, max, at)
                .lanewise(VectorOperators.FMA, LN2, y)
                .intoArray(max, at);
    }

    /// In rows `[from, to)` of the group of lanes at `lane`: scores become probabilities `p = 2^(s - lse)`, their
    /// gradients become `p (dp - delta)`.
    static void gradients(float[] scores, float[] grads, int from, int to, int lane, float[] lse, float[] delta) {
        for (int i = lane; i < lane + GROUP; i += L) {
            FloatVector base = FloatVector.fromArray(Mem.FS, lse, i);
            FloatVector shift = FloatVector.fromArray(Mem.FS, delta, i);
            for (int r = from; r < to; r++) {
                int at = r * Q + i;
                FloatVector x = FloatVector.fromArray(Mem.FS, scores, at).sub(base);
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
                y.intoArray(scores, at);
                FloatVector.fromArray(Mem.FS, grads, at).sub(shift).mul(y).intoArray(grads, at);
            }
        }
    }

    /// `out[r] = a[r] . b[r]` for `rows` rows of `n` (a multiple of 16) elements. The lanes are summed in one fixed
    /// tree.
    static void dots(float[] a, float[] b, int rows, int n, float[] out) {
        for (int r = 0; r < rows; r++) {
            FloatVector sum = FloatVector.zero(Mem.FS);
            for (int i = r * n; i < r * n + n; i += L) {
                sum = FloatVector.fromArray(Mem.FS, a, i).fma(FloatVector.fromArray(Mem.FS, b, i), sum);
            }
            if (L > 8) {
                sum = sum.add(sum.rearrange(SWAP_8));
            }
            if (L > 4) {
                sum = sum.add(sum.rearrange(SWAP_4));
            }
            sum = sum.add(sum.rearrange(SWAP_2));
            sum = sum.add(sum.rearrange(SWAP_1));
            out[r] = sum.lane(0);
        }
    }
}
