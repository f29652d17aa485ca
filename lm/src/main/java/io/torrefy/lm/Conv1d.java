package io.torrefy.lm;

import io.torrefy.nn.Init;
import io.torrefy.nn.Layer;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;

/// GPT-2's linear layer, y = x W + b, whose `weight` is stored (in, out).
final class Conv1d extends Layer {
    private final Tensor weight;
    private final Tensor bias;

    Conv1d(long in, long out, double std, Rng rng) {
        weight = parameter("weight", Init.normal(rng, std, in, out));
        bias = parameter("bias", Tensor.zeros(out));
    }

    @Override
    public Tensor forward(Tensor x) {
        return Functional.affine(x, weight, bias);
    }

    /// The same of gelu(x).
    Tensor forwardGelu(Tensor x) {
        return Functional.geluAffine(x, weight, bias);
    }
}
