package io.torrefy.data;

import io.torrefy.export.Export;

/// What columns do where TensorFlow's are silently wrong. The ids of sound data are the same in both.
@Export(value = "feature_column.ColumnMode", since = "0.1")
public enum ColumnMode {
    /// A feature means the same however it is stored: empty strings and -1 are missing in every form, crosses take
    /// their keys in the order given. An id out of range, NaN in a bucketized column, a number that its normalizer
    /// makes NaN or infinite, a default outside the vocabulary and weights that do not go with their ids are errors
    /// that name feature, row and value. Layers give a row for each row.
    STRICT,
    /// As TensorFlow: only dense features are searched for missing values; crosses put ragged and sparse keys
    /// before dense ones and keep empty strings; ids out of range pass; NaN is in the last bucket; weights of
    /// exactly 0 in a dense feature are dropped; empty rows at the end of a batch vanish from embeddings that do
    /// not use safe lookup.
    TF_COMPAT
}
