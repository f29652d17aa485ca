package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.torrefy.tensor.internal.BinaryOp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// F32 vector loops of two arguments, one small method each: `vv` takes two vectors, `vs` a vector and a scalar, `sv` a
/// scalar and a vector. Tails as in `UnaryKernels`.
final class BinaryKernels {
    private static final int L = Mem.FS.length();

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

    /// A loop over whole vectors; see `UnaryKernels`.
    @FunctionalInterface
    private interface Loop {
        void run(int n, long a, long b, long y);
    }

    /// A loop over whole vectors and a scalar.
    @FunctionalInterface
    private interface ScalarLoop {
        void run(int n, long a, float b, long y);
    }

    static void vv(BinaryOp op, int n, long a, long b, long y) {
        Loop loop = of(op);
        int full = Mem.FS.loopBound(n);
        if (full > 0) {
            loop.run(full, a, b, y);
        }
        if (full < n) {
            Scratch scratch = Scratch.get();
            long at = 4L * full;
            Mem.move4(n - full, a + at, scratch.tail(0));
            Mem.move4(n - full, b + at, scratch.tail(1));
            loop.run(L, scratch.tail(0), scratch.tail(1), scratch.tail(0));
            Mem.move4(n - full, scratch.tail(0), y + at);
        }
    }

    static void vs(BinaryOp op, int n, long a, float b, long y) {
        scalar(ofScalar(op), n, a, op == BinaryOp.SUB ? -b : b, y);
    }

    static void sv(BinaryOp op, int n, float a, long b, long y) {
        switch (op) {
            case SUB -> scalar(BinaryKernels::subFrom, n, b, a, y);
            case DIV -> scalar(BinaryKernels::divInto, n, b, a, y);
            default -> scalar(ofScalar(op), n, b, a, y);
        }
    }

    private static void scalar(ScalarLoop loop, int n, long a, float b, long y) {
        int full = Mem.FS.loopBound(n);
        if (full > 0) {
            loop.run(full, a, b, y);
        }
        if (full < n) {
            long tail = Scratch.get().tail(0);
            Mem.move4(n - full, a + 4L * full, tail);
            loop.run(L, tail, b, tail);
            Mem.move4(n - full, tail, y + 4L * full);
        }
    }

    private static Loop of(BinaryOp op) {
        return switch (op) {
            case ADD -> BinaryKernels::add;
            case SUB -> BinaryKernels::sub;
            case MUL -> BinaryKernels::mul;
            case DIV -> BinaryKernels::div;
            case MAXIMUM -> BinaryKernels::max;
            case MINIMUM -> BinaryKernels::min;
            case RELU_GRAD -> BinaryKernels::reluGrad;
            case SILU_GRAD -> Exponentials::siluGrad;
            case GELU_TANH_GRAD -> Exponentials::geluTanhGrad;
            case GELU_ERF_GRAD -> Exponentials::geluErfGrad;
            case SIGMOID_GRAD -> BinaryKernels::sigmoidGrad;
            case TANH_GRAD -> BinaryKernels::tanhGrad;
            default -> throw new IllegalArgumentException("[binary] expected a vector op; got " + op);
        };
    }

    private static ScalarLoop ofScalar(BinaryOp op) {
        return switch (op) {
            case ADD, SUB -> BinaryKernels::addScalar;
            case MUL -> BinaryKernels::mulScalar;
            case DIV -> BinaryKernels::divScalar;
            case MAXIMUM -> BinaryKernels::maxScalar;
            case MINIMUM -> BinaryKernels::minScalar;
            default -> throw new IllegalArgumentException("[binary] expected an op with a scalar form; got " + op);
        };
    }

    private static void add(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, a + 4L * i, ORDER)
                    .add(fromMemorySegment(FS, ALL, b + 4L * i, ORDER))
                    .intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void sub(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, a + 4L * i, ORDER)
                    .sub(fromMemorySegment(FS, ALL, b + 4L * i, ORDER))
                    .intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void mul(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, a + 4L * i, ORDER)
                    .mul(fromMemorySegment(FS, ALL, b + 4L * i, ORDER))
                    .intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void div(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, a + 4L * i, ORDER)
                    .div(fromMemorySegment(FS, ALL, b + 4L * i, ORDER))
                    .intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void max(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, a + 4L * i, ORDER)
                    .max(fromMemorySegment(FS, ALL, b + 4L * i, ORDER))
                    .intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void min(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, a + 4L * i, ORDER)
                    .min(fromMemorySegment(FS, ALL, b + 4L * i, ORDER))
                    .intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void addScalar(int n, long a, float b, long y) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, a + 4L * i, ORDER).add(b).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void mulScalar(int n, long a, float b, long y) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, a + 4L * i, ORDER).mul(b).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void divScalar(int n, long a, float b, long y) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, a + 4L * i, ORDER).div(b).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void maxScalar(int n, long a, float b, long y) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, a + 4L * i, ORDER).max(b).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void minScalar(int n, long a, float b, long y) {
        for (int i = 0; i < n; i += L) {
            fromMemorySegment(FS, ALL, a + 4L * i, ORDER).min(b).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void subFrom(int n, long b, float a, long y) {
        FloatVector left = FloatVector.broadcast(Mem.FS, a);
        for (int i = 0; i < n; i += L) {
            left.sub(fromMemorySegment(FS, ALL, b + 4L * i, ORDER)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void divInto(int n, long b, float a, long y) {
        FloatVector left = FloatVector.broadcast(Mem.FS, a);
        for (int i = 0; i < n; i += L) {
            left.div(fromMemorySegment(FS, ALL, b + 4L * i, ORDER)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void reluGrad(int n, long x, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector g = fromMemorySegment(FS, ALL, dy + 4L * i, ORDER);
            g.blend(0f, fromMemorySegment(FS, ALL, x + 4L * i, ORDER).compare(VectorOperators.LE, 0f))
                    .intoMemorySegment(ALL, dx + 4L * i, ORDER);
        }
    }

    private static void sigmoidGrad(int n, long y, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, y + 4L * i, ORDER);
            fromMemorySegment(FS, ALL, dy + 4L * i, ORDER)
                    .mul(v)
                    .mul(v.neg().add(1f))
                    .intoMemorySegment(ALL, dx + 4L * i, ORDER);
        }
    }

    private static void tanhGrad(int n, long y, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, y + 4L * i, ORDER);
            v.mul(v)
                    .neg()
                    .add(1f)
                    .mul(fromMemorySegment(FS, ALL, dy + 4L * i, ORDER))
                    .intoMemorySegment(ALL, dx + 4L * i, ORDER);
        }
    }
}
