package io.torrefy.tensor.internal;

/// Element-wise functions of one argument. Those with parameters say so; `p0` and `p1` are the parameters.
public enum UnaryOp {
    NEG,
    ABS,
    SIGN,
    SQUARE,
    SQRT,
    RSQRT,
    RECIPROCAL,
    EXP,
    EXPM1,
    LOG,
    LOG1P,
    SIN,
    COS,
    TANH,
    ERF,
    SIGMOID,
    LOG_SIGMOID,
    RELU,
    SILU,
    /// GELU with the tanh approximation, as `gelu(approximate="tanh")`.
    GELU_TANH,
    /// Exact GELU, by erf.
    GELU_ERF,
    /// `p0` = beta, `p1` = threshold: linear where `x * beta > threshold`.
    SOFTPLUS,
    /// To `[p0, p1]`; either bound may be infinite. NaN stays NaN.
    CLAMP,
    /// `x ^ p0`.
    POW,
    /// `x + p0`.
    ADD_SCALAR,
    /// `x * p0`.
    MUL_SCALAR,
    FLOOR,
    CEIL,
    ROUND,
    /// Logical not of a BOOL.
    NOT
}
