package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The gated activation of SwiGLU (Shazeer, 2020, "GLU variants improve transformer"): `silu(gate) * up`.
final class Swiglu {
    private Swiglu() {}

    static void swiglu(long rows, long n, long gate, long gateStride, long up, long upStride, long y) {
        int columns = Math.toIntExact(n);
        Rows.run(rows, n, (_, first, count) -> {
            for (long r = first; r < first + count; r++) {
                long g = gate + 4 * gateStride * r;
                long u = up + 4 * upStride * r;
                if (Mem.VECTOR) {
                    row(g, u, columns, y + 4 * n * r);
                } else {
                    scalarRow(g, u, columns, y + 4 * n * r);
                }
            }
        });
    }

    /// y is neither gate nor up: it holds the exponentials first ([RowExp] says why they have a loop of their own).
    static void row(long gate, long up, int n, long y) {
        RowExp.storeNegated(gate, n, y);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            FloatVector e = fromMemorySegment(FS, ALL, y + 4L * i, ORDER).add(1f);
            fromMemorySegment(FS, ALL, gate + 4L * i, ORDER)
                    .mul(fromMemorySegment(FS, ALL, up + 4L * i, ORDER))
                    .div(e)
                    .intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        for (long at = 4L * i; at < 4L * n; at += 4) {
            f32(y + at, f32(gate + at) * f32(up + at) / (f32(y + at) + 1f));
        }
    }

    static void scalarRow(long gate, long up, int n, long y) {
        for (long i = 0; i < 4L * n; i += 4) {
            double g = f32(gate + i);
            f32(y + i, (float) (g / (1 + Math.exp(-g)) * f32(up + i)));
        }
    }

    /// With `s = sigmoid(gate)`: `dUp = dy gate s`, `dGate = dy up s (1 + gate (1 - s))`.
    static void swigluBackward(
            long rows,
            long n,
            long gate,
            long gateStride,
            long up,
            long upStride,
            long dy,
            long dGate,
            long dGateStride,
            long dUp,
            long dUpStride) {
        int columns = Math.toIntExact(n);
        Rows.run(rows, n, (_, first, count) -> {
            for (long r = first; r < first + count; r++) {
                long g = gate + 4 * gateStride * r;
                long u = up + 4 * upStride * r;
                long dg = dGate + 4 * dGateStride * r;
                long du = dUp + 4 * dUpStride * r;
                if (Mem.VECTOR) {
                    rowBackward(g, u, dy + 4 * n * r, columns, dg, du);
                } else {
                    scalarRowBackward(g, u, dy + 4 * n * r, columns, dg, du);
                }
            }
        });
    }

    /// In two loops, with the sigmoid waiting in dUp: in one, C2 ran out of its inlining budget and boxed the
    /// stores.
    private static void rowBackward(long gate, long up, long dy, int n, long dGate, long dUp) {
        sigmoid(gate, n, dUp);
        gradient(gate, up, dy, n, dGate, dUp);
    }

    private static void sigmoid(long x, int n, long y) {
        RowExp.storeNegated(x, n, y);
        FloatVector one = FloatVector.broadcast(Mem.FS, 1f);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            one.div(fromMemorySegment(FS, ALL, y + 4L * i, ORDER).add(one)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        for (long at = 4L * i; at < 4L * n; at += 4) {
            f32(y + at, 1f / (f32(y + at) + 1f));
        }
    }

    private static void gradient(long gate, long up, long dy, int n, long dGate, long dUp) {
        FloatVector one = FloatVector.broadcast(Mem.FS, 1f);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            long at = 4L * i;
            FloatVector g = fromMemorySegment(FS, ALL, gate + at, ORDER);
            FloatVector s = fromMemorySegment(FS, ALL, dUp + at, ORDER);
            FloatVector d = fromMemorySegment(FS, ALL, dy + at, ORDER).mul(s);
            d.mul(g).intoMemorySegment(ALL, dUp + at, ORDER);
            d.mul(fromMemorySegment(FS, ALL, up + at, ORDER))
                    .mul(one.sub(s).fma(g, one))
                    .intoMemorySegment(ALL, dGate + at, ORDER);
        }
        if (i < n) {
            long at = 4L * i;
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector g = fromMemorySegment(FS, ALL, gate + at, ORDER, tail);
            FloatVector s = fromMemorySegment(FS, ALL, dUp + at, ORDER, tail);
            FloatVector d = fromMemorySegment(FS, ALL, dy + at, ORDER, tail).mul(s);
            d.mul(g).intoMemorySegment(ALL, dUp + at, ORDER, tail);
            d.mul(fromMemorySegment(FS, ALL, up + at, ORDER, tail))
                    .mul(one.sub(s).fma(g, one))
                    .intoMemorySegment(ALL, dGate + at, ORDER, tail);
        }
    }

    static void scalarRowBackward(long gate, long up, long dy, int n, long dGate, long dUp) {
        for (long i = 0; i < 4L * n; i += 4) {
            double g = f32(gate + i);
            double u = f32(up + i);
            double s = 1 / (1 + Math.exp(-g));
            double d = f32(dy + i) * s;
            f32(dUp + i, (float) (d * g));
            f32(dGate + i, (float) (d * u * (1 + g * (1 - s))));
        }
    }
}
