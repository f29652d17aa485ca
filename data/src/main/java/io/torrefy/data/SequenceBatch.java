package io.torrefy.data;

import java.util.Map;

/// What [SequenceExampleParser] gives.
///
/// @param context the features of the wholes, `(rows, ...)`
/// @param sequences the features of the steps, `(rows, steps, ...)`
/// @param lengths for each feature of the steps how many steps each row has
public record SequenceBatch(FeatureBatch context, FeatureBatch sequences, Map<String, long[]> lengths) {}
