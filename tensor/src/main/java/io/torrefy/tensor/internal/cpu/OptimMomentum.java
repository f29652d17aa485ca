package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;

/// A block of gradient descent, of momentum, and of a sum of two arrays; the arithmetic is that of `UpdateRule`,
/// rounded after every operation, so that the scalar forms give the bits of the vectors and serve as their tails.
final class OptimMomentum {
    private OptimMomentum() {}

    /// Without a velocity: `p -= lr (gradScale g + pull p)`.
    static void descend(int n, long p, long g, float gradScale, float pull, float lr) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector w = fromMemorySegment(FS, ALL, p + at, ORDER);
            FloatVector d =
                    fromMemorySegment(FS, ALL, g + at, ORDER).mul(gradScale).add(w.mul(pull));
            w.add(d.mul(-lr)).intoMemorySegment(ALL, p + at, ORDER);
        }
        descendScalar(n - i, p + 4L * i, g + 4L * i, gradScale, pull, lr);
    }

    static void descendScalar(int n, long p, long g, float gradScale, float pull, float lr) {
        for (long i = 0; i < 4L * n; i += 4) {
            float w = f32(p + i);
            float d = f32(g + i) * gradScale + w * pull;
            f32(p + i, w + d * -lr);
        }
    }

    static void sgd(
            int n,
            long p,
            long g,
            long velocity,
            float gradScale,
            float pull,
            float mu,
            float share,
            float own,
            float ahead,
            float lr) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector w = fromMemorySegment(FS, ALL, p + at, ORDER);
            FloatVector d =
                    fromMemorySegment(FS, ALL, g + at, ORDER).mul(gradScale).add(w.mul(pull));
            FloatVector v =
                    fromMemorySegment(FS, ALL, velocity + at, ORDER).mul(mu).add(d.mul(share));
            v.intoMemorySegment(ALL, velocity + at, ORDER);
            w.add(d.mul(own).add(v.mul(ahead)).mul(-lr)).intoMemorySegment(ALL, p + at, ORDER);
        }
        long at = 4L * i;
        sgdScalar(n - i, p + at, g + at, velocity + at, gradScale, pull, mu, share, own, ahead, lr);
    }

    static void sgdScalar(
            int n,
            long p,
            long g,
            long velocity,
            float gradScale,
            float pull,
            float mu,
            float share,
            float own,
            float ahead,
            float lr) {
        for (long i = 0; i < 4L * n; i += 4) {
            float w = f32(p + i);
            float d = f32(g + i) * gradScale + w * pull;
            float v = f32(velocity + i) * mu + d * share;
            f32(velocity + i, v);
            f32(p + i, w + (d * own + v * ahead) * -lr);
        }
    }

    static void momentum(
            int n, long y, long g, long velocity, float gradScale, float mu, float share, float own, float ahead) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector d = fromMemorySegment(FS, ALL, g + at, ORDER).mul(gradScale);
            FloatVector v =
                    fromMemorySegment(FS, ALL, velocity + at, ORDER).mul(mu).add(d.mul(share));
            v.intoMemorySegment(ALL, velocity + at, ORDER);
            d.mul(own).add(v.mul(ahead)).intoMemorySegment(ALL, y + at, ORDER);
        }
        long at = 4L * i;
        momentumScalar(n - i, y + at, g + at, velocity + at, gradScale, mu, share, own, ahead);
    }

    static void momentumScalar(
            int n, long y, long g, long velocity, float gradScale, float mu, float share, float own, float ahead) {
        for (long i = 0; i < 4L * n; i += 4) {
            float d = f32(g + i) * gradScale;
            float v = f32(velocity + i) * mu + d * share;
            f32(velocity + i, v);
            f32(y + i, d * own + v * ahead);
        }
    }

    static void blend(int n, long y, long x, float a, float b) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            fromMemorySegment(FS, ALL, y + at, ORDER)
                    .mul(a)
                    .add(fromMemorySegment(FS, ALL, x + at, ORDER).mul(b))
                    .intoMemorySegment(ALL, y + at, ORDER);
        }
        blendScalar(n - i, y + 4L * i, x + 4L * i, a, b);
    }

    static void blendScalar(int n, long y, long x, float a, float b) {
        for (long i = 0; i < 4L * n; i += 4) {
            f32(y + i, f32(y + i) * a + f32(x + i) * b);
        }
    }
}
