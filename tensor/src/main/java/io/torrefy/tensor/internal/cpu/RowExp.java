package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.FMA;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// Exponentials over one row of f32 values, as softmax and cross-entropy need them. With `scale` 1 the argument is
/// `x - shift` exactly, because a fused multiply-add rounds once.
///
/// There is one loop with an exponential in it, over at most `STEP` columns, that writes what it computes: where only a
/// sum is wanted, into a buffer in the first-level cache. It calls nothing that takes or returns a vector but the
/// Vector API itself, which C2 always inlines: helpers of our own are calls that box once a compilation has grown
/// large, and whether it has is decided by who calls whom.
final class RowExp {
    /// Columns between two horizontal sums, which meet in double.
    private static final int STEP = 2 * Scratch.CHUNK;

    private static final float EXP_MAX = 88.72283f;
    private static final float EXP_MIN = -87.33654f;

    private RowExp() {}

    /// `y = exp(x * scale - shift)` for up to `STEP` columns. y may be x.
    ///
    /// @return the sum of y and the largest x, NaNs passed over, as a pair
    private static long exp(long x, int n, float scale, float shift, long y) {
        int whole = Rows.whole(n);
        float[] lanes = Scratch.get().lanes;
        float max = expVectors(x, whole, scale, shift, y, lanes);
        float sum = sumOf(lanes);
        for (long at = 4L * whole; at < 4L * n; at += 4) {
            float v = f32(x + at);
            float e = VectorMath.exp(Math.fma(v, scale, -shift));
            f32(y + at, e);
            sum += e;
            max = v > max ? v : max;
        }
        return NormRows.pair(sum, max);
    }

    /// `VectorMath.exp` written out. The sum stays in `lanes`.
    private static float expVectors(long x, int n, float scale, float shift, long y, float[] lanes) {
        FloatVector factor = FloatVector.broadcast(FS, scale);
        FloatVector minus = FloatVector.broadcast(FS, -shift);
        FloatVector total = FloatVector.zero(FS);
        FloatVector max = FloatVector.broadcast(FS, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            max = max.blend(v, v.compare(VectorOperators.GT, max));
            FloatVector d = v.lanewise(FMA, factor, minus);
            FloatVector t = d.mul(VectorMath.LOG2E).add(VectorMath.ROUND);
            FloatVector m = t.sub(VectorMath.ROUND);
            FloatVector r = m.lanewise(FMA, -VectorMath.LN2_HIGH, d);
            r = m.lanewise(FMA, -VectorMath.LN2_LOW, r);
            FloatVector p = r.lanewise(FMA, VectorMath.E6, VectorMath.E5);
            p = p.lanewise(FMA, r, VectorMath.E4);
            p = p.lanewise(FMA, r, VectorMath.E3);
            p = p.lanewise(FMA, r, VectorMath.E2);
            p = p.lanewise(FMA, r, 1f);
            p = p.lanewise(FMA, r, 1f);
            IntVector power = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            FloatVector e = p.reinterpretAsInts().add(power).reinterpretAsFloats();
            e = e.blend(0f, d.compare(VectorOperators.LT, EXP_MIN));
            e = e.blend(Float.POSITIVE_INFINITY, d.compare(VectorOperators.GT, EXP_MAX));
            e = e.blend(d, d.test(VectorOperators.IS_NAN));
            e.intoMemorySegment(ALL, y + 4L * i, ORDER);
            total = total.add(e);
        }
        total.intoArray(lanes, 0);
        return max.reduceLanes(VectorOperators.MAX);
    }

    /// In the order of `VectorMath.sum`.
    private static float sumOf(float[] lanes) {
        for (int by = L / 2; by > 0; by /= 2) {
            for (int k = 0; k < by; k++) {
                lanes[k] += lanes[k + by];
            }
        }
        return lanes[0];
    }

    private static long buffer() {
        return Scratch.get().chunk(3);
    }

    // ---- sums and stores -------------------------------------------------------------------------------------------

    /// Sum of `exp(x * scale - shift)`.
    static double sum(long x, int n, float scale, float shift) {
        long y = buffer();
        double total = 0;
        for (int i = 0; i < n; i += STEP) {
            total += NormRows.first(exp(x + 4L * i, Math.min(STEP, n - i), scale, shift, y));
        }
        return total;
    }

    /// `y = exp(x - shift)`; returns the sum. y may be x.
    static double store(long x, int n, float shift, long y) {
        double total = 0;
        for (int i = 0; i < n; i += STEP) {
            total += NormRows.first(exp(x + 4L * i, Math.min(STEP, n - i), 1f, shift, y + 4L * i));
        }
        return total;
    }

