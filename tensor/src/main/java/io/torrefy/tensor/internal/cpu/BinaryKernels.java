package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.BinaryOp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// F32 vector loops of two arguments, one small method each: `vv` takes two vectors, `vs` a vector and a scalar, `sv` a
/// scalar and a vector. Tails as in `UnaryKernels`.
final class BinaryKernels {
    private static final int L = Mem.FS.length();
    private static final FloatVector ONE = FloatVector.broadcast(Mem.FS, 1f);

    private BinaryKernels() {}

    /// Whether there is a vector loop; the others take the scalar way.
    static boolean supports(BinaryOp op) {
        return op != BinaryOp.POW && op != BinaryOp.REMAINDER;
    }

    /// Whether the op has `vs` and `sv` forms.
    static boolean takesScalars(BinaryOp op) {
        return switch (op) {
            case ADD, SUB, MUL, DIV, MAXIMUM, MINIMUM -> true;
            default -> false;
        };
    }

    static void vv(BinaryOp op, int n, long a, long b, long y) {
        int full = Mem.FS.loopBound(n);
        if (full > 0) {
            loop(op, full, a, b, y);
        }
        if (full < n) {
            Scratch scratch = Scratch.get();
            long at = 4L * full;
            Mem.move4(n - full, a + at, scratch.tail(0));
            Mem.move4(n - full, b + at, scratch.tail(1));
            loop(op, L, scratch.tail(0), scratch.tail(1), scratch.tail(0));
            Mem.move4(n - full, scratch.tail(0), y + at);
        }
    }

    static void vs(BinaryOp op, int n, long a, float b, long y) {
        int full = Mem.FS.loopBound(n);
        if (full > 0) {
            loopScalar(op, full, a, b, y);
        }
        if (full < n) {
            long tail = Scratch.get().tail(0);
            Mem.move4(n - full, a + 4L * full, tail);
            loopScalar(op, L, tail, b, tail);
            Mem.move4(n - full, tail, y + 4L * full);
        }
    }

    static void sv(BinaryOp op, int n, float a, long b, long y) {
        switch (op) {
            case ADD, MUL, MAXIMUM, MINIMUM -> vs(op, n, b, a, y);
            default -> {
                int full = Mem.FS.loopBound(n);
                if (full > 0) {
                    loopReversed(op, full, a, b, y);
                }
                if (full < n) {
                    long tail = Scratch.get().tail(0);
                    Mem.move4(n - full, b + 4L * full, tail);
                    loopReversed(op, L, a, tail, tail);
                    Mem.move4(n - full, tail, y + 4L * full);
                }
            }
        }
    }

    private static void loop(BinaryOp op, int n, long a, long b, long y) {
        switch (op) {
            case ADD -> add(n, a, b, y);
            case SUB -> sub(n, a, b, y);
            case MUL -> mul(n, a, b, y);
            case DIV -> div(n, a, b, y);
            case MAXIMUM -> max(n, a, b, y);
            case MINIMUM -> min(n, a, b, y);
            case RELU_GRAD -> reluGrad(n, a, b, y);
            case SILU_GRAD -> siluGrad(n, a, b, y);
            case GELU_TANH_GRAD -> geluTanhGrad(n, a, b, y);
            case GELU_ERF_GRAD -> geluErfGrad(n, a, b, y);
            case SIGMOID_GRAD -> sigmoidGrad(n, a, b, y);
            case TANH_GRAD -> tanhGrad(n, a, b, y);
            default -> throw new IllegalArgumentException("[binary] expected a vector op; got " + op);
        }
    }

    private static void loopScalar(BinaryOp op, int n, long a, float b, long y) {
        switch (op) {
            case ADD -> addScalar(n, a, b, y);
            case SUB -> addScalar(n, a, -b, y);
            case MUL -> mulScalar(n, a, b, y);
            case DIV -> divScalar(n, a, b, y);
            case MAXIMUM -> maxScalar(n, a, b, y);
            case MINIMUM -> minScalar(n, a, b, y);
            default -> throw new IllegalArgumentException("[binary] expected an op with a scalar form; got " + op);
        }
    }

    private static void loopReversed(BinaryOp op, int n, float a, long b, long y) {
        switch (op) {
            case SUB -> subFrom(n, a, b, y);
            case DIV -> divInto(n, a, b, y);
            default -> throw new IllegalArgumentException("[binary] expected SUB or DIV; got " + op);
        }
    }

