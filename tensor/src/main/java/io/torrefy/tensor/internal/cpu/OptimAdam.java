package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Mem.load;
import static io.torrefy.tensor.internal.cpu.Mem.store;
import static io.torrefy.tensor.internal.cpu.Rows.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// A block of Adam (Kingma and Ba, 2014) or AdamW (Loshchilov and Hutter, 2017); the arithmetic is that of
/// `UpdateRule.ADAM`.
final class OptimAdam {
    private OptimAdam() {}

    static void adam(
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

    static void amsgrad(
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

    /// `maxV` may be 0.
    static void scalar(
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
}
