package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Map;

/// How raw features become a model's input: the columns of `tf.feature_column`, as values that can be compared, stored
/// as JSON ([ColumnConfigs]) and that hold no tensors. [FeatureColumns] makes them, [ColumnEncoder] computes them, and
/// layers ([DenseFeatures], [SequenceFeatures], [LinearModel]) own what is trained.
@Export(value = "feature_column.FeatureColumn", since = "0.1")
public sealed interface FeatureColumn permits DenseColumn, CategoricalColumn, SequenceNumericColumn {
    /// What a layer knows it by: the key, or the names below it with a suffix for every step, `age_bucketized`.
    String name();

    /// The raw features it reads and what each looks like in a tf.Example.
    Map<String, FeatureSpec> parseExampleSpec();
}
