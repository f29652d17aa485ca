package io.torrefy.tensor;

/// Ways to lay the same values in memory.
enum Layout {
    /// Row by row.
    DENSE,
    /// Dimensions in reverse order in memory.
    TRANSPOSED,
    /// Every other element of a larger tensor, from an odd offset; what lies between is NaN.
    SLICED;

    /// Memory of this layout that holds the values of `x`, outside the graph.
    Tensor base(Tensor x) {
        long[] shape = x.shape();
        return switch (this) {
            case DENSE -> x.copy();
            case TRANSPOSED -> reversed(x).copy();
            case SLICED -> {
                long[] wide = new long[shape.length + 1];
                wide[0] = 3;
                for (int i = 0; i < shape.length; i++) {
                    wide[i + 1] = 2 * shape[i] + 1;
                }
                Tensor base = Tensor.full(x.dtype(), x.dtype().isFloating() ? Double.NaN : 1L << 40, wide);
                try (Autograd.Mode _ = Autograd.noGrad()) {
                    view(base, shape).copyFrom(x);
                }
                yield base;
            }
        };
    }

    /// The values of `shape` in memory that `base(x)` made, or in its gradient.
    Tensor view(Tensor base, long... shape) {
        return switch (this) {
            case DENSE -> base;
            case TRANSPOSED -> reversed(base);
            case SLICED -> {
                Tensor view = base.select(0, 1);
                for (int i = 0; i < shape.length; i++) {
                    view = view.slice(i, 1, 2 * shape[i] + 1, 2);
                }
                yield view;
            }
        };
    }

    private static Tensor reversed(Tensor x) {
        int[] dims = new int[x.rank()];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = dims.length - 1 - i;
        }
        return x.permute(dims);
    }
}
