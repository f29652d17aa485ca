package io.torrefy.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Operations that only change how memory is read, and the copies behind those that cannot.
final class Views {
    private static final Tensor[] NONE = {};

    private Views() {}

    private static Tensor view(Tensor x, long offset, long[] shape, long[] strides) {
        return new Tensor(x.storage.retain(), offset, shape, strides, x.dtype).owned();
    }

    private static Tensor record(String name, Tensor y, Tensor x, Node.Rule rule) {
        return Node.record(name, y, new Tensor[] {x}, NONE, rule);
    }

    /// Another handle on the same value and the same place in the graph.
    static Tensor alias(Tensor x) {
        Tensor y = view(x.live("alias"), x.offset, x.shape, x.strides);
        Node edge = x.gradientEdge();
        if (edge != null) {
            y.attach(edge);
        }
        return y;
    }

    static Tensor to(Tensor x, DType type) {
        if (x.live("to").dtype == type) {
            return x;
        }
        Tensor y = Creation.empty(x.device(), type, x.shape);
        y.backend().copy(x.dtype, type, x.shape, x.address(), x.strides, y.address(), y.strides);
        DType from = x.dtype;
        return record("to", y, x, (_, dy) -> new Tensor[] {dy.to(from)});
    }

    static Tensor copyOf(Tensor x) {
        Tensor y = Creation.like(x.live("copy"), x.shape);
        y.backend().copy(x.dtype, x.dtype, x.shape, x.address(), x.strides, y.address(), y.strides);
        return y;
    }

    static Tensor copy(Tensor x) {
        return record("copy", copyOf(x), x, (_, dy) -> new Tensor[] {dy});
    }

    static Tensor reshape(Tensor x, long... sizes) {
        long[] target = Shapes.infer("reshape", sizes, x.live("reshape").count());
        if (Arrays.equals(target, x.shape)) {
            return x;
        }
        long[] strides = Shapes.viewStrides(x.shape, x.strides, target);
        if (strides.length != target.length) {
            return reshape(copy(x), target);
        }
        long[] from = x.shape;
        return record("reshape", view(x, x.offset, target, strides), x, (_, dy) -> new Tensor[] {dy.reshape(from)});
    }

    static Tensor permute(Tensor x, int... dims) {
        int rank = x.live("permute").rank();
        if (dims.length != rank) {
            throw new IllegalArgumentException("[permute] expected " + rank + " dimensions for " + x.describe()
                    + "; got " + Arrays.toString(dims));
        }
        Shapes.dims("permute", dims, rank);
        long[] shape = new long[rank];
        long[] strides = new long[rank];
        int[] inverse = new int[rank];
        for (int i = 0; i < rank; i++) {
            int d = Shapes.dim("permute", dims[i], rank);
            shape[i] = x.shape[d];
            strides[i] = x.strides[d];
            inverse[d] = i;
        }
        return record("permute", view(x, x.offset, shape, strides), x, (_, dy) -> new Tensor[] {dy.permute(inverse)});
    }

    static Tensor transpose(Tensor x, int a, int b) {
        int rank = x.rank();
        int[] dims = new int[rank];
        Arrays.setAll(dims, i -> i);
        if (rank > 0) {
            int i = Shapes.dim("transpose", a, rank);
            int j = Shapes.dim("transpose", b, rank);
            dims[i] = j;
            dims[j] = i;
        }
        return permute(x, dims);
    }

    static Tensor slice(Tensor x, int dim, long from, long to, long step) {
        int d = Shapes.dim("slice", dim, x.live("slice").rank());
        if (step < 1 || x.rank() == 0) {
            throw new IllegalArgumentException(
                    "[slice] expected a positive step and a tensor with dimensions; got step " + step + " of "
                            + x.describe());
        }
        long n = x.shape[d];
        long lo = Math.clamp(from < 0 ? from + n : from, 0, n);
        long hi = Math.clamp(to < 0 ? to + n : to, lo, n);
        long[] shape = x.shape.clone();
        long[] strides = x.strides.clone();
        shape[d] = (hi - lo + step - 1) / step;
        strides[d] = x.strides[d] * step;
        if (shape[d] == n && lo == 0) {
            return x;
        }
        Tensor y = view(x, x.offset + lo * x.strides[d], shape, strides);
        long[] whole = x.shape;
        return record("slice", y, x, (_, dy) -> new Tensor[] {unslice(dy, whole, d, lo, hi, step)});
    }

