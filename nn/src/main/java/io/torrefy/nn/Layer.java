package io.torrefy.nn;

import io.torrefy.tensor.Tensor;

/// A module of one input and one output.
public abstract class Layer extends Module {
    /// The output for an input.
    public abstract Tensor forward(Tensor x);
}
