package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.List;

/// A column of the same number of floats in every row.
@Export(value = "feature_column.DenseColumn", since = "0.1")
public sealed interface DenseColumn extends FeatureColumn
        permits NumericColumn, BucketizedColumn, IndicatorColumn, EmbeddingColumn, SharedEmbeddingColumn {
    /// The shape of one row.
    List<Long> variableShape();

    /// How many floats one row has.
    default long width() {
        return variableShape().stream().reduce(1L, Math::multiplyExact);
    }
}
