package io.torrefy.tensor.internal;

/// Reductions along one dimension. `ARG*` give I64 positions of the first extreme; NaN counts as the extreme.
public enum ReduceOp {
    SUM,
    PROD,
    MAX,
    MIN,
    ARGMAX,
    ARGMIN
}
