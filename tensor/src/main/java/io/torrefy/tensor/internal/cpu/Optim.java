package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Mem.load;
import static io.torrefy.tensor.internal.cpu.Mem.store;
import static io.torrefy.tensor.internal.cpu.Rows.L;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Optimiser steps and what clipping needs, in one pass over flat storage.
final class Optim {
    private static final int BLOCK = 1 << 16;

    /// As many floats as a double vector has lanes.
    private static final VectorSpecies<Float> NARROW =
            VectorSpecies.of(float.class, VectorShape.forBitSize(Mem.DS.vectorBitSize() / 2));

    private Optim() {}

    /// Adam (Kingma and Ba, 2014) or AdamW (Loshchilov and Hutter, 2017); see `Backend`.
    static void adam(
            long n,
            long p,
            long g,
            long m,
            long v,
            long maxV,
            float gradScale,
            float lr,
            float beta1,
            float beta2,
            float eps,
            float weightDecay,
            boolean decoupled,
            float stepSize,
            float sqrtBias2) {
        float keep = decoupled ? (float) (1 - (double) lr * weightDecay) : 1f;
        float pull = decoupled ? 0f : weightDecay;
        float rest1 = complement(beta1);
        float rest2 = complement(beta2);
        blocks(n, (_, first, count) -> {
            long at = 4 * first;
            int size = (int) count;
            long top = maxV == 0 ? 0 : maxV + at;
            if (!Mem.VECTOR) {
                adamScalar(
                        size, p + at, g + at, m + at, v + at, top, gradScale, keep, pull, beta1, rest1, beta2, rest2,
                        eps, stepSize, sqrtBias2);
            } else if (maxV == 0) {
                adamBlock(
                        size,
                        p + at,
                        g + at,
                        m + at,
                        v + at,
                        gradScale,
                        keep,
                        pull,
                        beta1,
                        rest1,
                        beta2,
                        rest2,
                        eps,
                        stepSize,
                        1f / sqrtBias2);
            } else {
                amsgradBlock(
                        size,
                        p + at,
                        g + at,
                        m + at,
                        v + at,
                        top,
                        gradScale,
                        keep,
                        pull,
                        beta1,
                        rest1,
                        beta2,
                        rest2,
                        eps,
                        stepSize,
                        1f / sqrtBias2);
            }
        });
    }

    /// `1 - beta`. As floats `1 - 0.999` is off by 1e-5 of itself, so the difference is rounded to seven decimals
    /// where beta cannot tell the two apart: 0.999f means 0.999.
    static float complement(float beta) {
        double exact = 1.0 - beta;
        double decimal = Math.rint(exact * 1e7) / 1e7;
        return (float) ((float) (1.0 - decimal) == beta ? decimal : exact);
    }

