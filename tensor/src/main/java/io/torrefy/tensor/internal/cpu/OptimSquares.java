package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;

/// A block of Adagrad and of RMSprop's change; the arithmetic is that of `UpdateRule`, rounded after every operation,
/// so that the scalar forms give the bits of the vectors and serve as their tails.
final class OptimSquares {
    private OptimSquares() {}

    static void adagrad(int n, long p, long g, long sum, float gradScale, float pull, float eps, float lr) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector w = fromMemorySegment(FS, ALL, p + at, ORDER);
            FloatVector d =
                    fromMemorySegment(FS, ALL, g + at, ORDER).mul(gradScale).add(w.mul(pull));
            FloatVector s = fromMemorySegment(FS, ALL, sum + at, ORDER).add(d.mul(d));
            s.intoMemorySegment(ALL, sum + at, ORDER);
            w.add(d.div(s.sqrt().add(eps)).mul(-lr)).intoMemorySegment(ALL, p + at, ORDER);
        }
        adagradScalar(n - i, p + 4L * i, g + 4L * i, sum + 4L * i, gradScale, pull, eps, lr);
    }

    static void adagradScalar(int n, long p, long g, long sum, float gradScale, float pull, float eps, float lr) {
        for (long i = 0; i < 4L * n; i += 4) {
            float w = f32(p + i);
            float d = f32(g + i) * gradScale + w * pull;
            float s = f32(sum + i) + d * d;
            f32(sum + i, s);
            f32(p + i, w + d / (root(s) + eps) * -lr);
        }
    }

    static void scaled(
            int n,
            long p,
            long g,
            long square,
            long change,
            float gradScale,
            float pull,
            float alpha,
            float rest,
            float eps) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector d = fromMemorySegment(FS, ALL, g + at, ORDER)
                    .mul(gradScale)
                    .add(fromMemorySegment(FS, ALL, p + at, ORDER).mul(pull));
            FloatVector s = fromMemorySegment(FS, ALL, square + at, ORDER)
                    .mul(alpha)
                    .add(d.mul(d).mul(rest));
            s.intoMemorySegment(ALL, square + at, ORDER);
            d.div(s.sqrt().add(eps)).intoMemorySegment(ALL, change + at, ORDER);
        }
        long at = 4L * i;
        scaledScalar(n - i, p + at, g + at, square + at, change + at, gradScale, pull, alpha, rest, eps);
    }

    static void scaledScalar(
            int n,
            long p,
            long g,
            long square,
            long change,
            float gradScale,
            float pull,
            float alpha,
            float rest,
            float eps) {
        for (long i = 0; i < 4L * n; i += 4) {
            float d = f32(g + i) * gradScale + f32(p + i) * pull;
            float s = f32(square + i) * alpha + d * d * rest;
            f32(square + i, s);
            f32(change + i, d / (root(s) + eps));
        }
    }

    static void centred(
            int n,
            long p,
            long g,
            long square,
            long mean,
            long change,
            float gradScale,
            float pull,
            float alpha,
            float rest,
            float eps) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector d = fromMemorySegment(FS, ALL, g + at, ORDER)
                    .mul(gradScale)
                    .add(fromMemorySegment(FS, ALL, p + at, ORDER).mul(pull));
            FloatVector s = fromMemorySegment(FS, ALL, square + at, ORDER)
                    .mul(alpha)
                    .add(d.mul(d).mul(rest));
            FloatVector m =
                    fromMemorySegment(FS, ALL, mean + at, ORDER).mul(alpha).add(d.mul(rest));
            s.intoMemorySegment(ALL, square + at, ORDER);
            m.intoMemorySegment(ALL, mean + at, ORDER);
            d.div(s.sub(m.mul(m)).sqrt().add(eps)).intoMemorySegment(ALL, change + at, ORDER);
        }
        long at = 4L * i;
        centredScalar(n - i, p + at, g + at, square + at, mean + at, change + at, gradScale, pull, alpha, rest, eps);
    }

    static void centredScalar(
            int n,
            long p,
            long g,
            long square,
            long mean,
            long change,
            float gradScale,
            float pull,
            float alpha,
            float rest,
            float eps) {
        for (long i = 0; i < 4L * n; i += 4) {
            float d = f32(g + i) * gradScale + f32(p + i) * pull;
            float s = f32(square + i) * alpha + d * d * rest;
            float m = f32(mean + i) * alpha + d * rest;
            f32(square + i, s);
            f32(mean + i, m);
            f32(change + i, d / (root(s - m * m) + eps));
        }
    }

    /// Rounded to f32 once: the root of a float in double is exact enough for that.
    private static float root(float x) {
        return (float) Math.sqrt(x);
    }
}
