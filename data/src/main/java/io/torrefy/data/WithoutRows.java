package io.torrefy.data;

import java.util.Arrays;

/// Takes the axis of rows from the data of a single row.
final class WithoutRows {
    private WithoutRows() {}

    static FeatureData of(FeatureData data) {
        return switch (data) {
            case FeatureData.Dense(var values, var shape) -> new FeatureData.Dense(values, tail(shape));
            case FeatureData.Sparse(var values, var indices, var shape) ->
                new FeatureData.Sparse(values, withoutFirst(indices, shape.length), tail(shape));
            case FeatureData.Ragged(var values, var splits, var inner)
            when splits.length == 1 -> new FeatureData.Dense(values, ParsedColumn.shape(splits[0][1], inner));
            case FeatureData.Ragged(var values, var splits, var inner) ->
                new FeatureData.Ragged(values, Arrays.copyOfRange(splits, 1, splits.length), inner);
        };
    }

    private static long[] tail(long[] shape) {
        return Arrays.copyOfRange(shape, 1, shape.length);
    }

    private static long[] withoutFirst(long[] indices, int rank) {
        long[] kept = new long[indices.length / rank * (rank - 1)];
        for (int i = 0, at = 0; i < indices.length; i++) {
            if (i % rank != 0) {
                kept[at++] = indices[i];
            }
        }
        return kept;
    }
}
