package io.torrefy.data;

import io.torrefy.export.Export;

/// A column of any number of ids in a row, each in `0..numBuckets`; -1 is an unknown value.
@Export(value = "feature_column.CategoricalColumn", since = "0.1")
public sealed interface CategoricalColumn extends FeatureColumn
        permits BucketizedColumn,
                HashedCategoricalColumn,
                VocabularyListCategoricalColumn,
                VocabularyFileCategoricalColumn,
                IdentityCategoricalColumn,
                WeightedCategoricalColumn,
                CrossedColumn,
                SequenceCategoricalColumn {
    /// How many different ids there are.
    long numBuckets();
}
