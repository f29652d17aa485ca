package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// Rotary position embedding (Su et al., 2021, arXiv 2104.09864): each pair (a, b) of a head becomes
/// `(a cos - b sin, b cos + a sin)` at the angle of its position and pair.
final class Rope {
    /// Neighbours exchanged: lane i comes from i ^ 1.
    private static final VectorShuffle<Float> SWAP = VectorShuffle.fromOp(Mem.FS, i -> i ^ 1);

    /// Each of the first L/2 lanes twice.
    private static final VectorShuffle<Float> TWICE = VectorShuffle.fromOp(Mem.FS, i -> i >> 1);

    /// -1, 1, -1, 1, ...: the sign of the sine for the first and second of a pair.
    private static final float[] SIGNS = signs();

    private Rope() {}

    static void rope(
            long tokens,
            long heads,
            long dim,
            boolean interleaved,
            long x,
            long xTokenStride,
            long xHeadStride,
            long cos,
            long sin,
            long positions,
            float sign,
            long y,
            long yTokenStride,
            long yHeadStride) {
        int half = Math.toIntExact(dim / 2);
        Rows.run(tokens, heads * dim, (_, first, count) -> {
            for (long t = first; t < first + count; t++) {
                long row = 4L * half * Mem.i64(positions + 8 * t);
                for (long h = 0; h < heads; h++) {
                    long from = x + 4 * (xTokenStride * t + xHeadStride * h);
                    long to = y + 4 * (yTokenStride * t + yHeadStride * h);
                    rotate(interleaved, half, from, cos + row, sin + row, sign, to);
                }
            }
        });
    }

    private static void rotate(boolean interleaved, int half, long x, long cos, long sin, float sign, long y) {
        if (!Mem.VECTOR) {
            int step = interleaved ? 2 : 1;
            scalar(half, step, interleaved ? 1 : half, x, cos, sin, sign, y);
        } else if (interleaved) {
            neighbours(half, x, cos, sin, sign, y);
        } else {
            halves(half, x, cos, sin, sign, y);
        }
    }

    /// Pairs (k, k + half). What whole vectors leave goes one by one, with the same bits: six accesses under a mask
    /// more than C2 inlines here beside the other layout.
    static void halves(int half, long x, long cos, long sin, float sign, long y) {
        long up = 4L * half;
        int i = 0;
        for (int end = Rows.whole(half); i < end; i += L) {
            long at = 4L * i;
            FloatVector c = fromMemorySegment(FS, ALL, cos + at, ORDER);
            FloatVector s = fromMemorySegment(FS, ALL, sin + at, ORDER).mul(sign);
            FloatVector a = fromMemorySegment(FS, ALL, x + at, ORDER);
            FloatVector b = fromMemorySegment(FS, ALL, x + up + at, ORDER);
            a.mul(c).sub(b.mul(s)).intoMemorySegment(ALL, y + at, ORDER);
            b.mul(c).add(a.mul(s)).intoMemorySegment(ALL, y + up + at, ORDER);
        }
        if (i < half) {
            long at = 4L * i;
            scalar(half - i, 1, half, x + at, cos + at, sin + at, sign, y + at);
        }
    }

    /// Pairs (2k, 2k + 1). Half a vector of angles serves a vector of x, so angles are loaded under a mask: the
    /// table ends where it ends.
    private static void neighbours(int half, long x, long cos, long sin, float sign, long y) {
        FloatVector signs = FloatVector.fromArray(Mem.FS, SIGNS, 0).mul(sign);
        VectorMask<Float> lower = Rows.below(L / 2);
        int n = 2 * half;
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            FloatVector c =
                    fromMemorySegment(FS, ALL, cos + 2L * i, ORDER, lower).rearrange(TWICE);
            FloatVector s = fromMemorySegment(FS, ALL, sin + 2L * i, ORDER, lower)
                    .rearrange(TWICE)
                    .mul(signs);
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            v.mul(c).add(v.rearrange(SWAP).mul(s)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        if (i < n) {
            scalar((n - i) / 2, 2, 1, x + 4L * i, cos + 2L * i, sin + 2L * i, sign, y + 4L * i);
        }
    }

    /// Either layout: pair k is at `k * step` and `k * step + apart`.
    static void scalar(int half, int step, int apart, long x, long cos, long sin, float sign, long y) {
        for (int k = 0; k < half; k++) {
            float c = f32(cos + 4L * k);
            float s = f32(sin + 4L * k) * sign;
            long first = 4L * k * step;
            long second = first + 4L * apart;
            float a = f32(x + first);
            float b = f32(x + second);
            f32(y + first, a * c - b * s);
            f32(y + second, b * c + a * s);
        }
    }

    private static float[] signs() {
        float[] signs = new float[L];
        for (int i = 0; i < L; i++) {
            signs[i] = i % 2 == 0 ? -1 : 1;
        }
        return signs;
    }
}