    private static void add(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(a + 4L * i).add(Mem.load(b + 4L * i)), y + 4L * i);
        }
    }

    private static void sub(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(a + 4L * i).sub(Mem.load(b + 4L * i)), y + 4L * i);
        }
    }

    private static void mul(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(a + 4L * i).mul(Mem.load(b + 4L * i)), y + 4L * i);
        }
    }

    private static void div(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(a + 4L * i).div(Mem.load(b + 4L * i)), y + 4L * i);
        }
    }

    private static void max(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(a + 4L * i).max(Mem.load(b + 4L * i)), y + 4L * i);
        }
    }

    private static void min(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(a + 4L * i).min(Mem.load(b + 4L * i)), y + 4L * i);
        }
    }

    private static void addScalar(int n, long a, float b, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(a + 4L * i).add(b), y + 4L * i);
        }
    }

    private static void mulScalar(int n, long a, float b, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(a + 4L * i).mul(b), y + 4L * i);
        }
    }

    private static void divScalar(int n, long a, float b, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(a + 4L * i).div(b), y + 4L * i);
        }
    }

    private static void maxScalar(int n, long a, float b, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(a + 4L * i).max(b), y + 4L * i);
        }
    }

    private static void minScalar(int n, long a, float b, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(a + 4L * i).min(b), y + 4L * i);
        }
    }

    private static void subFrom(int n, float a, long b, long y) {
        FloatVector left = FloatVector.broadcast(Mem.FS, a);
        for (int i = 0; i < n; i += L) {
            Mem.store(left.sub(Mem.load(b + 4L * i)), y + 4L * i);
        }
    }

    private static void divInto(int n, float a, long b, long y) {
        FloatVector left = FloatVector.broadcast(Mem.FS, a);
        for (int i = 0; i < n; i += L) {
            Mem.store(left.div(Mem.load(b + 4L * i)), y + 4L * i);
        }
    }

    private static void reluGrad(int n, long x, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector g = Mem.load(dy + 4L * i);
            Mem.store(g.blend(0f, Mem.load(x + 4L * i).compare(VectorOperators.LE, 0f)), dx + 4L * i);
        }
    }

    /// `s (1 + x (1 - s))` with `s = sigmoid(x)`; `1 - s` is taken as `e^-x s`, which cancels nothing.
    private static void siluGrad(int n, long x, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(x + 4L * i);
            FloatVector e = VectorFunctions.expOfNegative(v);
            FloatVector s = ONE.div(e.add(1f));
            FloatVector slope = v.mul(e.mul(s)).add(1f).mul(s);
            Mem.store(slope.mul(Mem.load(dy + 4L * i)), dx + 4L * i);
        }
    }

    /// `s + x s (1 - s) u'` with `s = sigmoid(u(x))`.
    private static void geluTanhGrad(int n, long x, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(x + 4L * i);
            FloatVector e = VectorFunctions.expOfNegative(VectorFunctions.geluInner(v));
            FloatVector s = ONE.div(e.add(1f));
            FloatVector rise = v.mul(s).mul(e.mul(s)).mul(VectorFunctions.geluInnerSlope(v));
            Mem.store(rise.add(s).mul(Mem.load(dy + 4L * i)), dx + 4L * i);
        }
    }

    /// `Phi(x) + x phi(x)`.
    private static void geluErfGrad(int n, long x, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(x + 4L * i);
            FloatVector density = VectorMath.exp(v.mul(v).mul(-0.5f)).mul(0.5f * VectorFunctions.GELU);
            FloatVector slope = density.lanewise(VectorOperators.FMA, v, VectorFunctions.normalCdf(v));
            Mem.store(slope.mul(Mem.load(dy + 4L * i)), dx + 4L * i);
        }
    }

    private static void sigmoidGrad(int n, long y, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(y + 4L * i);
            Mem.store(Mem.load(dy + 4L * i).mul(v).mul(v.neg().add(1f)), dx + 4L * i);
        }
    }

    private static void tanhGrad(int n, long y, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(y + 4L * i);
            Mem.store(v.mul(v).neg().add(1f).mul(Mem.load(dy + 4L * i)), dx + 4L * i);
        }
    }
}
