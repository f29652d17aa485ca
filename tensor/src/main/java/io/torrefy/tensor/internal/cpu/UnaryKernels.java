package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

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

    /// A loop over whole vectors. Calls through this type keep C2 from inlining many loops into one compilation.
    @FunctionalInterface
    private interface Loop {
        void run(int n, long x, long y, float p0, float p1);
    }

    static void run(UnaryOp op, int n, long x, long y, float p0, float p1) {
        Loop loop = of(op);
        int full = Mem.FS.loopBound(n);
        if (full > 0) {
            loop.run(full, x, y, p0, p1);
        }
        if (full < n) {
            long tail = Scratch.get().tail(0);
            Mem.move4(n - full, x + 4L * full, tail);
            loop.run(L, tail, tail, p0, p1);
            Mem.move4(n - full, tail, y + 4L * full);
        }
    }

    private static Loop of(UnaryOp op) {
        return switch (op) {
            case NEG -> UnaryKernels::neg;
            case ABS -> UnaryKernels::abs;
            case SIGN -> UnaryKernels::sign;
            case SQUARE, POW -> UnaryKernels::square;
            case SQRT -> UnaryKernels::sqrt;
            case RSQRT -> UnaryKernels::rsqrt;
            case RECIPROCAL -> UnaryKernels::reciprocal;
            case EXP -> Exponentials::exp;
            case LOG -> Exponentials::log;
            case TANH -> Exponentials::tanh;
            case ERF -> Exponentials::erf;
            case SIGMOID -> Exponentials::sigmoid;
            case RELU -> UnaryKernels::relu;
            case SILU -> Exponentials::silu;
            case GELU_TANH -> Exponentials::geluTanh;
            case GELU_ERF -> Exponentials::geluErf;
            case CLAMP -> UnaryKernels::clamp;
            case ADD_SCALAR -> UnaryKernels::addScalar;
            case MUL_SCALAR -> UnaryKernels::mulScalar;
            default -> throw new IllegalArgumentException("[unary] expected a vector op; got " + op);
        };
    }

    private static void neg(int n, long x, long y, float p0, float p1) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, x + 4L * i, ORDER).neg().intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void abs(int n, long x, long y, float p0, float p1) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, x + 4L * i, ORDER).abs().intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    /// NaN and zeros give 0, as in PyTorch.
    private static void sign(int n, long x, long y, float p0, float p1) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector s = FloatVector.zero(Mem.FS).blend(1f, v.compare(VectorOperators.GT, 0f));
            s.blend(-1f, v.compare(VectorOperators.LT, 0f)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void square(int n, long x, long y, float p0, float p1) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            v.mul(v).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void sqrt(int n, long x, long y, float p0, float p1) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, x + 4L * i, ORDER).sqrt().intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void rsqrt(int n, long x, long y, float p0, float p1) {
        FloatVector one = FloatVector.broadcast(Mem.FS, 1f);
        for (int i = 0; i < n; i += L) {
            one.div(fromMemorySegment(FS, ALL, x + 4L * i, ORDER).sqrt()).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void reciprocal(int n, long x, long y, float p0, float p1) {
        FloatVector one = FloatVector.broadcast(Mem.FS, 1f);
        for (int i = 0; i < n; i += L) {
            one.div(fromMemorySegment(FS, ALL, x + 4L * i, ORDER)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void relu(int n, long x, long y, float p0, float p1) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            v.blend(0f, v.compare(VectorOperators.LE, 0f)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void clamp(int n, long x, long y, float low, float high) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector c = v.blend(high, v.compare(VectorOperators.GT, high));
            c.blend(low, v.compare(VectorOperators.LT, low)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void addScalar(int n, long x, long y, float p, float unused) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, x + 4L * i, ORDER).add(p).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void mulScalar(int n, long x, long y, float p, float unused) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, x + 4L * i, ORDER).mul(p).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }
}
