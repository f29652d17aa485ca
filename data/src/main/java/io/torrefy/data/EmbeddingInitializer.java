package io.torrefy.data;

import io.torrefy.export.Export;

/// How a table of vectors begins.
@Export(value = "feature_column.EmbeddingInitializer", since = "0.1")
public sealed interface EmbeddingInitializer {
    /// What an embedding column begins with where nothing is said.
    static EmbeddingInitializer defaultFor(int dimension) {
        return new TruncatedNormal(0, 1 / Math.sqrt(Math.max(1, dimension)));
    }

    /// Normal, where what lies beyond two deviations is drawn again.
    record TruncatedNormal(double mean, double stddev) implements EmbeddingInitializer {}

    /// Uniform in `[minval, maxval)`.
    record RandomUniform(double minval, double maxval) implements EmbeddingInitializer {}

    /// The same everywhere.
    record Constant(double value) implements EmbeddingInitializer {}
}
