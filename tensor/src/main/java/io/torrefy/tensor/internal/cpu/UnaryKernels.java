package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.UnaryOp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// F32 vector loops of one argument, one small method each, over whole vectors. A tail is computed as a full vector in
/// scratch memory, so an element's bits don't depend on where it lies.
final class UnaryKernels {
    private static final int L = Mem.FS.length();

    private UnaryKernels() {}

    /// Whether `run` knows the op; the others take the scalar way.
    static boolean supports(UnaryOp op, double p0) {
        return switch (op) {
            case NEG, ABS, SIGN, SQUARE, SQRT, RSQRT, RECIPROCAL, EXP, LOG, TANH, ERF, SIGMOID, RELU, SILU -> true;
            case GELU_TANH, GELU_ERF, CLAMP, ADD_SCALAR, MUL_SCALAR -> true;
            case POW -> p0 == 2;
            default -> false;
        };
    }

    static void run(UnaryOp op, int n, long x, long y, float p0, float p1) {
        int full = Mem.FS.loopBound(n);
        if (full > 0) {
            loop(op, full, x, y, p0, p1);
        }
        if (full < n) {
            long tail = Scratch.get().tail(0);
            Mem.move4(n - full, x + 4L * full, tail);
            loop(op, L, tail, tail, p0, p1);
            Mem.move4(n - full, tail, y + 4L * full);
        }
    }

    private static void loop(UnaryOp op, int n, long x, long y, float p0, float p1) {
        switch (op) {
            case NEG -> neg(n, x, y);
            case ABS -> abs(n, x, y);
            case SIGN -> sign(n, x, y);
            case SQUARE, POW -> square(n, x, y);
            case SQRT -> sqrt(n, x, y);
            case RSQRT -> rsqrt(n, x, y);
            case RECIPROCAL -> reciprocal(n, x, y);
            case EXP -> exp(n, x, y);
            case LOG -> log(n, x, y);
            case TANH -> tanh(n, x, y);
            case ERF -> erf(n, x, y);
            case SIGMOID -> sigmoid(n, x, y);
            case RELU -> relu(n, x, y);
            case SILU -> silu(n, x, y);
            case GELU_TANH -> geluTanh(n, x, y);
            case GELU_ERF -> geluErf(n, x, y);
            case CLAMP -> clamp(n, x, y, p0, p1);
            case ADD_SCALAR -> addScalar(n, x, y, p0);
            case MUL_SCALAR -> mulScalar(n, x, y, p0);
            default -> throw new IllegalArgumentException("[unary] expected a vector op; got " + op);
        }
    }

    private static void neg(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(x + 4L * i).neg(), y + 4L * i);
        }
    }

    private static void abs(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(x + 4L * i).abs(), y + 4L * i);
        }
    }

    /// NaN and zeros give 0, as in PyTorch.
    private static void sign(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(x + 4L * i);
            FloatVector s = FloatVector.zero(Mem.FS).blend(1f, v.compare(VectorOperators.GT, 0f));
            Mem.store(s.blend(-1f, v.compare(VectorOperators.LT, 0f)), y + 4L * i);
        }
    }

    private static void square(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(x + 4L * i);
            Mem.store(v.mul(v), y + 4L * i);
        }
    }

    private static void sqrt(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(x + 4L * i).sqrt(), y + 4L * i);
        }
    }

    private static void rsqrt(int n, long x, long y) {
        FloatVector one = FloatVector.broadcast(Mem.FS, 1f);
        for (int i = 0; i < n; i += L) {
            Mem.store(one.div(Mem.load(x + 4L * i).sqrt()), y + 4L * i);
        }
    }

    private static void reciprocal(int n, long x, long y) {
        FloatVector one = FloatVector.broadcast(Mem.FS, 1f);
        for (int i = 0; i < n; i += L) {
            Mem.store(one.div(Mem.load(x + 4L * i)), y + 4L * i);
        }
    }

    private static void exp(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(VectorMath.exp(Mem.load(x + 4L * i)), y + 4L * i);
        }
    }

    private static void log(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(VectorFunctions.log(Mem.load(x + 4L * i)), y + 4L * i);
        }
    }

    private static void tanh(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(VectorFunctions.tanh(Mem.load(x + 4L * i)), y + 4L * i);
        }
    }

    private static void erf(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(VectorFunctions.erf(Mem.load(x + 4L * i)), y + 4L * i);
        }
    }

    private static void sigmoid(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            Mem.store(VectorFunctions.sigmoid(Mem.load(x + 4L * i)), y + 4L * i);
        }
    }

    private static void relu(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(x + 4L * i);
            Mem.store(v.blend(0f, v.compare(VectorOperators.LE, 0f)), y + 4L * i);
        }
    }

    private static void silu(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(x + 4L * i);
            Mem.store(v.div(VectorMath.exp(v.neg()).add(1f)), y + 4L * i);
        }
    }

    private static void geluTanh(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(x + 4L * i);
            FloatVector e = VectorMath.exp(VectorFunctions.geluInner(v).neg());
            Mem.store(v.div(e.add(1f)), y + 4L * i);
        }
    }

    private static void geluErf(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(x + 4L * i);
            Mem.store(v.mul(VectorFunctions.normalCdf(v)), y + 4L * i);
        }
    }

    private static void clamp(int n, long x, long y, float low, float high) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = Mem.load(x + 4L * i);
            FloatVector c = v.blend(high, v.compare(VectorOperators.GT, high));
            Mem.store(c.blend(low, v.compare(VectorOperators.LT, low)), y + 4L * i);
        }
    }

    private static void addScalar(int n, long x, long y, float p) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(x + 4L * i).add(p), y + 4L * i);
        }
    }

    private static void mulScalar(int n, long x, long y, float p) {
        for (int i = 0; i < n; i += L) {
            Mem.store(Mem.load(x + 4L * i).mul(p), y + 4L * i);
        }
    }
}
