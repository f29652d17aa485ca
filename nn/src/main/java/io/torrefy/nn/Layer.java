package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;

/// A module of one input and one output.
@Export(value = "nn.Layer", since = "0.1")
public abstract class Layer extends Module {
    /// The output for an input.
    public abstract Tensor forward(Tensor x);
}
