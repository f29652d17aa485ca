package io.torrefy.tensor.internal;

/// Element-wise functions of two arguments. The `*_GRAD` forms take the saved value first and the upstream gradient
/// second and return the gradient of the input in one pass.
public enum BinaryOp {
    ADD,
    SUB,
    MUL,
    DIV,
    POW,
    MAXIMUM,
    MINIMUM,
    REMAINDER,
    /// `a` is the input x.
    RELU_GRAD,
    SILU_GRAD,
    GELU_TANH_GRAD,
    GELU_ERF_GRAD,
    /// `a` is the output y: `dy * y * (1 - y)` and `dy * (1 - y * y)`.
    SIGMOID_GRAD,
    TANH_GRAD
}
