package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.torrefy.tensor.internal.UpdatePlan;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Optimiser steps and what clipping needs, each in one pass over many flat arrays.
final class Optim {
    /// As many floats as a double vector has lanes.
    private static final VectorSpecies<Float> NARROW =
            VectorSpecies.of(float.class, VectorShape.forBitSize(Mem.DS.vectorBitSize() / 2));

    private Optim() {}

    // ---- steps -------------------------------------------------------------------------------------------------

    /// All rows of a plan as one job; see `UpdateRule` for the arithmetic.
    static void update(UpdatePlan plan) {
        FlatBlocks.run(plan.rows(), plan.counts(), (row, first, n) -> {
            switch (plan.rule(row)) {
                case ADAM -> adam(plan, row, 4 * first, n);
                case SGD -> sgd(plan, row, 4 * first, n);
                case MOMENTUM -> momentum(plan, row, 4 * first, n);
                case ADAGRAD -> adagrad(plan, row, 4 * first, n);
                case RMSPROP -> rmsProp(plan, row, 4 * first, n);
                case BLEND -> blend(plan, row, 4 * first, n);
            }
        });
    }

    private static void adam(UpdatePlan plan, int row, long at, int n) {
        long p = plan.array(row, 0) + at;
        long g = plan.array(row, 1) + at;
        long m = plan.array(row, 2) + at;
        long v = plan.array(row, 3) + at;
        long top = plan.array(row, 4) == 0 ? 0 : plan.array(row, 4) + at;
        float gradScale = plan.number(row, 0);
        float keep = plan.number(row, 1);
        float pull = plan.number(row, 2);
        float beta1 = plan.number(row, 3);
        float rest1 = plan.number(row, 4);
        float beta2 = plan.number(row, 5);
        float rest2 = plan.number(row, 6);
        float eps = plan.number(row, 7);
        float stepSize = plan.number(row, 8);
        float bias2 = plan.number(row, 9);
        if (!Mem.VECTOR) {
            OptimAdam.scalar(
                    n, p, g, m, v, top, gradScale, keep, pull, beta1, rest1, beta2, rest2, eps, stepSize, bias2);
        } else if (top == 0) {
            OptimAdam.adam(n, p, g, m, v, gradScale, keep, pull, beta1, rest1, beta2, rest2, eps, stepSize, 1f / bias2);
        } else {
            OptimAdam.amsgrad(
                    n, p, g, m, v, top, gradScale, keep, pull, beta1, rest1, beta2, rest2, eps, stepSize, 1f / bias2);
        }
    }

    private static void sgd(UpdatePlan plan, int row, long at, int n) {
        long p = plan.array(row, 0) + at;
        long g = plan.array(row, 1) + at;
        long velocity = plan.array(row, 2);
        float gradScale = plan.number(row, 0);
        float pull = plan.number(row, 1);
        float mu = plan.number(row, 2);
        float share = plan.number(row, 3);
        float own = plan.number(row, 4);
        float ahead = plan.number(row, 5);
        float lr = plan.number(row, 6);
        if (velocity == 0 && Mem.VECTOR) {
            OptimMomentum.descend(n, p, g, gradScale, pull, lr);
        } else if (velocity == 0) {
            OptimMomentum.descendScalar(n, p, g, gradScale, pull, lr);
        } else if (Mem.VECTOR) {
            OptimMomentum.sgd(n, p, g, velocity + at, gradScale, pull, mu, share, own, ahead, lr);
        } else {
            OptimMomentum.sgdScalar(n, p, g, velocity + at, gradScale, pull, mu, share, own, ahead, lr);
        }
    }

    private static void momentum(UpdatePlan plan, int row, long at, int n) {
        long y = plan.array(row, 0) + at;
        long g = plan.array(row, 1) + at;
        long velocity = plan.array(row, 2) + at;
        float gradScale = plan.number(row, 0);
        float mu = plan.number(row, 1);
        float share = plan.number(row, 2);
        float own = plan.number(row, 3);
        float ahead = plan.number(row, 4);
        if (Mem.VECTOR) {
            OptimMomentum.momentum(n, y, g, velocity, gradScale, mu, share, own, ahead);
        } else {
            OptimMomentum.momentumScalar(n, y, g, velocity, gradScale, mu, share, own, ahead);
        }
    }

    private static void adagrad(UpdatePlan plan, int row, long at, int n) {
        long p = plan.array(row, 0) + at;
        long g = plan.array(row, 1) + at;
        long sum = plan.array(row, 2) + at;
        float gradScale = plan.number(row, 0);
        float pull = plan.number(row, 1);
        float eps = plan.number(row, 2);
        float lr = plan.number(row, 3);
        if (Mem.VECTOR) {
            OptimSquares.adagrad(n, p, g, sum, gradScale, pull, eps, lr);
        } else {
            OptimSquares.adagradScalar(n, p, g, sum, gradScale, pull, eps, lr);
        }
    }

