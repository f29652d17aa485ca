package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static io.torrefy.tensor.internal.cpu.Rows.PIECE;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The inner loops of `Norms`, one row a call.
final class NormRows {
    private NormRows() {}

    /// `y = x * factor * w`.
    static void scale(long x, long w, int n, float factor, long y) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            fromMemorySegment(FS, ALL, x + 4L * i, ORDER)
                    .mul(factor)
                    .mul(fromMemorySegment(FS, ALL, w + 4L * i, ORDER))
                    .intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        if (i < n) {
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER, tail).mul(factor);
            v.mul(fromMemorySegment(FS, ALL, w + 4L * i, ORDER, tail)).intoMemorySegment(ALL, y + 4L * i, ORDER, tail);
        }
    }

    /// `y = (x - mean) * factor * w + b`. What whole vectors leave is done one by one, with the bits of a lane:
    /// with three arrays under a mask after the loop, C2 boxed the loop's vectors too in a run now and then.
    static void normalize(long x, long w, long b, int n, float mean, float factor, long y) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            FloatVector v =
                    fromMemorySegment(FS, ALL, x + 4L * i, ORDER).sub(mean).mul(factor);
            v.fma(fromMemorySegment(FS, ALL, w + 4L * i, ORDER), fromMemorySegment(FS, ALL, b + 4L * i, ORDER))
                    .intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        for (long at = 4L * i; at < 4L * n; at += 4) {
            f32(y + at, Math.fma((f32(x + at) - mean) * factor, f32(w + at), f32(b + at)));
        }
    }

    /// Sum of `x y z`.
    static double dot3(long x, long y, long z, int n) {
        double total = 0;
        for (int i = 0; i < n; i += PIECE) {
            long at = 4L * i;
            total += dot3Piece(x + at, y + at, z + at, Math.min(PIECE, n - i));
        }
        return total;
    }

    private static float dot3Piece(long x, long y, long z, int n) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        int i = 0;
        for (int end = n - n % (2 * L); i < end; i += 2 * L) {
            long at = 4L * i;
            long next = at + 4L * L;
            a = fromMemorySegment(FS, ALL, x + at, ORDER)
                    .mul(fromMemorySegment(FS, ALL, y + at, ORDER))
                    .fma(fromMemorySegment(FS, ALL, z + at, ORDER), a);
            b = fromMemorySegment(FS, ALL, x + next, ORDER)
                    .mul(fromMemorySegment(FS, ALL, y + next, ORDER))
                    .fma(fromMemorySegment(FS, ALL, z + next, ORDER), b);
        }
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            a = fromMemorySegment(FS, ALL, x + at, ORDER)
                    .mul(fromMemorySegment(FS, ALL, y + at, ORDER))
                    .fma(fromMemorySegment(FS, ALL, z + at, ORDER), a);
        }
        if (i < n) {
            long at = 4L * i;
            VectorMask<Float> tail = Rows.below(n - i);
            b = fromMemorySegment(FS, ALL, x + at, ORDER, tail)
                    .mul(fromMemorySegment(FS, ALL, y + at, ORDER, tail))
                    .fma(fromMemorySegment(FS, ALL, z + at, ORDER, tail), b);
        }
        return VectorMath.sum(a.add(b));
    }

    /// `dx = dy w factor + x k`, `dw += dy x factor`.
    static void rmsGradient(long x, long w, long dy, int n, float factor, float k, long dx, long dw) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector v = fromMemorySegment(FS, ALL, x + at, ORDER);
            FloatVector g = fromMemorySegment(FS, ALL, dy + at, ORDER).mul(factor);
            g.fma(fromMemorySegment(FS, ALL, w + at, ORDER), v.mul(k)).intoMemorySegment(ALL, dx + at, ORDER);
            g.fma(v, fromMemorySegment(FS, ALL, dw + at, ORDER)).intoMemorySegment(ALL, dw + at, ORDER);
        }
        if (i < n) {
            long at = 4L * i;
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector v = fromMemorySegment(FS, ALL, x + at, ORDER, tail);
            FloatVector g = fromMemorySegment(FS, ALL, dy + at, ORDER, tail).mul(factor);
            g.fma(fromMemorySegment(FS, ALL, w + at, ORDER, tail), v.mul(k))
                    .intoMemorySegment(ALL, dx + at, ORDER, tail);
            g.fma(v, fromMemorySegment(FS, ALL, dw + at, ORDER, tail)).intoMemorySegment(ALL, dw + at, ORDER, tail);
        }
    }

    /// Sums of `dy w` and of `dy w (x - mean)` over at most a piece, as two floats in a long (so that nothing is
    /// allocated).
    static long gradientSums(long dy, long w, long x, int n, float mean) {
        FloatVector a = FloatVector.zero(Mem.FS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (int end = n - n % (2 * L); i < end; i += 2 * L) {
            long at = 4L * i;
            long next = at + 4L * L;
            FloatVector g = fromMemorySegment(FS, ALL, dy + at, ORDER).mul(fromMemorySegment(FS, ALL, w + at, ORDER));
            FloatVector h =
                    fromMemorySegment(FS, ALL, dy + next, ORDER).mul(fromMemorySegment(FS, ALL, w + next, ORDER));
            a = a.add(g);
            b = b.add(h);
            c = fromMemorySegment(FS, ALL, x + at, ORDER).sub(mean).fma(g, c);
            d = fromMemorySegment(FS, ALL, x + next, ORDER).sub(mean).fma(h, d);
        }
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector g = fromMemorySegment(FS, ALL, dy + at, ORDER).mul(fromMemorySegment(FS, ALL, w + at, ORDER));
            a = a.add(g);
            c = fromMemorySegment(FS, ALL, x + at, ORDER).sub(mean).fma(g, c);
        }
        if (i < n) {
            long at = 4L * i;
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector g = fromMemorySegment(FS, ALL, dy + at, ORDER, tail)
                    .mul(fromMemorySegment(FS, ALL, w + at, ORDER, tail));
            b = b.add(g);
            d = fromMemorySegment(FS, ALL, x + at, ORDER, tail).sub(mean).fma(g, d);
        }
        return pair(VectorMath.sum(a.add(b)), VectorMath.sum(c.add(d)));
    }

    static long pair(float first, float second) {
        return (long) Float.floatToRawIntBits(first) << 32 | Float.floatToRawIntBits(second) & 0xffffffffL;
    }

    static float first(long pair) {
        return Float.intBitsToFloat((int) (pair >>> 32));
    }

    static float second(long pair) {
        return Float.intBitsToFloat((int) pair);
    }

    /// With `xhat = (x - mean) factor` and the pair `terms` (slope, constant):
    /// `dx = dy w factor + xhat slope + constant`, `dw += dy xhat`, `db += dy`.
    static void layerGradient(
            long x, long w, long dy, int n, float mean, float factor, long terms, long dx, long dw, long db) {
        FloatVector slope = FloatVector.broadcast(Mem.FS, first(terms));
        FloatVector constant = FloatVector.broadcast(Mem.FS, second(terms));
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector xhat =
                    fromMemorySegment(FS, ALL, x + at, ORDER).sub(mean).mul(factor);
            FloatVector g = fromMemorySegment(FS, ALL, dy + at, ORDER);
            g.mul(factor)
                    .fma(fromMemorySegment(FS, ALL, w + at, ORDER), xhat.fma(slope, constant))
                    .intoMemorySegment(ALL, dx + at, ORDER);
            g.fma(xhat, fromMemorySegment(FS, ALL, dw + at, ORDER)).intoMemorySegment(ALL, dw + at, ORDER);
            g.add(fromMemorySegment(FS, ALL, db + at, ORDER)).intoMemorySegment(ALL, db + at, ORDER);
        }
        if (i < n) {
            long at = 4L * i;
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector xhat =
                    fromMemorySegment(FS, ALL, x + at, ORDER, tail).sub(mean).mul(factor);
            FloatVector g = fromMemorySegment(FS, ALL, dy + at, ORDER, tail);
            FloatVector v =
                    g.mul(factor).fma(fromMemorySegment(FS, ALL, w + at, ORDER, tail), xhat.fma(slope, constant));
            v.intoMemorySegment(ALL, dx + at, ORDER, tail);
            g.fma(xhat, fromMemorySegment(FS, ALL, dw + at, ORDER, tail)).intoMemorySegment(ALL, dw + at, ORDER, tail);
            g.add(fromMemorySegment(FS, ALL, db + at, ORDER, tail)).intoMemorySegment(ALL, db + at, ORDER, tail);
        }
    }
}
