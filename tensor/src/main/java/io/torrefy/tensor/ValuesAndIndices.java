package io.torrefy.tensor;

import io.torrefy.export.Export;

/// What an ordering operation found.
///
/// @param values the values, differentiable
/// @param indices their positions, I64
@Export(value = "tensor.ValuesAndIndices", since = "0.1")
public record ValuesAndIndices(Tensor values, Tensor indices) {}
