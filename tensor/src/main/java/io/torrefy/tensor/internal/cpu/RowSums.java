package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.load;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static io.torrefy.tensor.internal.cpu.Rows.PIECE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Reductions of one row of f32 values, four vector accumulators each. Sums go by pieces of `Rows.PIECE` columns, which
/// meet in double.
final class RowSums {
    private RowSums() {}

    /// The largest value, -infinity for none; NaNs are passed over.
    static float max(long x, int n) {
        FloatVector a = FloatVector.broadcast(Mem.FS, Float.NEGATIVE_INFINITY);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (int end = Rows.whole4(n); i < end; i += 4 * L) {
            long at = x + 4L * i;
            a = Rows.larger(load(at), a);
            b = Rows.larger(load(at + 4L * L), b);
            c = Rows.larger(load(at + 8L * L), c);
            d = Rows.larger(load(at + 12L * L), d);
        }
        for (int end = Rows.whole(n); i < end; i += L) {
            a = Rows.larger(load(x + 4L * i), a);
        }
        if (i < n) {
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector v = Rows.load(x + 4L * i, tail);
            b = b.blend(v, v.compare(VectorOperators.GT, b).and(tail));
        }
        return Rows.larger(Rows.larger(a, b), Rows.larger(c, d)).reduceLanes(VectorOperators.MAX);
    }

    static double sum(long x, int n) {
        double total = 0;
        for (int i = 0; i < n; i += PIECE) {
            total += sumPiece(x + 4L * i, Math.min(PIECE, n - i));
        }
        return total;
    }

    private static float sumPiece(long x, int n) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (int end = Rows.whole4(n); i < end; i += 4 * L) {
            long at = x + 4L * i;
            a = a.add(load(at));
            b = b.add(load(at + 4L * L));
            c = c.add(load(at + 8L * L));
            d = d.add(load(at + 12L * L));
        }
        for (int end = Rows.whole(n); i < end; i += L) {
            a = a.add(load(x + 4L * i));
        }
        if (i < n) {
            b = b.add(Rows.load(x + 4L * i, Rows.below(n - i)));
        }
        return VectorMath.sum(a.add(b).add(c.add(d)));
    }

    /// Sum of `x * y`.
    static double dot(long x, long y, int n) {
        double total = 0;
        for (int i = 0; i < n; i += PIECE) {
            total += dotPiece(x + 4L * i, y + 4L * i, Math.min(PIECE, n - i));
        }
        return total;
    }

    private static float dotPiece(long x, long y, int n) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (int end = Rows.whole4(n); i < end; i += 4 * L) {
            long p = x + 4L * i;
            long q = y + 4L * i;
            a = load(p).fma(load(q), a);
            b = load(p + 4L * L).fma(load(q + 4L * L), b);
            c = load(p + 8L * L).fma(load(q + 8L * L), c);
            d = load(p + 12L * L).fma(load(q + 12L * L), d);
        }
        for (int end = Rows.whole(n); i < end; i += L) {
            a = load(x + 4L * i).fma(load(y + 4L * i), a);
        }
        if (i < n) {
            VectorMask<Float> tail = Rows.below(n - i);
            b = Rows.load(x + 4L * i, tail).fma(Rows.load(y + 4L * i, tail), b);
        }
        return VectorMath.sum(a.add(b).add(c.add(d)));
    }

    /// Sum of `(x - mean)^2`.
    static double squaredDeviations(long x, int n, float mean) {
        double total = 0;
        for (int i = 0; i < n; i += PIECE) {
            total += deviationsPiece(x + 4L * i, Math.min(PIECE, n - i), mean);
        }
        return total;
    }

    private static float deviationsPiece(long x, int n, float mean) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        int i = 0;
        for (int end = n - n % (2 * L); i < end; i += 2 * L) {
            FloatVector p = load(x + 4L * i).sub(mean);
            FloatVector q = load(x + 4L * i + 4L * L).sub(mean);
            a = p.fma(p, a);
            b = q.fma(q, b);
        }
        for (int end = Rows.whole(n); i < end; i += L) {
            FloatVector p = load(x + 4L * i).sub(mean);
            a = p.fma(p, a);
        }
        if (i < n) {
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector p = Rows.load(x + 4L * i, tail).sub(mean, tail);
            b = p.fma(p, b);
        }
        return VectorMath.sum(a.add(b));
    }
}
