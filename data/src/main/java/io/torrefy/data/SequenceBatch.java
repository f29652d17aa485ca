package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Map;

/// What [SequenceExampleParser] gives.
///
/// @param context the features of the wholes, `(rows, ...)`
/// @param sequences the features of the steps, `(rows, steps, ...)`
/// @param lengths for each feature of the steps how many steps each row has
@Export(value = "data.SequenceBatch", since = "0.1")
public record SequenceBatch(FeatureBatch context, FeatureBatch sequences, Map<String, long[]> lengths) {}
