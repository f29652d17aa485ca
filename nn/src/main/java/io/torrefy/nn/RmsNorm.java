package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Tensor;

/// Root-mean-square normalisation of the last dimension, scaled by `weight`.
@Export(
        value = {"nn.RMSNorm", "nn.RmsNorm"},
        since = "0.1")
public final class RmsNorm extends Layer {
    private final Tensor weight;
    private final double eps;

    private RmsNorm(long dim, double eps) {
        this.weight = parameter("weight", Tensor.ones(dim));
        this.eps = eps;
    }

    public static RmsNorm of(long dim, double eps) {
        return new RmsNorm(dim, eps);
    }

    @Override
    public Tensor forward(Tensor x) {
        return Functional.rmsNorm(x, weight, eps);
    }
}
