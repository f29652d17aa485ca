package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;

/// Zeroes elements with probability p while training.
@Export(value = "nn.Dropout", since = "0.1")
public final class Dropout extends Layer {
    private final double p;
    private final Rng rng;

    private Dropout(double p, Rng rng) {
        this.p = p;
        this.rng = rng;
    }

    public static Dropout of(double p, Rng rng) {
        return new Dropout(p, rng);
    }

    @Override
    public Tensor forward(Tensor x) {
        return isTraining() ? Functional.dropout(x, p, rng) : x;
    }
}