    /// Zeros of the whole shape with `dy` in the slice.
    private static Tensor unslice(Tensor dy, long[] whole, int d, long lo, long hi, long step) {
        Tensor full = Creation.like(dy, whole);
        full.backend().fill(full.dtype, full.count(), full.address(), 0);
        long[] strides = full.strides.clone();
        strides[d] *= step;
        full.backend()
                .copy(
                        dy.dtype,
                        dy.dtype,
                        dy.shape,
                        dy.address(),
                        dy.strides,
                        full.address() + lo * full.strides[d] * dy.dtype.bytes(),
                        strides);
        return record("unslice", full, dy, (_, g) -> new Tensor[] {slice(g, d, lo, hi, step)});
    }

    static Tensor select(Tensor x, int dim, long index) {
        int d = Shapes.dim("select", dim, x.live("select").rank());
        long n = x.rank() == 0 ? 0 : x.shape[d];
        long i = index < 0 ? index + n : index;
        if (i < 0 || i >= n) {
            throw new IllegalArgumentException("[select] expected an index in [" + -n + ", " + (n - 1) + "]; got "
                    + index + " for dimension " + dim + " of " + x.describe());
        }
        return squeeze(slice(x, d, i, i + 1, 1), d);
    }

    static Tensor expand(Tensor x, long... sizes) {
        int lead = sizes.length - x.live("expand").rank();
        long[] target = sizes.clone();
        boolean fits = lead >= 0;
        for (int i = Math.max(0, lead); fits && i < target.length; i++) {
            long have = x.shape[i - lead];
            target[i] = target[i] == -1 ? have : target[i];
            fits = have == target[i] || have == 1;
        }
        if (!fits) {
            throw new IllegalArgumentException("[expand] expected sizes that " + x.describe() + " repeats into; got "
                    + Arrays.toString(sizes) + ". Hint: only dimensions of size 1 can be repeated.");
        }
        Shapes.checkSizes("expand", target);
        Tensor y = view(x, x.offset, target, Shapes.broadcastStrides(x.shape, x.strides, target));
        return record("expand", y, x, (_, dy) -> new Tensor[] {dy});
    }

    static Tensor squeeze(Tensor x, int dim) {
        int d = Shapes.dim("squeeze", dim, x.live("squeeze").rank());
        if (x.rank() == 0 || x.shape[d] != 1) {
            return x;
        }
        long[] shape = new long[x.rank() - 1];
        long[] strides = new long[x.rank() - 1];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = x.shape[i < d ? i : i + 1];
            strides[i] = x.strides[i < d ? i : i + 1];
        }
        return record("squeeze", view(x, x.offset, shape, strides), x, (_, dy) -> new Tensor[] {dy.unsqueeze(d)});
    }

    static Tensor unsqueeze(Tensor x, int dim) {
        int rank = x.live("unsqueeze").rank() + 1;
        int d = Shapes.dim("unsqueeze", dim, rank);
        long[] shape = new long[rank];
        long[] strides = new long[rank];
        for (int i = 0; i < rank; i++) {
            shape[i] = i == d ? 1 : x.shape[i < d ? i : i - 1];
            strides[i] = i == d ? 1 : x.strides[i < d ? i : i - 1];
        }
        return record("unsqueeze", view(x, x.offset, shape, strides), x, (_, dy) -> new Tensor[] {dy.squeeze(d)});
    }

    static Tensor flatten(Tensor x, int from, int to) {
        int a = Shapes.dim("flatten", from, x.rank());
        int b = Shapes.dim("flatten", to, x.rank());
        if (x.rank() == 0) {
            return reshape(x, 1);
        }
        if (a > b) {
            throw new IllegalArgumentException("[flatten] expected from <= to; got " + from + " and " + to);
        }
        long[] shape = new long[x.rank() - (b - a)];
        System.arraycopy(x.shape, 0, shape, 0, a);
        shape[a] = Shapes.count(x.shape, a, b + 1);
        System.arraycopy(x.shape, b + 1, shape, a + 1, x.rank() - b - 1);
        return reshape(x, shape);
    }

    static List<Tensor> split(Tensor x, int dim, long... sizes) {
        int d = Shapes.dim("split", dim, x.rank());
        long total = Arrays.stream(sizes).sum();
        if (x.rank() == 0 || total != x.shape[d]) {
            throw new IllegalArgumentException("[split] expected sizes that add up to dimension " + dim + " of "
                    + x.describe() + "; got " + Arrays.toString(sizes));
        }
        List<Tensor> parts = new ArrayList<>();
        long at = 0;
        for (long size : sizes) {
            parts.add(slice(x, d, at, at + size, 1));
            at += size;
        }
        return parts;
    }

    static List<Tensor> chunk(Tensor x, int dim, int n) {
        long size = x.size(dim);
        long each = (size + n - 1) / n;
        List<Long> sizes = new ArrayList<>();
        for (long at = 0; at < size; at += each) {
            sizes.add(Math.min(each, size - at));
        }
        return split(x, dim, sizes.stream().mapToLong(Long::longValue).toArray());
    }
}