    /// The change goes through a chunk in the first cache, so that being centred and having momentum are two
    /// choices of two kernels and not one of four.
    private static void rmsProp(UpdatePlan plan, int row, long at, int n) {
        long change = Scratch.get().chunk(0);
        for (int i = 0; i < n; i += Scratch.CHUNK) {
            int count = Math.min(Scratch.CHUNK, n - i);
            rmsChange(plan, row, at + 4L * i, count, change);
            rmsApply(plan, row, at + 4L * i, count, change);
        }
    }

    private static void rmsChange(UpdatePlan plan, int row, long at, int n, long change) {
        long p = plan.array(row, 0) + at;
        long g = plan.array(row, 1) + at;
        long square = plan.array(row, 2) + at;
        long mean = plan.array(row, 3);
        float gradScale = plan.number(row, 0);
        float pull = plan.number(row, 1);
        float alpha = plan.number(row, 2);
        float rest = plan.number(row, 3);
        float eps = plan.number(row, 4);
        if (mean == 0 && Mem.VECTOR) {
            OptimSquares.scaled(n, p, g, square, change, gradScale, pull, alpha, rest, eps);
        } else if (mean == 0) {
            OptimSquares.scaledScalar(n, p, g, square, change, gradScale, pull, alpha, rest, eps);
        } else if (Mem.VECTOR) {
            OptimSquares.centred(n, p, g, square, mean + at, change, gradScale, pull, alpha, rest, eps);
        } else {
            OptimSquares.centredScalar(n, p, g, square, mean + at, change, gradScale, pull, alpha, rest, eps);
        }
    }

    private static void rmsApply(UpdatePlan plan, int row, long at, int n, long change) {
        long p = plan.array(row, 0) + at;
        long velocity = plan.array(row, 4);
        float mu = plan.number(row, 5);
        float lr = plan.number(row, 6);
        if (velocity == 0 && Mem.VECTOR) {
            OptimMomentum.descend(n, p, change, 1, 0, lr);
        } else if (velocity == 0) {
            OptimMomentum.descendScalar(n, p, change, 1, 0, lr);
        } else if (Mem.VECTOR) {
            OptimMomentum.sgd(n, p, change, velocity + at, 1, 0, mu, 1, 0, 1, lr);
        } else {
            OptimMomentum.sgdScalar(n, p, change, velocity + at, 1, 0, mu, 1, 0, 1, lr);
        }
    }

    private static void blend(UpdatePlan plan, int row, long at, int n) {
        long y = plan.array(row, 0) + at;
        long x = plan.array(row, 1) + at;
        float a = plan.number(row, 0);
        float b = plan.number(row, 1);
        if (Mem.VECTOR) {
            OptimMomentum.blend(n, y, x, a, b);
        } else {
            OptimMomentum.blendScalar(n, y, x, a, b);
        }
    }

    // ---- norms -------------------------------------------------------------------------------------------------

    /// `sums[i]` is the sum of squares of array i: in double over its blocks, added in their order. One job for
    /// all.
    static void sumsOfSquares(int arrays, long[] counts, long[] addresses, double[] sums) {
        int[] begin = new int[arrays + 1];
        for (int i = 0; i < arrays; i++) {
            begin[i + 1] = begin[i] + Math.toIntExact(Math.ceilDiv(counts[i], FlatBlocks.SIZE));
        }
        long partials = Rows.scratch(2L * begin[arrays]);
        FlatBlocks.run(arrays, counts, (array, first, n) -> {
            long x = addresses[array] + 4 * first;
            long block = begin[array] + first / FlatBlocks.SIZE;
            Mem.f64(partials + 8 * block, Mem.VECTOR ? squares(x, n) : squaresScalar(x, 0, n));
        });
        for (int i = 0; i < arrays; i++) {
            double sum = 0;
            for (int block = begin[i]; block < begin[i + 1]; block++) {
                sum += Mem.f64(partials + 8L * block);
            }
            sums[i] = sum;
        }
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
        Rows.blocks(n, FlatBlocks.SIZE, (_, first, count) -> {
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
            a = fromMemorySegment(FS, ALL, at, ORDER).fma(zero, a);
            b = fromMemorySegment(FS, ALL, at + 4L * L, ORDER).fma(zero, b);
            c = fromMemorySegment(FS, ALL, at + 8L * L, ORDER).fma(zero, c);
            d = fromMemorySegment(FS, ALL, at + 12L * L, ORDER).fma(zero, d);
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
}
