package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// y = x W^T + b, with `weight` (out, in) and `bias` (out).
@Export(value = "nn.Linear", since = "0.1")
public final class Linear extends Layer {
    private final Tensor weight;
    private final @Nullable Tensor bias;

    private Linear(Tensor weight, @Nullable Tensor bias) {
        this.weight = parameter("weight", weight);
        this.bias = bias == null ? null : parameter("bias", bias);
    }

    /// PyTorch's initial values: uniform within 1 / sqrt(in).
    public static Linear of(long in, long out, boolean bias, Rng rng) {
        double bound = 1 / Math.sqrt(in);
        return new Linear(Init.uniform(rng, bound, out, in), bias ? Init.uniform(rng, bound, out) : null);
    }

    /// With a bias, from seed 0.
    public static Linear of(long in, long out) {
        return of(in, out, true, Rng.of(0));
    }

    /// Normal weights of the given standard deviation and a zero bias, as language models begin.
    public static Linear normal(long in, long out, boolean bias, double std, Rng rng) {
        return new Linear(Init.normal(rng, std, out, in), bias ? Tensor.zeros(out) : null);
    }

    public Tensor weight() {
        return weight;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Functional.linear(x, weight, bias);
    }
}
