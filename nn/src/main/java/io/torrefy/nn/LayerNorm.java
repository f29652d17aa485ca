package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Tensor;

/// Normalisation of the last dimension to mean 0 and variance 1, scaled by `weight` and shifted by `bias`.
@Export(value = "nn.LayerNorm", since = "0.1")
public final class LayerNorm extends Layer {
    private final Tensor weight;
    private final Tensor bias;
    private final double eps;

    private LayerNorm(long dim, double eps) {
        this.weight = parameter("weight", Tensor.ones(dim));
        this.bias = parameter("bias", Tensor.zeros(dim));
        this.eps = eps;
    }

    public static LayerNorm of(long dim, double eps) {
        return new LayerNorm(dim, eps);
    }

    @Override
    public Tensor forward(Tensor x) {
        return Functional.layerNorm(x, weight, bias, eps);
    }
}
