package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static io.torrefy.tensor.internal.cpu.Rows.PIECE;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Reductions of one row of f32 values, four vector accumulators each. Sums go by pieces of `Rows.PIECE` columns, which
/// meet in double.
final class RowSums {
    private RowSums() {}

    /// The largest value, -infinity for none; NaNs are passed over.
    static float max(long x, int n) {
        float max = maxVectors(x, Rows.whole(n));
        for (int i = Rows.whole(n); i < n; i++) {
            float v = Mem.f32(x + 4L * i);
            max = v > max ? v : max;
        }
        return max;
    }

    /// A greater value by comparison and choice: two instructions where `max` takes six to keep NaN.
    private static float maxVectors(long x, int n) {
        FloatVector a = FloatVector.broadcast(FS, Float.NEGATIVE_INFINITY);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (int end = Rows.whole4(n); i < end; i += 4 * L) {
            FloatVector p = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector q = fromMemorySegment(FS, ALL, x + 4L * i + 4L * L, ORDER);
            FloatVector r = fromMemorySegment(FS, ALL, x + 4L * i + 8L * L, ORDER);
            FloatVector s = fromMemorySegment(FS, ALL, x + 4L * i + 12L * L, ORDER);
            a = a.blend(p, p.compare(VectorOperators.GT, a));
            b = b.blend(q, q.compare(VectorOperators.GT, b));
            c = c.blend(r, r.compare(VectorOperators.GT, c));
            d = d.blend(s, s.compare(VectorOperators.GT, d));
        }
        for (; i < n; i += L) {
            FloatVector p = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            a = a.blend(p, p.compare(VectorOperators.GT, a));
        }
        return a.max(b).max(c.max(d)).reduceLanes(VectorOperators.MAX);
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
            a = a.add(fromMemorySegment(FS, ALL, at, ORDER));
            b = b.add(fromMemorySegment(FS, ALL, at + 4L * L, ORDER));
            c = c.add(fromMemorySegment(FS, ALL, at + 8L * L, ORDER));
            d = d.add(fromMemorySegment(FS, ALL, at + 12L * L, ORDER));
        }
        for (int end = Rows.whole(n); i < end; i += L) {
            a = a.add(fromMemorySegment(FS, ALL, x + 4L * i, ORDER));
        }
        if (i < n) {
            b = b.add(fromMemorySegment(FS, ALL, x + 4L * i, ORDER, Rows.below(n - i)));
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
            a = fromMemorySegment(FS, ALL, p, ORDER).fma(fromMemorySegment(FS, ALL, q, ORDER), a);
            b = fromMemorySegment(FS, ALL, p + 4L * L, ORDER).fma(fromMemorySegment(FS, ALL, q + 4L * L, ORDER), b);
            c = fromMemorySegment(FS, ALL, p + 8L * L, ORDER).fma(fromMemorySegment(FS, ALL, q + 8L * L, ORDER), c);
            d = fromMemorySegment(FS, ALL, p + 12L * L, ORDER).fma(fromMemorySegment(FS, ALL, q + 12L * L, ORDER), d);
        }
        for (int end = Rows.whole(n); i < end; i += L) {
            a = fromMemorySegment(FS, ALL, x + 4L * i, ORDER).fma(fromMemorySegment(FS, ALL, y + 4L * i, ORDER), a);
        }
        if (i < n) {
            VectorMask<Float> tail = Rows.below(n - i);
            b = fromMemorySegment(FS, ALL, x + 4L * i, ORDER, tail)
                    .fma(fromMemorySegment(FS, ALL, y + 4L * i, ORDER, tail), b);
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
            FloatVector p = fromMemorySegment(FS, ALL, x + 4L * i, ORDER).sub(mean);
            FloatVector q =
                    fromMemorySegment(FS, ALL, x + 4L * i + 4L * L, ORDER).sub(mean);
            a = p.fma(p, a);
            b = q.fma(q, b);
        }
        for (int end = Rows.whole(n); i < end; i += L) {
            FloatVector p = fromMemorySegment(FS, ALL, x + 4L * i, ORDER).sub(mean);
            a = p.fma(p, a);
        }
        if (i < n) {
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector p = fromMemorySegment(FS, ALL, x + 4L * i, ORDER, tail).sub(mean, tail);
            b = p.fma(p, b);
        }
        return VectorMath.sum(a.add(b));
    }
}
