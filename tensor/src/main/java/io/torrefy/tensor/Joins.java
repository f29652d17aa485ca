package io.torrefy.tensor;

import java.util.Arrays;

/// Putting tensors together.
final class Joins {
    private Joins() {}

    static Tensor concat(int dim, Tensor... parts) {
        if (parts.length == 0) {
            throw new IllegalArgumentException("[concat] expected at least one tensor; got none");
        }
        DType type = parts[0].dtype;
        for (Tensor part : parts) {
            type = Pointwise.promote(type, part.live("concat").dtype);
        }
        int d = Shapes.dim("concat", dim, parts[0].rank());
        long[] shape = parts[0].shape.clone();
        if (shape.length == 0) {
            throw new IllegalArgumentException(
                    "[concat] expected tensors with dimensions; got scalars. Hint: use stack.");
        }
        shape[d] = 0;
        Tensor[] inputs = new Tensor[parts.length];
        for (int i = 0; i < parts.length; i++) {
            long[] s = parts[i].shape.clone();
            if (s.length == shape.length) {
                shape[d] += s[d];
                s[d] = shape[d];
            }
            if (!Arrays.equals(s, shape)) {
                throw new IllegalArgumentException("[concat] expected tensors that agree outside dimension " + dim
                        + "; got " + parts[0].describe() + " and, at " + i + ", " + parts[i].describe());
            }
            inputs[i] = parts[i].to(type);
        }
        Tensor y = Creation.empty(parts[0].device(), type, shape);
        long at = 0;
        long[] sizes = new long[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            Tensor x = inputs[i];
            sizes[i] = x.shape[d];
            y.backend()
                    .copy(
                            type,
                            type,
                            x.shape,
                            x.address(),
                            x.strides,
                            y.address() + at * y.strides[d] * type.bytes(),
                            y.strides);
            at += sizes[i];
        }
        return Node.record(
                "concat",
                y,
                inputs,
                new Tensor[0],
                (_, dy) -> Views.split(dy, d, sizes).toArray(Tensor[]::new));
    }

    static Tensor stack(int dim, Tensor... parts) {
        if (parts.length == 0) {
            throw new IllegalArgumentException("[stack] expected at least one tensor; got none");
        }
        Tensor[] rows = new Tensor[parts.length];
        int d = Shapes.dim("stack", dim, parts[0].rank() + 1);
        for (int i = 0; i < parts.length; i++) {
            if (!Arrays.equals(parts[i].shape, parts[0].shape)) {
                throw new IllegalArgumentException("[stack] expected tensors of one shape; got " + parts[0].describe()
                        + " and, at " + i + ", " + parts[i].describe());
            }
            rows[i] = parts[i].unsqueeze(d);
        }
        return concat(d, rows);
    }
}
