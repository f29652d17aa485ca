package io.torrefy.tensor;

/// What an ordering operation found.
///
/// @param values the values, differentiable
/// @param indices their positions, I64
public record ValuesAndIndices(Tensor values, Tensor indices) {}
