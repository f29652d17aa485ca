package io.torrefy.tensor;

import io.torrefy.tensor.internal.ReduceOp;
import java.util.Arrays;

/// Reductions, scans and orderings.
final class Reduce {
    private Reduce() {}

    /// Where a dimension lies in a dense tensor seen as (outer, n, inner).
    record Around(long outer, long n, long inner) {
        static Around of(long[] shape, int dim) {
            return shape.length == 0
                    ? new Around(1, 1, 1)
                    : new Around(Shapes.count(shape, 0, dim), shape[dim], Shapes.count(shape, dim + 1, shape.length));
        }
    }

    static long[] without(long[] shape, boolean[] gone, boolean keepDim) {
        long[] out = new long[shape.length];
        int n = 0;
        for (int i = 0; i < shape.length; i++) {
            if (!gone[i]) {
                out[n++] = shape[i];
            } else if (keepDim) {
                out[n++] = 1;
            }
        }
        return Arrays.copyOf(out, n);
    }

    /// Runs a reduction over the marked dimensions; runs of neighbours go as one.
    private static Tensor reduce(ReduceOp op, Tensor x, boolean[] gone, DType result) {
        boolean neighbours = true;
        int first = -1;
        int last = -1;
        for (int i = 0; i < gone.length; i++) {
            if (gone[i]) {
                first = first < 0 ? i : first;
                neighbours &= last < 0 || last == i - 1;
                last = i;
            }
        }
        Tensor in = x;
        Around around;
        if (first < 0) {
            around = new Around(x.count(), 1, 1);
        } else if (neighbours) {
            around = new Around(
                    Shapes.count(x.shape, 0, first),
                    Shapes.count(x.shape, first, last + 1),
                    Shapes.count(x.shape, last + 1, x.rank()));
        } else {
            int[] order = new int[gone.length];
            int at = 0;
            for (int pass = 0; pass < 2; pass++) {
                for (int i = 0; i < gone.length; i++) {
                    if (gone[i] == (pass == 1)) {
                        order[at++] = i;
                    }
                }
            }
            in = x.permute(order);
            long outer = Shapes.count(without(x.shape, gone, false));
            around = new Around(outer, outer == 0 ? 0 : x.count() / outer, 1);
        }
        in = in.contiguous();
        Tensor y = Creation.empty(x.device(), result, without(x.shape, gone, true));
        y.backend().reduce(op, x.dtype, around.outer, around.n, around.inner, in.address(), y.address());
        return y;
    }

