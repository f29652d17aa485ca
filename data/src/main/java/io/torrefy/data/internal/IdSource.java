package io.torrefy.data.internal;

import io.torrefy.data.EncodedColumn.Ids;

/// Computes the ids of a categorical column.
public interface IdSource {
    /// The ids of every row.
    Ids encode(Call call);

    /// No weights, or no positions but 0, 1, 2, …
    float[] NO_WEIGHTS = {};

    /// See [Ids#positions()].
    int[] IN_ORDER = {};
}