    /// `y = exp(-x)`. y may be x.
    static void storeNegated(long x, int n, long y) {
        for (int i = 0; i < n; i += STEP) {
            exp(x + 4L * i, Math.min(STEP, n - i), -1f, 0f, y + 4L * i);
        }
    }

    /// Sum of `e * d` with `d = x * scale - shift` and `e = exp(d)`, 0 where e is 0 (d may be -infinity there).
    static double weighted(long x, int n, float scale, float shift) {
        long y = buffer();
        double total = 0;
        for (int i = 0; i < n; i += STEP) {
            int count = Math.min(STEP, n - i);
            exp(x + 4L * i, count, scale, shift, y);
            total += weigh(x + 4L * i, count, scale, shift, y);
        }
        return total;
    }

    private static float weigh(long x, int n, float scale, float shift, long e) {
        int whole = Rows.whole(n);
        float[] lanes = Scratch.get().lanes;
        weighVectors(x, whole, scale, shift, e, lanes);
        float sum = sumOf(lanes);
        for (long at = 4L * whole; at < 4L * n; at += 4) {
            float p = f32(e + at);
            sum += p == 0f ? 0f : p * Math.fma(f32(x + at), scale, -shift);
        }
        return sum;
    }

    private static void weighVectors(long x, int n, float scale, float shift, long e, float[] lanes) {
        FloatVector factor = FloatVector.broadcast(FS, scale);
        FloatVector minus = FloatVector.broadcast(FS, -shift);
        FloatVector total = FloatVector.zero(FS);
        for (int i = 0; i < n; i += L) {
            FloatVector p = fromMemorySegment(FS, ALL, e + 4L * i, ORDER);
            FloatVector d = fromMemorySegment(FS, ALL, x + 4L * i, ORDER).lanewise(FMA, factor, minus);
            total = total.add(d.mul(p).blend(0f, p.compare(VectorOperators.EQ, 0f)));
        }
        total.intoArray(lanes, 0);
    }

    /// `y = factor * exp(x * scale - shift) - less`; y may be x.
    static void gradient(long x, int n, float scale, float shift, float factor, float less, long y) {
        for (int i = 0; i < n; i += STEP) {
            int count = Math.min(STEP, n - i);
            exp(x + 4L * i, count, scale, shift, y + 4L * i);
            rescale(y + 4L * i, count, factor, less);
        }
    }

    /// `y = factor * y - less`.
    static void rescale(long y, int n, float factor, float less) {
        FloatVector by = FloatVector.broadcast(FS, factor);
        FloatVector minusLess = FloatVector.broadcast(FS, -less);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, y + 4L * i, ORDER);
            v.lanewise(FMA, by, minusLess).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            f32(y + 4L * i, Math.fma(f32(y + 4L * i), factor, -less));
        }
    }

    // ---- one pass over memory --------------------------------------------------------------------------------------

    /// How far a row's largest value may lie above the shift: e^40 times the longest row is still a float.
    private static final float NEAR = 40f;

    /// What [#sumNear] and [#storeNear] answer when the shift will not do.
    static final double TOO_FAR = -1;

    /// The largest value of the first columns. A row is then read from memory once: a pass for its maximum and a
    /// pass for its exponentials wait for memory one after the other, while one pass computes as it waits. Near
    /// enough is as good as the maximum, because exponentials and their sum are off by the same factor.
    static float near(long x, int n) {
        return RowSums.max(x, Math.min(STEP, n));
    }

    /// Sum of `exp(x - shift)`, or `TOO_FAR`.
    static double sumNear(long x, int n, float shift) {
        return near(x, n, shift, buffer(), 0);
    }

    /// `y = exp(x - shift)`; returns the sum, or `TOO_FAR`, and y is nothing then. y must not be x.
    static double storeNear(long x, int n, float shift, long y) {
        return near(x, n, shift, y, 4);
    }

    private static double near(long x, int n, float shift, long y, int yStride) {
        double total = 0;
        float max = shift;
        for (int i = 0; i < n; i += STEP) {
            long both = exp(x + 4L * i, Math.min(STEP, n - i), 1f, shift, y + (long) yStride * i);
            total += NormRows.first(both);
            max = Math.max(max, NormRows.second(both));
        }
        return Float.isFinite(shift) && max - shift <= NEAR ? total : TOO_FAR;
    }
}
