package io.torrefy.tensor;

import java.lang.ref.Reference;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reading and adding through indices, and what is built on it.
final class Indexed {
    private Indexed() {}

    private static Tensor ids(String op, Tensor indices, long limit) {
        if (indices.live(op).dtype.isFloating() || indices.dtype == DType.BOOL) {
            throw new IllegalArgumentException("[" + op + "] expected integer indices; got " + indices.describe());
        }
        Tensor ids = indices.to(DType.I64).contiguous();
        long bad = ids.backend().findOutOfRange(ids.count(), ids.address(), limit);
        if (bad >= 0) {
            throw new IllegalArgumentException("[" + op + "] expected indices in [0, " + limit + "); got "
                    + ids.reshape(-1).toLongs()[(int) bad] + " at position " + bad + " of " + indices.describe());
        }
        return ids;
    }

    private static Tensor copyable(Tensor x) {
        return x.contiguous();
    }

    static Tensor indexSelect(Tensor x, int dim, Tensor indices) {
        int d = Shapes.dim("indexSelect", dim, x.live("indexSelect").rank());
        if (x.rank() == 0 || indices.rank() > 1) {
            throw new IllegalArgumentException(
                    "[indexSelect] expected a tensor with dimensions and a vector of indices; got " + x.describe()
                            + " and " + indices.describe());
        }
        Tensor ids = ids("indexSelect", indices, x.shape[d]);
        Tensor in = copyable(x);
        long[] shape = x.shape.clone();
        shape[d] = ids.count();
        Tensor y = Creation.like(x, shape);
        Reduce.Around a = Reduce.Around.of(x.shape, d);
        y.backend()
                .indexSelect(
                        x.dtype, a.outer(), a.n(), a.inner(), ids.count(), in.address(), ids.address(), y.address());
        long[] whole = x.shape;
        return Node.record("indexSelect", y, new Tensor[] {in}, new Tensor[] {ids}, (c, dy) ->
                new Tensor[] {scattered(whole, d, c.saved(0), dy)});
    }

    /// Rows of `dy` added into zeros: of a large table much more than what was looked up. So, unless it is
    /// recorded, in place, without the copy that `indexAdd` makes.
    private static Tensor scattered(long[] shape, int d, Tensor ids, Tensor dy) {
        Tensor zeros = Tensor.zeros(dy.dtype, shape);
        if (Autograd.isEnabled() || dy.dtype.isHalf()) {
            return indexAdd(zeros, d, ids, dy);
        }
        Tensor s = dy.contiguous();
        Reduce.Around a = Reduce.Around.of(shape, d);
        zeros.backend()
                .indexAdd(
                        dy.dtype,
                        a.outer(),
                        a.n(),
                        a.inner(),
                        ids.count(),
                        s.address(),
                        ids.address(),
                        zeros.address());
        Reference.reachabilityFence(s);
        Reference.reachabilityFence(ids);
        return zeros;
    }

    static Tensor indexAdd(Tensor x, int dim, Tensor indices, Tensor source) {
        int d = Shapes.dim("indexAdd", dim, x.live("indexAdd").rank());
        if (x.dtype.isHalf()) {
            return indexAdd(x.to(DType.F32), dim, indices, source.to(DType.F32)).to(x.dtype);
        }
        Tensor ids = ids("indexAdd", indices, x.rank() == 0 ? 1 : x.shape[d]);
        long[] expected = x.shape.clone();
        if (expected.length > 0) {
            expected[d] = ids.count();
        }
        if (!Arrays.equals(expected, source.shape) || source.dtype != x.dtype) {
            throw new IllegalArgumentException("[indexAdd] expected a source of " + x.dtype + Arrays.toString(expected)
                    + "; got " + source.describe());
        }
        Tensor y = Views.copyOf(x);
        Tensor s = source.contiguous();
        Reduce.Around a = Reduce.Around.of(x.shape, d);
        y.backend()
                .indexAdd(x.dtype, a.outer(), a.n(), a.inner(), ids.count(), s.address(), ids.address(), y.address());
        return Node.record("indexAdd", y, new Tensor[] {x, s}, new Tensor[] {ids}, (c, dy) ->
                new @Nullable Tensor[] {dy, c.needs(1) ? indexSelect(dy, d, c.saved(0)) : null});
    }

