package io.torrefy.tensor.internal;

/// Comparisons; the result is BOOL. `AND`, `OR` and `XOR` take BOOL arguments.
public enum CompareOp {
    EQ,
    NE,
    LT,
    LE,
    GT,
    GE,
    AND,
    OR,
    XOR
}
