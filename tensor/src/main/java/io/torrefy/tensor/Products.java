package io.torrefy.tensor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Matrix products.
final class Products {
    private Products() {}

    static Tensor matmul(Tensor a, Tensor b) {
        a.live("matmul");
        b.live("matmul");
        if (a.rank() == 0 || b.rank() == 0 || a.size(-1) != b.size(b.rank() == 1 ? 0 : -2)) {
            throw new IllegalArgumentException("[matmul] expected (…, m, k) and (…, k, n); got " + a.describe()
                    + " and " + b.describe() + ". Hint: is one of them to be transposed with t()?");
        }
        DType type = Pointwise.promote(a.dtype, b.dtype);
        DType computed = type == DType.F64 ? DType.F64 : DType.F32;
        if (a.dtype != computed || b.dtype != computed) {
            Tensor y = matmul(a.to(computed), b.to(computed));
            return type.isFloating() ? y.to(type) : y;
        }
        if (a.rank() == 1) {
            return matmul(a.unsqueeze(0), b).squeeze(b.rank() == 1 ? 0 : -2);
        }
        if (b.rank() == 1) {
            return matmul(a, b.unsqueeze(1)).squeeze(-1);
        }
        if (b.rank() == 2 && a.rank() > 2) {
            // One large product instead of a batch of small ones.
            long[] shape = a.shape.clone();
            shape[shape.length - 1] = b.shape[1];
            return product(a.reshape(Shapes.count(a.shape, 0, a.rank() - 1), a.size(-1)), b)
                    .reshape(shape);
        }
        return product(a, b);
    }

    private static Tensor product(Tensor a, Tensor b) {
        Tensor y = multiply(a, b);
        return Node.record("matmul", y, new Tensor[] {a, b}, new Tensor[] {a, b}, (c, dy) -> new @Nullable Tensor[] {
            c.needs(0) ? matmul(dy, c.saved(1).t()) : null,
            c.needs(1) ? rightGradient(c.saved(0), c.saved(1), dy) : null
        });
    }

    /// `a^T dy`, laid out as `b` is: a weight that takes part transposed gets a gradient that needs no copy. Either
    /// way an element is the same sum in the same order.
    static Tensor rightGradient(Tensor a, Tensor b, Tensor dy) {
        int r = b.rank();
        boolean transposed = b.strides[r - 2] == 1 && b.strides[r - 1] > 1;
        return transposed ? matmul(dy.t(), a).t() : matmul(a.t(), dy);
    }

    /// `x w + bias` of x (…, k), w (k, n) and bias (n) as one operation: the bias is added where the product lies,
    /// and no second result is kept.
    static Tensor affine(Tensor x, Tensor w, Tensor bias) {
        boolean plain = x.dtype == DType.F32
                && w.dtype == DType.F32
                && bias.dtype == DType.F32
                && x.rank() >= 2
                && w.rank() == 2
                && bias.rank() == 1
                && bias.size(0) == w.size(1);
        if (!plain) {
            return matmul(x, w).add(bias);
        }
        if (x.rank() != 2) {
            long[] shape = x.shape.clone();
            shape[shape.length - 1] = w.size(-1);
            return affine(x.reshape(Shapes.count(x.shape, 0, x.rank() - 1), x.size(-1)), w, bias)
                    .reshape(shape);
        }
        Tensor y;
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            y = scope.pass(matmul(x, w));
            InPlace.add(y, bias);
        }
        return Node.record(
                "linear", y, new Tensor[] {x, w, bias}, new Tensor[] {x, w}, (c, dy) -> new @Nullable Tensor[] {
                    c.needs(0) ? matmul(dy, c.saved(1).t()) : null,
                    c.needs(1) ? rightGradient(c.saved(0), c.saved(1), dy) : null,
                    c.needs(2) ? dy : null
                });
    }

    /// A matrix as the kernel reads it: its leading dimension and whether it is stored transposed.
    record Operand(Tensor tensor, boolean transposed, long leading) {
        static Operand of(Tensor x) {
            long rows = x.shape[x.rank() - 2];
            long columns = x.shape[x.rank() - 1];
            long rowStride = x.strides[x.rank() - 2];
            long columnStride = x.strides[x.rank() - 1];
            if ((columnStride == 1 || columns == 1) && (rowStride >= columns || rows == 1)) {
                return new Operand(x, false, Math.max(rowStride, Math.max(1, columns)));
            }
            if ((rowStride == 1 || rows == 1) && (columnStride >= rows || columns == 1)) {
                return new Operand(x, true, Math.max(columnStride, Math.max(1, rows)));
            }
            return new Operand(Views.copyOf(x), false, Math.max(1, columns));
        }
    }

    private static Tensor multiply(Tensor a, Tensor b) {
        long m = a.size(-2);
        long k = a.size(-1);
        long n = b.size(-1);
        long[] batch =
                Shapes.broadcast("matmul", Arrays.copyOf(a.shape, a.rank() - 2), Arrays.copyOf(b.shape, b.rank() - 2));
        long[] shape = Arrays.copyOf(batch, batch.length + 2);
        shape[batch.length] = m;
        shape[batch.length + 1] = n;
        try (Scope scope = Scope.open()) {
            Tensor y = Creation.like(a, shape);
            Operand left = Operand.of(a);
            Operand right = Operand.of(b);
            gemms(left, right, y, batch, m, n, k);
            return scope.pass(y);
        }
    }

    private static void gemms(Operand left, Operand right, Tensor y, long[] batch, long m, long n, long k) {
        int rank = batch.length;
        long[] ls = batchStrides(left.tensor, batch);
        long[] rs = batchStrides(right.tensor, batch);
        // The innermost run of batch dimensions with a single stride goes to the kernel in one call.
        int from = rank;
        long inner = 1;
        while (from > 0
                && (from == rank
                        || batch[from - 1] == 1
                        || (ls[from - 1] == ls[rank - 1] * inner && rs[from - 1] == rs[rank - 1] * inner))) {
            from--;
            inner *= batch[from];
        }
        long outer = Shapes.count(batch, 0, from);
        long[] at = new long[from];
        for (long o = 0; o < outer; o++) {
            long rest = o;
            long l = 0;
            long r = 0;
            for (int i = from - 1; i >= 0; i--) {
                at[i] = rest % batch[i];
                rest /= batch[i];
                l += at[i] * ls[i];
                r += at[i] * rs[i];
            }
            int size = y.dtype.bytes();
            y.backend()
                    .gemm(
                            y.dtype,
                            left.transposed,
                            right.transposed,
                            m,
                            n,
                            k,
                            left.tensor.address() + l * size,
                            left.leading,
                            rank == 0 ? 0 : ls[rank - 1],
                            right.tensor.address() + r * size,
                            right.leading,
                            rank == 0 ? 0 : rs[rank - 1],
                            y.address() + o * inner * m * n * size,
                            Math.max(1, n),
                            m * n,
                            inner,
                            false);
        }
    }

    private static long[] batchStrides(Tensor x, long[] batch) {
        return Shapes.broadcastStrides(
                Arrays.copyOf(x.shape, x.rank() - 2), Arrays.copyOf(x.strides, x.rank() - 2), batch);
    }
}