    private static void adamBlock(
            int n,
            long p,
            long g,
            long m,
            long v,
            float gradScale,
            float keep,
            float pull,
            float beta1,
            float rest1,
            float beta2,
            float rest2,
            float eps,
            float stepSize,
            float invBias2) {
        FloatVector epsilon = FloatVector.broadcast(Mem.FS, eps);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector w = load(p + at);
            FloatVector d = load(g + at).mul(gradScale).add(w.mul(pull));
            FloatVector first = load(m + at).mul(beta1).add(d.mul(rest1));
            FloatVector second = load(v + at).mul(beta2).add(d.mul(d).mul(rest2));
            store(first, m + at);
            store(second, v + at);
            FloatVector root = second.sqrt().mul(invBias2).add(epsilon);
            store(w.mul(keep).sub(first.mul(stepSize).div(root)), p + at);
        }
        if (i < n) {
            long at = 4L * i;
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector w = Rows.load(p + at, tail);
            FloatVector d = Rows.load(g + at, tail).mul(gradScale).add(w.mul(pull));
            FloatVector first = Rows.load(m + at, tail).mul(beta1).add(d.mul(rest1));
            FloatVector second = Rows.load(v + at, tail).mul(beta2).add(d.mul(d).mul(rest2));
            Rows.store(first, m + at, tail);
            Rows.store(second, v + at, tail);
            FloatVector root = second.sqrt().mul(invBias2).add(epsilon);
            Rows.store(w.mul(keep).sub(first.mul(stepSize).div(root)), p + at, tail);
        }
    }

    private static void amsgradBlock(
            int n,
            long p,
            long g,
            long m,
            long v,
            long maxV,
            float gradScale,
            float keep,
            float pull,
            float beta1,
            float rest1,
            float beta2,
            float rest2,
            float eps,
            float stepSize,
            float invBias2) {
        FloatVector epsilon = FloatVector.broadcast(Mem.FS, eps);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector w = load(p + at);
            FloatVector d = load(g + at).mul(gradScale).add(w.mul(pull));
            FloatVector first = load(m + at).mul(beta1).add(d.mul(rest1));
            FloatVector second = load(v + at).mul(beta2).add(d.mul(d).mul(rest2));
            FloatVector top = load(maxV + at).max(second);
            store(first, m + at);
            store(second, v + at);
            store(top, maxV + at);
            FloatVector root = top.sqrt().mul(invBias2).add(epsilon);
            store(w.mul(keep).sub(first.mul(stepSize).div(root)), p + at);
        }
        if (i < n) {
            long at = 4L * i;
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector w = Rows.load(p + at, tail);
            FloatVector d = Rows.load(g + at, tail).mul(gradScale).add(w.mul(pull));
            FloatVector first = Rows.load(m + at, tail).mul(beta1).add(d.mul(rest1));
            FloatVector second = Rows.load(v + at, tail).mul(beta2).add(d.mul(d).mul(rest2));
            FloatVector top = Rows.load(maxV + at, tail).max(second);
            Rows.store(first, m + at, tail);
            Rows.store(second, v + at, tail);
            Rows.store(top, maxV + at, tail);
            FloatVector root = top.sqrt().mul(invBias2).add(epsilon);
            Rows.store(w.mul(keep).sub(first.mul(stepSize).div(root)), p + at, tail);
        }
    }

    static void adamScalar(
            int n,
            long p,
            long g,
            long m,
            long v,
            long maxV,
            float gradScale,
            float keep,
            float pull,
            float beta1,
            float rest1,
            float beta2,
            float rest2,
            float eps,
            float stepSize,
            float sqrtBias2) {
        for (long i = 0; i < 4L * n; i += 4) {
            float w = f32(p + i);
            float d = f32(g + i) * gradScale + pull * w;
            float first = beta1 * f32(m + i) + rest1 * d;
            float second = beta2 * f32(v + i) + rest2 * d * d;
            f32(m + i, first);
            f32(v + i, second);
            double root = second;
            if (maxV != 0) {
                root = Math.max(second, f32(maxV + i));
                f32(maxV + i, (float) root);
            }
            f32(p + i, (float) (keep * w - stepSize * first / (Math.sqrt(root) / sqrtBias2 + eps)));
        }
    }

    /// In double over blocks of 64k values, added in their order.
    static double sumOfSquares(long n, long x) {
        int blocks = Math.toIntExact(Math.ceilDiv(n, BLOCK));
        long partials = Rows.scratch(2L * blocks);
        blocks(n, (block, first, count) -> {
            long at = x + 4 * first;
            int size = (int) count;
            Mem.f64(partials + 8L * block, Mem.VECTOR ? squares(at, size) : squaresScalar(at, 0, size));
        });
        double total = 0;
        for (int i = 0; i < blocks; i++) {
            total += Mem.f64(partials + 8L * i);
        }
        return total;
    }

    private static double squares(long x, int n) {
        int lanes = NARROW.length();
        DoubleVector a = DoubleVector.zero(Mem.DS);
        DoubleVector b = a;
        DoubleVector c = a;
        DoubleVector d = a;
        int i = 0;
        for (int end = n - n % (4 * lanes); i < end; i += 4 * lanes) {
            long at = x + 4L * i;
            DoubleVector p = widen(at);
            DoubleVector q = widen(at + 4L * lanes);
            DoubleVector r = widen(at + 8L * lanes);
            DoubleVector s = widen(at + 12L * lanes);
            a = p.fma(p, a);
            b = q.fma(q, b);
            c = r.fma(r, c);
            d = s.fma(s, d);
        }
        return VectorMath.sum(a.add(b).add(c.add(d))) + squaresScalar(x, i, n);
    }

    private static DoubleVector widen(long address) {
        FloatVector narrow = FloatVector.fromMemorySegment(NARROW, Mem.ALL, address, Mem.ORDER);
        return (DoubleVector) narrow.convertShape(VectorOperators.F2D, Mem.DS, 0);
    }

    private static double squaresScalar(long x, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            double v = f32(x + 4L * i);
            sum += v * v;
        }
        return sum;
    }

    static boolean allFinite(long n, long x) {
        boolean[] found = new boolean[1];
        blocks(n, (_, first, count) -> {
            long at = x + 4 * first;
            int size = (int) count;
            if (!found[0] && !(Mem.VECTOR ? finite(at, size) : finiteScalar(at, 0, size))) {
                found[0] = true;
            }
        });
        return !found[0];
    }

    /// A finite value times 0 is 0; an infinity or NaN leaves NaN in its lane.
    private static boolean finite(long x, int n) {
        FloatVector zero = FloatVector.zero(Mem.FS);
        FloatVector a = zero;
        FloatVector b = zero;
        FloatVector c = zero;
        FloatVector d = zero;
        int i = 0;
        for (int end = Rows.whole4(n); i < end; i += 4 * L) {
            long at = x + 4L * i;
            a = load(at).fma(zero, a);
            b = load(at + 4L * L).fma(zero, b);
            c = load(at + 8L * L).fma(zero, c);
            d = load(at + 12L * L).fma(zero, d);
        }
        return VectorMath.sum(a.add(b).add(c.add(d))) == 0 && finiteScalar(x, i, n);
    }

    private static boolean finiteScalar(long x, int from, int to) {
        for (int i = from; i < to; i++) {
            if (!Float.isFinite(f32(x + 4L * i))) {
                return false;
            }
        }
        return true;
    }

    private static void blocks(long n, Rows.Body body) {
        Rows.blocks(n, BLOCK, body);
    }
}
