package io.torrefy.tensor;

import io.torrefy.tensor.internal.BinaryOp;
import io.torrefy.tensor.internal.UnaryOp;
import java.util.Arrays;

/// Changes in place. They are not recorded, so they are refused where recording would be needed, and they are counted,
/// so that a backward that saved the old value can tell.
final class InPlace {
    private InPlace() {}

    private static void check(String op, Tensor x) {
        x.live(op);
        if (Autograd.isEnabled() && x.requiresGrad()) {
            throw new IllegalStateException(
                    "[" + op + "] expected a tensor outside the graph; got " + x.describe()
                            + " that requires grad. Hint: do it under Autograd.noGrad(), or use the form that returns a new tensor.");
        }
        for (int i = 0; i < x.shape.length; i++) {
            if (x.strides[i] == 0 && x.shape[i] > 1) {
                throw new IllegalArgumentException(
                        "[" + op + "] expected memory of its own for every element; got an expanded " + x.describe()
                                + ". Hint: copy() it first.");
            }
        }
    }

    /// Whether an element of `source` may be written before it is read.
    private static boolean overlaps(Tensor x, Tensor source) {
        return x.storage == source.storage && !(x.offset == source.offset && Arrays.equals(x.strides, source.strides));
    }

    static Tensor copyFrom(Tensor x, Tensor source) {
        check("copyFrom", x);
        source.live("copyFrom");
        if (!Arrays.equals(Shapes.broadcast("copyFrom", x.shape, source.shape), x.shape)) {
            throw new IllegalArgumentException(
                    "[copyFrom] expected a source that broadcasts to " + x.describe() + "; got " + source.describe());
        }
        if (overlaps(x, source)) {
            try (Scope _ = Scope.open()) {
                return copyFrom(x, Views.copyOf(source));
            }
        }
        long[] from = Shapes.broadcastStrides(source.shape, source.strides, x.shape);
        x.backend().copy(source.dtype, x.dtype, x.shape, source.address(), from, x.address(), x.strides);
        x.storage.changed();
        return x;
    }

    static Tensor fill(Tensor x, double value) {
        check("fillInPlace", x);
        if (x.dense) {
            x.backend().fill(x.dtype, x.count(), x.address(), value);
            x.storage.changed();
            return x;
        }
        try (Scope _ = Scope.open()) {
            return copyFrom(x, Creation.constant(x, value));
        }
    }

    static Tensor add(Tensor x, Tensor other) {
        check("addInPlace", x);
        other.live("addInPlace");
        if (x.dense
                && !overlaps(x, other)
                && x.dtype == other.dtype
                && !x.dtype.isHalf()
                && Arrays.equals(Shapes.broadcast("addInPlace", x.shape, other.shape), x.shape)) {
            long[] strides = Shapes.broadcastStrides(other.shape, other.strides, x.shape);
            x.backend()
                    .binary(
                            BinaryOp.ADD,
                            x.dtype,
                            x.shape,
                            x.address(),
                            x.strides,
                            other.address(),
                            strides,
                            x.address());
            x.storage.changed();
            return x;
        }
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            return copyFrom(x, x.add(other));
        }
    }

    static Tensor mul(Tensor x, double value) {
        check("mulInPlace", x);
        if (x.dense && !x.dtype.isHalf()) {
            x.backend().unary(UnaryOp.MUL_SCALAR, x.dtype, x.count(), x.address(), x.address(), value, 0);
            x.storage.changed();
            return x;
        }
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            return copyFrom(x, x.mul(value));
        }
    }
}
