package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Mem.load;
import static io.torrefy.tensor.internal.cpu.Mem.store;
import static io.torrefy.tensor.internal.cpu.Rows.L;

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
            FloatVector w = load(p + at);
            FloatVector d = load(g + at).mul(gradScale).add(w.mul(pull));
            store(w.add(d.mul(-lr)), p + at);
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
            FloatVector w = load(p + at);
            FloatVector d = load(g + at).mul(gradScale).add(w.mul(pull));
            FloatVector v = load(velocity + at).mul(mu).add(d.mul(share));
            store(v, velocity + at);
            store(w.add(d.mul(own).add(v.mul(ahead)).mul(-lr)), p + at);
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
            FloatVector d = load(g + at).mul(gradScale);
            FloatVector v = load(velocity + at).mul(mu).add(d.mul(share));
            store(v, velocity + at);
            store(d.mul(own).add(v.mul(ahead)), y + at);
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
            store(load(y + at).mul(a).add(load(x + at).mul(b)), y + at);
        }
        blendScalar(n - i, y + 4L * i, x + 4L * i, a, b);
    }

    static void blendScalar(int n, long y, long x, float a, float b) {
        for (long i = 0; i < 4L * n; i += 4) {
            f32(y + i, f32(y + i) * a + f32(x + i) * b);
        }
    }
}
