package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;

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
            FloatVector w = fromMemorySegment(FS, ALL, p + at, ORDER);
            FloatVector d =
                    fromMemorySegment(FS, ALL, g + at, ORDER).mul(gradScale).add(w.mul(pull));
            FloatVector first =
                    fromMemorySegment(FS, ALL, m + at, ORDER).mul(beta1).add(d.mul(rest1));
            FloatVector second = fromMemorySegment(FS, ALL, v + at, ORDER)
                    .mul(beta2)
                    .add(d.mul(d).mul(rest2));
            first.intoMemorySegment(ALL, m + at, ORDER);
            second.intoMemorySegment(ALL, v + at, ORDER);
            FloatVector root = second.sqrt().mul(invBias2).add(epsilon);
            w.mul(keep).sub(first.mul(stepSize).div(root)).intoMemorySegment(ALL, p + at, ORDER);
        }
        long at = 4L * i;
        rest(
                n - i, p + at, g + at, m + at, v + at, 0, gradScale, keep, pull, beta1, rest1, beta2, rest2, eps,
                stepSize, invBias2);
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
            FloatVector w = fromMemorySegment(FS, ALL, p + at, ORDER);
            FloatVector d =
                    fromMemorySegment(FS, ALL, g + at, ORDER).mul(gradScale).add(w.mul(pull));
            FloatVector first =
                    fromMemorySegment(FS, ALL, m + at, ORDER).mul(beta1).add(d.mul(rest1));
            FloatVector second = fromMemorySegment(FS, ALL, v + at, ORDER)
                    .mul(beta2)
                    .add(d.mul(d).mul(rest2));
            FloatVector top = fromMemorySegment(FS, ALL, maxV + at, ORDER).max(second);
            first.intoMemorySegment(ALL, m + at, ORDER);
            second.intoMemorySegment(ALL, v + at, ORDER);
            top.intoMemorySegment(ALL, maxV + at, ORDER);
            FloatVector root = top.sqrt().mul(invBias2).add(epsilon);
            w.mul(keep).sub(first.mul(stepSize).div(root)).intoMemorySegment(ALL, p + at, ORDER);
        }
        long at = 4L * i;
        rest(
                n - i, p + at, g + at, m + at, v + at, maxV + at, gradScale, keep, pull, beta1, rest1, beta2, rest2,
                eps, stepSize, invBias2);
    }

    /// What whole vectors leave, with the bits of a lane. (Five arrays under a mask, after the loop, are more than
    /// C2 compiles in one method.)
    private static void rest(
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
        for (long i = 0; i < 4L * n; i += 4) {
            float w = f32(p + i);
            float d = f32(g + i) * gradScale + w * pull;
            float first = f32(m + i) * beta1 + d * rest1;
            float second = f32(v + i) * beta2 + d * d * rest2;
            f32(m + i, first);
            f32(v + i, second);
            float top = second;
            if (maxV != 0) {
                top = Math.max(f32(maxV + i), second);
                f32(maxV + i, top);
            }
            float root = (float) Math.sqrt(top) * invBias2 + eps;
            f32(p + i, w * keep - first * stepSize / root);
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
