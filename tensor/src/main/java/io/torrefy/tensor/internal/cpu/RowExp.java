package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.load;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static io.torrefy.tensor.internal.cpu.Rows.PIECE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Sums of exponentials over one row of f32 values, as softmax and cross-entropy need them. An exponential takes longer
/// than the addition that waits for the one before, so one accumulator is enough. With `scale` 1 the argument is
/// `x - shift` exactly, because a fused multiply-add rounds once.
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
            VectorMask<Float> tail = Rows.below(n - i);
            total = total.add(VectorMath.exp(Rows.load(x + 4L * i, tail).fma(factor, minus)), tail);
        }
        return VectorMath.sum(total);
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
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector e = VectorMath.exp(Rows.load(x + 4L * i, tail).sub(shift));
            Rows.store(e, y + 4L * i, tail);
            total = total.add(e, tail);
        }
        return VectorMath.sum(total);
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
            VectorMask<Float> tail = Rows.below(n - i);
            total = total.add(timesExp(Rows.load(x + 4L * i, tail).fma(factor, minus)), tail);
        }
        return VectorMath.sum(total);
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
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector e = VectorMath.exp(Rows.load(x + 4L * i, tail).fma(times, minus));
            Rows.store(e.fma(by, minusLess), y + 4L * i, tail);
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
        if (i < n) {
            VectorMask<Float> tail = Rows.below(n - i);
            Rows.store(Rows.load(y + 4L * i, tail).fma(by, minusLess), y + 4L * i, tail);
        }
    }
}