    private static void checkGather(String op, Tensor x, int d, Tensor indices) {
        boolean fits = indices.rank() == x.rank() && x.rank() > 0;
        for (int i = 0; fits && i < x.rank(); i++) {
            fits = i == d || indices.shape[i] == x.shape[i];
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "[" + op + "] expected indices that agree with " + x.describe() + " outside dimension " + d
                            + "; got " + indices.describe() + ". Hint: slice or expand one of them.");
        }
    }

    static Tensor gather(Tensor x, int dim, Tensor indices) {
        int d = Shapes.dim("gather", dim, x.live("gather").rank());
        if (indices.rank() == x.rank()) {
            // PyTorch lets the index be smaller in the other dimensions.
            for (int i = 0; i < x.rank(); i++) {
                if (i != d && indices.shape[i] < x.shape[i]) {
                    return gather(x.slice(i, 0, indices.shape[i]), dim, indices);
                }
            }
        }
        checkGather("gather", x, d, indices);
        Tensor ids = ids("gather", indices, x.shape[d]);
        Tensor in = copyable(x);
        Tensor y = Creation.like(x, ids.shape);
        Reduce.Around a = Reduce.Around.of(x.shape, d);
        y.backend()
                .gather(x.dtype, a.outer(), a.n(), a.inner(), ids.shape[d], in.address(), ids.address(), y.address());
        long[] whole = x.shape;
        return Node.record("gather", y, new Tensor[] {in}, new Tensor[] {ids}, (c, dy) ->
                new Tensor[] {scatterAdd(Tensor.zeros(dy.dtype, whole), d, c.saved(0), dy)});
    }

    static Tensor scatterAdd(Tensor x, int dim, Tensor indices, Tensor source) {
        int d = Shapes.dim("scatterAdd", dim, x.live("scatterAdd").rank());
        if (x.dtype.isHalf()) {
            return scatterAdd(x.to(DType.F32), dim, indices, source.to(DType.F32))
                    .to(x.dtype);
        }
        checkGather("scatterAdd", x, d, indices);
        Tensor ids = ids("scatterAdd", indices, x.shape[d]);
        if (source.dtype != x.dtype || source.rank() != ids.rank()) {
            throw new IllegalArgumentException("[scatterAdd] expected a source of " + x.dtype
                    + Arrays.toString(ids.shape) + "; got " + source.describe());
        }
        Tensor s = source;
        for (int i = 0; i < s.rank(); i++) {
            s = s.slice(i, 0, ids.shape[i]);
        }
        if (!Arrays.equals(s.shape, ids.shape)) {
            throw new IllegalArgumentException("[scatterAdd] expected a source of " + x.dtype
                    + Arrays.toString(ids.shape) + "; got " + source.describe());
        }
        s = s.contiguous();
        Tensor y = Views.copyOf(x);
        Reduce.Around a = Reduce.Around.of(x.shape, d);
        y.backend()
                .scatterAdd(
                        x.dtype, a.outer(), a.n(), a.inner(), ids.shape[d], s.address(), ids.address(), y.address());
        return Node.record("scatterAdd", y, new Tensor[] {x, s}, new Tensor[] {ids}, (c, dy) ->
                new @Nullable Tensor[] {dy, c.needs(1) ? gather(dy, d, c.saved(0)) : null});
    }

    private static Tensor triangle(Tensor x, long diagonal, boolean lower) {
        if (x.rank() < 2) {
            throw new IllegalArgumentException("[tril] expected a matrix or a batch of them; got " + x.describe());
        }
        Tensor row = Tensor.arange(x.size(-2)).unsqueeze(1);
        Tensor column = Tensor.arange(x.size(-1)).unsqueeze(0);
        Tensor keep = lower ? column.le(row.add(diagonal)) : column.ge(row.add(diagonal));
        return keep.where(x, Creation.constant(x, 0));
    }

    static Tensor tril(Tensor x, long diagonal) {
        return triangle(x, diagonal, true);
    }

    static Tensor triu(Tensor x, long diagonal) {
        return triangle(x, diagonal, false);
    }

    static Tensor flip(Tensor x, int... dims) {
        Tensor y = x;
        for (int dim : dims) {
            if (x.rank() > 0) {
                long n = x.size(dim);
                long[] back = new long[(int) n];
                Arrays.setAll(back, i -> n - 1 - i);
                y = indexSelect(y, dim, Tensor.of(back, n));
            }
        }
        return y;
    }

    static Tensor roll(Tensor x, long shift, int dim) {
        long n = x.size(dim);
        if (n == 0) {
            return x;
        }
        long k = Math.floorMod(-shift, n);
        return k == 0 ? x : Joins.concat(dim, x.slice(dim, k, n), x.slice(dim, 0, k));
    }

    static Tensor repeat(Tensor x, long... repeats) {
        int lead = repeats.length - x.rank();
        if (lead < 0) {
            throw new IllegalArgumentException("[repeat] expected a count for each of " + x.rank() + " dimensions; got "
                    + Arrays.toString(repeats));
        }
        // (r0, n0, r1, n1, …) by expand, then joined in pairs.
        int rank = repeats.length;
        long[] apart = new long[2 * rank];
        long[] wide = new long[2 * rank];
        long[] joined = new long[rank];
        for (int i = 0; i < rank; i++) {
            long n = i < lead ? 1 : x.shape[i - lead];
            apart[2 * i] = 1;
            apart[2 * i + 1] = n;
            wide[2 * i] = repeats[i];
            wide[2 * i + 1] = n;
            joined[i] = repeats[i] * n;
        }
        return x.reshape(apart).expand(wide).reshape(joined);
    }

    static Tensor repeatInterleave(Tensor x, long repeats, int dim) {
        int d = Shapes.dim("repeatInterleave", dim, x.rank());
        long[] wide = new long[x.rank() + 1];
        long[] joined = x.shape();
        for (int i = 0; i <= x.rank(); i++) {
            wide[i] = i == d + 1 ? repeats : x.shape[i <= d ? i : i - 1];
        }
        joined[d] *= repeats;
        return x.unsqueeze(d + 1).expand(wide).reshape(joined);
    }

    static Tensor pad(Tensor x, long[] sizes, double value) {
        if (sizes.length % 2 != 0 || sizes.length > 2 * x.rank()) {
            throw new IllegalArgumentException("[pad] expected pairs of sizes for at most " + x.rank()
                    + " dimensions; got " + Arrays.toString(sizes));
        }
        Tensor y = x;
        for (int p = 0; p < sizes.length; p += 2) {
            int d = x.rank() - 1 - p / 2;
            long left = sizes[p];
            long right = sizes[p + 1];
            y = y.slice(d, Math.max(0, -left), y.shape[d] - Math.max(0, -right));
            y = withBorder(y, d, Math.max(0, left), Math.max(0, right), value);
        }
        return y;
    }

    private static Tensor withBorder(Tensor x, int d, long left, long right, double value) {
        if (left == 0 && right == 0) {
            return x;
        }
        long[] shape = x.shape();
        shape[d] = left;
        Tensor before = Tensor.full(x.dtype, value, shape);
        shape[d] = right;
        return Joins.concat(d, before, x, Tensor.full(x.dtype, value, shape));
    }
}