    private static Tensor quiet(ReduceOp op, Tensor x, boolean[] gone, DType result) {
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            return scope.pass(reduce(op, x, gone, result));
        }
    }

    private static Tensor drop(Tensor y, long[] shape, boolean[] gone, boolean keepDim) {
        return keepDim ? y : y.reshape(without(shape, gone, false));
    }

    private static Tensor computable(Tensor x) {
        return x.dtype.isHalf() ? x.to(DType.F32) : x.dtype == DType.BOOL || x.dtype == DType.U8 ? x.to(DType.I64) : x;
    }

    static Tensor sum(Tensor x, int[] dims, boolean keepDim) {
        x.live("sum");
        if (x.dtype.isHalf()) {
            return sum(x.to(DType.F32), dims, keepDim).to(x.dtype);
        }
        Tensor in = computable(x);
        boolean[] gone = Shapes.dims("sum", dims, in.rank());
        Tensor y = quiet(ReduceOp.SUM, in, gone, in.dtype);
        long[] shape = in.shape;
        return drop(
                Node.record("sum", y, new Tensor[] {in}, new Tensor[0], (_, dy) -> new Tensor[] {dy.expand(shape)}),
                shape,
                gone,
                keepDim);
    }

    /// Sums a gradient back to the shape that was broadcast.
    static Tensor sumTo(String name, Tensor g, long[] shape) {
        if (Arrays.equals(g.shape, shape)) {
            return g;
        }
        int lead = g.rank() - shape.length;
        int[] dims = new int[g.rank()];
        int n = 0;
        for (int i = 0; i < g.rank(); i++) {
            if (i < lead || (shape[i - lead] == 1 && g.shape[i] != 1)) {
                dims[n++] = i;
            } else if (shape[i - lead] != g.shape[i]) {
                throw new IllegalStateException("[" + name + "] expected a gradient of shape " + Arrays.toString(shape)
                        + "; got " + g.describe());
            }
        }
        return n == 0 ? g.reshape(shape) : sum(g, Arrays.copyOf(dims, n), true).reshape(shape);
    }

    private static long countOver(Tensor x, boolean[] gone) {
        long n = 1;
        for (int i = 0; i < gone.length; i++) {
            n *= gone[i] ? x.shape[i] : 1;
        }
        return n;
    }

    static Tensor mean(Tensor x, int[] dims, boolean keepDim) {
        if (x.dtype.isHalf()) {
            return mean(x.to(DType.F32), dims, keepDim).to(x.dtype);
        }
        Tensor in = x.dtype.isFloating() ? x : x.to(DType.F32);
        long n = countOver(in, Shapes.dims("mean", dims, in.rank()));
        return sum(in, dims, keepDim).mul(1.0 / n);
    }

    static Tensor var(Tensor x, int[] dims, double correction, boolean keepDim) {
        if (x.dtype.isHalf()) {
            return var(x.to(DType.F32), dims, correction, keepDim).to(x.dtype);
        }
        Tensor in = x.dtype.isFloating() ? x : x.to(DType.F32);
        long n = countOver(in, Shapes.dims("var", dims, in.rank()));
        Tensor centred = in.sub(mean(in, dims, true));
        return sum(centred.square(), dims, keepDim).mul(1.0 / Math.max(0, n - correction));
    }

    static Tensor std(Tensor x, int[] dims, double correction, boolean keepDim) {
        if (x.dtype.isHalf()) {
            return std(x.to(DType.F32), dims, correction, keepDim).to(x.dtype);
        }
        return var(x, dims, correction, keepDim).sqrt();
    }

    static Tensor norm(Tensor x, int[] dims, boolean keepDim) {
        if (x.live("norm").dtype.isHalf()) {
            return norm(x.to(DType.F32), dims, keepDim).to(x.dtype);
        }
        boolean[] gone = Shapes.dims("norm", dims, x.rank());
        Tensor y;
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            y = scope.pass(sum(x.square(), dims, true).sqrt());
        }
        // The subgradient at 0 is 0.
        return drop(
                Node.record("norm", y, new Tensor[] {x}, new Tensor[] {x, y}, (c, dy) -> {
                    Tensor length = c.saved(1);
                    Tensor safe = length.maskedFill(length.eq(0), 1);
                    return new Tensor[] {c.saved(0).mul(dy.div(safe))};
                }),
                x.shape,
                gone,
                keepDim);
    }

    static Tensor prod(Tensor x, int dim, boolean keepDim) {
        if (x.live("prod").dtype.isHalf()) {
            return prod(x.to(DType.F32), dim, keepDim).to(x.dtype);
        }
        Tensor in = computable(x);
        int d = Shapes.dim("prod", dim, in.rank());
        boolean[] gone = new boolean[in.rank()];
        if (gone.length > 0) {
            gone[d] = true;
        }
        Tensor y = quiet(ReduceOp.PROD, in, gone, in.dtype);
        return drop(
                Node.record("prod", y, new Tensor[] {in}, new Tensor[] {in}, (c, dy) ->
                        new Tensor[] {dy.mul(othersProduct(c.saved(0), d))}),
                in.shape,
                gone,
                keepDim);
    }

    /// For each element the product of all others along a dimension: right with zeros too.
    private static Tensor othersProduct(Tensor x, int d) {
        if (x.rank() == 0) {
            return Tensor.full(x.dtype, 1);
        }
        long n = x.shape[d];
        long[] edge = x.shape.clone();
        edge[d] = Math.min(1, n);
        Tensor one = Tensor.full(x.dtype, 1, edge);
        Tensor before = Joins.concat(d, one, cumprod(x.slice(d, 0, Math.max(0, n - 1)), d));
        Tensor after = Joins.concat(d, one, cumprod(x.flip(d).slice(d, 0, Math.max(0, n - 1)), d))
                .flip(d);
        return before.mul(after);
    }

    static ValuesAndIndices extreme(Tensor x, int dim, boolean keepDim, boolean largest) {
        Tensor index = arg(x, dim, true, largest);
        Tensor values = x.rank() == 0 ? x.copy() : Indexed.gather(x, dim, index);
        return keepDim || x.rank() == 0
                ? new ValuesAndIndices(values, index)
                : new ValuesAndIndices(values.squeeze(dim), index.squeeze(dim));
    }

    static Tensor arg(Tensor x, int dim, boolean keepDim, boolean largest) {
        String name = largest ? "argmax" : "argmin";
        Tensor in = computable(x.live(name));
        int d = Shapes.dim(name, dim, in.rank());
        boolean[] gone = new boolean[in.rank()];
        if (gone.length > 0) {
            gone[d] = true;
            if (in.shape[d] == 0) {
                throw new IllegalArgumentException("[" + name + "] expected at least one element along dimension " + dim
                        + "; got " + x.describe());
            }
        }
        Tensor y = quiet(largest ? ReduceOp.ARGMAX : ReduceOp.ARGMIN, in, gone, DType.I64);
        return drop(y, in.shape, gone, keepDim);
    }

    static Tensor amax(Tensor x, int[] dims, boolean keepDim) {
        return limit("amax", ReduceOp.MAX, x, dims, keepDim);
    }

    static Tensor amin(Tensor x, int[] dims, boolean keepDim) {
        return limit("amin", ReduceOp.MIN, x, dims, keepDim);
    }

    private static Tensor limit(String name, ReduceOp op, Tensor x, int[] dims, boolean keepDim) {
        if (x.live(name).dtype.isHalf()) {
            return limit(name, op, x.to(DType.F32), dims, keepDim).to(x.dtype);
        }
        Tensor in = computable(x);
        boolean[] gone = Shapes.dims(name, dims, in.rank());
        if (countOver(in, gone) == 0) {
            throw new IllegalArgumentException("[" + name + "] expected at least one element; got " + x.describe());
        }
        Tensor y = quiet(op, in, gone, in.dtype);
        return drop(
                Node.record(name, y, new Tensor[] {in}, new Tensor[] {in, y}, (c, dy) -> {
                    Tensor ties = c.saved(0).eq(c.saved(1)).to(dy.dtype);
                    return new Tensor[] {ties.mul(dy.div(sum(ties, dims, true)))};
                }),
                in.shape,
                gone,
                keepDim);
    }

    private static Tensor scan(ReduceOp op, Tensor x, int dim) {
        Around a = Around.of(x.shape, dim);
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor in = x.contiguous();
            Tensor y = Creation.like(x, x.shape);
            y.backend().scan(op, x.dtype, a.outer, a.n, a.inner, in.address(), y.address());
            return scope.pass(y);
        }
    }

    static Tensor cumsum(Tensor x, int dim) {
        if (x.live("cumsum").dtype.isHalf()) {
            return cumsum(x.to(DType.F32), dim).to(x.dtype);
        }
        Tensor in = computable(x);
        int d = Shapes.dim("cumsum", dim, in.rank());
        return Node.record("cumsum", scan(ReduceOp.SUM, in, d), new Tensor[] {in}, new Tensor[0], (_, dy) ->
                new Tensor[] {dy.flip(d).cumsum(d).flip(d)});
    }

    static Tensor cumprod(Tensor x, int dim) {
        if (x.live("cumprod").dtype.isHalf()) {
            return cumprod(x.to(DType.F32), dim).to(x.dtype);
        }
        Tensor in = computable(x);
        int d = Shapes.dim("cumprod", dim, in.rank());
        Tensor y = scan(ReduceOp.PROD, in, d);
        return Node.record("cumprod", y, new Tensor[] {in}, new Tensor[] {in}, (c, dy) -> {
            // dx_j = sum_{i >= j} dy_i * prod_{k <= i, k != j} x_k, one j at a time: right with zeros too.
            Tensor a = c.saved(0);
            long n = a.rank() == 0 ? 1 : a.shape[d];
            Tensor[] parts = new Tensor[(int) n];
            for (int j = 0; j < n; j++) {
                Tensor one = Tensor.full(a.dtype, 1, a.slice(d, j, j + 1L).shape);
                Tensor rest = Joins.concat(d, a.slice(d, 0, j), one, a.slice(d, j + 1L, n));
                parts[j] = dy.mul(cumprod(rest, d)).slice(d, j, n).sum(new int[] {d}, true);
            }
            return new Tensor[] {n == 0 ? dy : Joins.concat(d, parts)};
        });
    }

    static Tensor logsumexp(Tensor x, int[] dims, boolean keepDim) {
        if (x.dtype.isHalf()) {
            return logsumexp(x.to(DType.F32), dims, keepDim).to(x.dtype);
        }
        Tensor in = x.dtype.isFloating() ? x : x.to(DType.F32);
        boolean[] gone = Shapes.dims("logsumexp", dims, in.rank());
        Tensor top;
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor m = amax(in, dims, true);
            // An infinite maximum would give inf - inf.
            top = scope.pass(m.maskedFill(m.abs().eq(Double.POSITIVE_INFINITY), 0));
        }
        return drop(sum(in.sub(top).exp(), dims, true).log().add(top), in.shape, gone, keepDim);
    }

    static ValuesAndIndices sort(Tensor x, int dim, boolean descending) {
        Tensor in = computable(x.live("sort"));
        int d = Shapes.dim("sort", dim, in.rank());
        if (in.rank() == 0) {
            return new ValuesAndIndices(in.copy(), Tensor.zeros(DType.I64));
        }
        Tensor index;
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor rows = in.transpose(d, -1).contiguous();
            Tensor values = Creation.like(rows, rows.shape);
            Tensor order = Creation.empty(in.device(), DType.I64, rows.shape);
            long n = rows.shape[rows.rank() - 1];
            long count = n == 0 ? 0 : rows.count() / n;
            rows.backend().sort(in.dtype, count, n, descending, rows.address(), values.address(), order.address());
            index = scope.pass(order.transpose(d, -1).contiguous());
        }
        return new ValuesAndIndices(Indexed.gather(x, d, index), index);
    }

    static ValuesAndIndices topk(Tensor x, long k, int dim, boolean largest) {
        int d = Shapes.dim("topk", dim, x.rank());
        long n = x.rank() == 0 ? 1 : x.shape[d];
        if (k < 0 || k > n) {
            throw new IllegalArgumentException(
                    "[topk] expected k in [0, " + n + "]; got " + k + " for dimension " + dim + " of " + x.describe());
        }
        Tensor index;
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor order = sort(x, d, largest).indices();
            index = scope.pass(x.rank() == 0 ? order : order.slice(d, 0, k).contiguous());
        }
        return new ValuesAndIndices(x.rank() == 0 ? x.copy() : Indexed.gather(x, d, index), index);
    }
}
