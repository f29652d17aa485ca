package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.load;
import static io.torrefy.tensor.internal.cpu.Mem.store;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static io.torrefy.tensor.internal.cpu.Rows.PIECE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The inner loops of `Norms`, one row a call.
final class NormRows {
    private NormRows() {}

    /// `y = x * factor * w`.
    static void scale(long x, long w, int n, float factor, long y) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            store(load(x + 4L * i).mul(factor).mul(load(w + 4L * i)), y + 4L * i);
        }
        if (i < n) {
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector v = Rows.load(x + 4L * i, tail).mul(factor);
            Rows.store(v.mul(Rows.load(w + 4L * i, tail)), y + 4L * i, tail);
        }
    }

    /// `y = (x - mean) * factor * w + b`.
    static void normalize(long x, long w, long b, int n, float mean, float factor, long y) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            FloatVector v = load(x + 4L * i).sub(mean).mul(factor);
            store(v.fma(load(w + 4L * i), load(b + 4L * i)), y + 4L * i);
        }
        if (i < n) {
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector v = Rows.load(x + 4L * i, tail).sub(mean).mul(factor);
            v = v.fma(Rows.load(w + 4L * i, tail), Rows.load(b + 4L * i, tail));
            Rows.store(v, y + 4L * i, tail);
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
            a = load(x + at).mul(load(y + at)).fma(load(z + at), a);
            b = load(x + next).mul(load(y + next)).fma(load(z + next), b);
        }
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            a = load(x + at).mul(load(y + at)).fma(load(z + at), a);
        }
        if (i < n) {
            long at = 4L * i;
            VectorMask<Float> tail = Rows.below(n - i);
            b = Rows.load(x + at, tail).mul(Rows.load(y + at, tail)).fma(Rows.load(z + at, tail), b);
        }
        return VectorMath.sum(a.add(b));
    }

    /// `dx = dy w factor + x k`, `dw += dy x factor`.
    static void rmsGradient(long x, long w, long dy, int n, float factor, float k, long dx, long dw) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector v = load(x + at);
            FloatVector g = load(dy + at).mul(factor);
            store(g.fma(load(w + at), v.mul(k)), dx + at);
            store(g.fma(v, load(dw + at)), dw + at);
        }
        if (i < n) {
            long at = 4L * i;
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector v = Rows.load(x + at, tail);
            FloatVector g = Rows.load(dy + at, tail).mul(factor);
            Rows.store(g.fma(Rows.load(w + at, tail), v.mul(k)), dx + at, tail);
            Rows.store(g.fma(v, Rows.load(dw + at, tail)), dw + at, tail);
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
            FloatVector g = load(dy + at).mul(load(w + at));
            FloatVector h = load(dy + next).mul(load(w + next));
            a = a.add(g);
            b = b.add(h);
            c = load(x + at).sub(mean).fma(g, c);
            d = load(x + next).sub(mean).fma(h, d);
        }
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector g = load(dy + at).mul(load(w + at));
            a = a.add(g);
            c = load(x + at).sub(mean).fma(g, c);
        }
        if (i < n) {
            long at = 4L * i;
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector g = Rows.load(dy + at, tail).mul(Rows.load(w + at, tail));
            b = b.add(g);
            d = Rows.load(x + at, tail).sub(mean).fma(g, d);
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
            FloatVector xhat = load(x + at).sub(mean).mul(factor);
            FloatVector g = load(dy + at);
            store(g.mul(factor).fma(load(w + at), xhat.fma(slope, constant)), dx + at);
            store(g.fma(xhat, load(dw + at)), dw + at);
            store(g.add(load(db + at)), db + at);
        }
        if (i < n) {
            long at = 4L * i;
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector xhat = Rows.load(x + at, tail).sub(mean).mul(factor);
            FloatVector g = Rows.load(dy + at, tail);
            FloatVector v = g.mul(factor).fma(Rows.load(w + at, tail), xhat.fma(slope, constant));
            Rows.store(v, dx + at, tail);
            Rows.store(g.fma(xhat, Rows.load(dw + at, tail)), dw + at, tail);
            Rows.store(g.add(Rows.load(db + at, tail)), db + at, tail);
        }
    }
}
