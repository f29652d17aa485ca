package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Mem.load;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static io.torrefy.tensor.internal.cpu.Rows.PIECE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Sums of exponentials over one row of f32 values, as softmax and cross-entropy need them. An exponential takes longer
/// than the addition that waits for the one before, so one accumulator is enough. With `scale` 1 the argument is
/// `x - shift` exactly, because a fused multiply-add rounds once.
///
/// What whole vectors leave of a row takes the scalar exponential, which has the same bits: a second one on vectors in
/// a method is more than C2 inlines (`VectorMath`), and it boxed them, some 200 bytes a row. Its terms go into the
/// lanes where a masked addition would put them.
final class RowExp {
    private RowExp() {}

    /// Sum of `exp(x * scale - shift)`.
    static double sum(long x, int n, float scale, float shift) {
        double total = 0;
        for (int i = 0; i < n; i += PIECE) {
            total += sumPiece(x + 4L * i, Math.min(PIECE, n - i), scale, shift);
        }
        return total;
    }

    private static float sumPiece(long x, int n, float scale, float shift) {
        FloatVector factor = FloatVector.broadcast(Mem.FS, scale);
        FloatVector minus = FloatVector.broadcast(Mem.FS, -shift);
        FloatVector total = FloatVector.zero(Mem.FS);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            total = total.add(VectorMath.exp(load(x + 4L * i).fma(factor, minus)));
        }
        if (i < n) {
            float[] lanes = Scratch.get().lanes;
            total.intoArray(lanes, 0);
            sumTail(x + 4L * i, n - i, scale, shift, lanes);
            return sumOf(lanes);
        }
        return VectorMath.sum(total);
    }

    private static void sumTail(long x, int n, float scale, float shift, float[] lanes) {
        for (int k = 0; k < n; k++) {
            lanes[k] += VectorMath.exp(Math.fma(f32(x + 4L * k), scale, -shift));
        }
    }

    /// `y = exp(x - shift)`; returns the sum. y may be x.
    static double store(long x, int n, float shift, long y) {
        double total = 0;
        for (int i = 0; i < n; i += PIECE) {
            total += storePiece(x + 4L * i, Math.min(PIECE, n - i), shift, y + 4L * i);
        }
        return total;
    }

    private static float storePiece(long x, int n, float shift, long y) {
        FloatVector total = FloatVector.zero(Mem.FS);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            FloatVector e = VectorMath.exp(load(x + 4L * i).sub(shift));
            Mem.store(e, y + 4L * i);
            total = total.add(e);
        }
        if (i < n) {
            float[] lanes = Scratch.get().lanes;
            total.intoArray(lanes, 0);
            storeTail(x + 4L * i, n - i, shift, y + 4L * i, lanes);
            return sumOf(lanes);
        }
        return VectorMath.sum(total);
    }

    private static void storeTail(long x, int n, float shift, long y, float[] lanes) {
        for (int k = 0; k < n; k++) {
            float e = VectorMath.exp(f32(x + 4L * k) - shift);
            f32(y + 4L * k, e);
            lanes[k] += e;
        }
    }

    // ---- one pass over memory ------------------------------------------------------------------------------------

    /// How far a row's largest value may lie above the shift: e^40 times the longest row is still a float.
    private static final float NEAR = 40f;

    /// What [#sumNear] and [#storeNear] answer when the shift will not do.
    static final double TOO_FAR = -1;

    /// The largest value of the first piece. A row is then read from memory once: a pass for its maximum and a pass for
    /// its exponentials wait for memory one after the other, while one pass computes as it waits. Near enough is as
    /// good as the maximum, because exponentials and their sum are off by the same factor.
    static float near(long x, int n) {
        return RowSums.max(x, Math.min(PIECE, n));
    }

    /// Sum of `exp(x - shift)`, or `TOO_FAR`.
    static double sumNear(long x, int n, float shift) {
        double total = 0;
        float max = shift;
        int whole = Rows.whole(n);
        for (int i = 0; i < whole; i += PIECE) {
            long both = sumPieceNear(x + 4L * i, Math.min(PIECE, whole - i), shift);
            total += NormRows.first(both);
            max = Math.max(max, NormRows.second(both));
        }
        return near(max, shift, n == whole ? total : total + sumPiece(x + 4L * whole, n - whole, 1f, shift));
    }

    /// `y = exp(x - shift)`; returns the sum, or `TOO_FAR`, and y is nothing then. y must not be x.
    static double storeNear(long x, int n, float shift, long y) {
        double total = 0;
        float max = shift;
        int whole = Rows.whole(n);
        for (int i = 0; i < whole; i += PIECE) {
            long both = storePieceNear(x + 4L * i, Math.min(PIECE, whole - i), shift, y + 4L * i);
            total += NormRows.first(both);
            max = Math.max(max, NormRows.second(both));
        }
        return near(max, shift, n == whole ? total : total + storePiece(x + 4L * whole, n - whole, shift, y + 4L * whole));
    }

    /// The values past the last whole vector have no part in max: e^88 of them is an infinity, which is too far too.
    private static double near(float max, float shift, double total) {
        return Float.isFinite(shift) && max - shift <= NEAR && total != Double.POSITIVE_INFINITY ? total : TOO_FAR;
    }

    private static long sumPieceNear(long x, int n, float shift) {
        FloatVector total = FloatVector.zero(Mem.FS);
        FloatVector max = FloatVector.broadcast(Mem.FS, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(x + 4L * i);
            max = Rows.larger(v, max);
            total = total.add(VectorMath.exp(v.sub(shift)));
        }
        return NormRows.pair(VectorMath.sum(total), max.reduceLanes(VectorOperators.MAX));
    }

    private static long storePieceNear(long x, int n, float shift, long y) {
        FloatVector total = FloatVector.zero(Mem.FS);
        FloatVector max = FloatVector.broadcast(Mem.FS, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < n; i += L) {
            FloatVector v = load(x + 4L * i);
            max = Rows.larger(v, max);
            FloatVector e = VectorMath.exp(v.sub(shift));
            Mem.store(e, y + 4L * i);
            total = total.add(e);
        }
        return NormRows.pair(VectorMath.sum(total), max.reduceLanes(VectorOperators.MAX));
    }

    // ---- weighted sums and gradients -------------------------------------------------------------------------------

    /// Sum of `e * d` with `d = x * scale - shift` and `e = exp(d)`, 0 where e is 0 (d may be -infinity there).
    static double weighted(long x, int n, float scale, float shift) {
        double total = 0;
        for (int i = 0; i < n; i += PIECE) {
            total += weightedPiece(x + 4L * i, Math.min(PIECE, n - i), scale, shift);
        }
        return total;
    }

    private static float weightedPiece(long x, int n, float scale, float shift) {
        FloatVector factor = FloatVector.broadcast(Mem.FS, scale);
        FloatVector minus = FloatVector.broadcast(Mem.FS, -shift);
        FloatVector total = FloatVector.zero(Mem.FS);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            total = total.add(timesExp(load(x + 4L * i).fma(factor, minus)));
        }
        if (i < n) {
            float[] lanes = Scratch.get().lanes;
            total.intoArray(lanes, 0);
            weightedTail(x + 4L * i, n - i, scale, shift, lanes);
            return sumOf(lanes);
        }
        return VectorMath.sum(total);
    }

    private static void weightedTail(long x, int n, float scale, float shift, float[] lanes) {
        for (int k = 0; k < n; k++) {
            float d = Math.fma(f32(x + 4L * k), scale, -shift);
            float e = VectorMath.exp(d);
            lanes[k] += e == 0f ? 0f : d * e;
        }
    }

    /// The bits of `VectorMath.sum`, whose lane 0 adds the same pairs.
    private static float sumOf(float[] lanes) {
        for (int by = L / 2; by > 0; by /= 2) {
            for (int k = 0; k < by; k++) {
                lanes[k] += lanes[k + by];
            }
        }
        return lanes[0];
    }

    private static FloatVector timesExp(FloatVector d) {
        FloatVector e = VectorMath.exp(d);
        return d.mul(e).blend(0f, e.compare(VectorOperators.EQ, 0f));
    }

    /// `y = factor * exp(x * scale - shift) - less`; y may be x.
    static void gradient(long x, int n, float scale, float shift, float factor, float less, long y) {
        FloatVector minus = FloatVector.broadcast(Mem.FS, -shift);
        FloatVector times = FloatVector.broadcast(Mem.FS, scale);
        FloatVector by = FloatVector.broadcast(Mem.FS, factor);
        FloatVector minusLess = FloatVector.broadcast(Mem.FS, -less);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            FloatVector e = VectorMath.exp(load(x + 4L * i).fma(times, minus));
            Mem.store(e.fma(by, minusLess), y + 4L * i);
        }
        if (i < n) {
            gradientTail(x + 4L * i, n - i, scale, shift, factor, less, y + 4L * i);
        }
    }

    private static void gradientTail(long x, int n, float scale, float shift, float factor, float less, long y) {
        for (long at = 0; at < 4L * n; at += 4) {
            f32(y + at, Math.fma(VectorMath.exp(Math.fma(f32(x + at), scale, -shift)), factor, -less));
        }
    }

    /// `y = factor * y - less`.
    static void rescale(long y, int n, float factor, float less) {
        FloatVector by = FloatVector.broadcast(Mem.FS, factor);
        FloatVector minusLess = FloatVector.broadcast(Mem.FS, -less);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            Mem.store(load(y + 4L * i).fma(by, minusLess), y + 4L * i);
        }
        for (; i < n; i++) {
            f32(y + 4L * i, Math.fma(f32(y + 4L * i), factor, -less));
        }
    }
}
