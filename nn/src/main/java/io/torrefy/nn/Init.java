package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;

/// Initial values.
@Export(value = "nn.Init", since = "0.1", members = "nn.init")
public final class Init {
    private Init() {}

    /// Normal with mean 0.
    public static Tensor normal(Rng rng, double std, long... shape) {
        return Scope.of(() -> rng.normal(shape).mul(std));
    }

    /// Uniform in [-bound, bound).
    public static Tensor uniform(Rng rng, double bound, long... shape) {
        return Scope.of(() -> rng.uniform(shape).mul(2 * bound).sub(bound));
    }
}
