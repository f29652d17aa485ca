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

    /// `y = exp(x - shift)`; returns the sum.
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
}
