package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;

/// A table of vectors, `weight` (count, dim), read by ids.
@Export(value = "nn.Embedding", since = "0.1")
public final class Embedding extends Layer {
    private final Tensor weight;

    private Embedding(Tensor weight) {
        this.weight = parameter("weight", weight);
    }

    public static Embedding of(long count, long dim, double std, Rng rng) {
        return new Embedding(Init.normal(rng, std, count, dim));
    }

    public Tensor weight() {
        return weight;
    }

    /// ids (…) to vectors (…, dim).
    @Override
    public Tensor forward(Tensor ids) {
        return Functional.embedding(ids, weight);
    }
}
