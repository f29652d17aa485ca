package io.torrefy.data;

import io.torrefy.export.Export;

/// The values of one feature over the rows of a batch. Arrays are shared, not copied: who is given one leaves it
/// as it is.
@Export(value = "data.FeatureData", since = "0.1")
public sealed interface FeatureData {
    /// The values in row-major order.
    FeatureValues values();

    /// How many rows there are.
    int rows();

    /// The same number of values in every row.
    ///
    /// @param shape `(rows, ...)`
    record Dense(FeatureValues values, long[] shape) implements FeatureData {
        @Override
        public int rows() {
            return Math.toIntExact(shape[0]);
        }
    }

    /// Any number of values in a row.
    ///
    /// @param rowSplits from the outermost to the innermost level: entries `splits[i]` to `splits[i + 1]` of the
    ///     next level (of the values, on the last one) belong to part `i`; `rowSplits[0]` has `rows + 1` entries
    /// @param innerShape the shape of one value, empty for scalars
    record Ragged(FeatureValues values, int[][] rowSplits, long[] innerShape) implements FeatureData {
        /// One level of scalars.
        public Ragged(FeatureValues values, int[] rowSplits) {
            this(values, new int[][] {rowSplits}, new long[0]);
        }

        @Override
        public int rows() {
            return rowSplits[0].length - 1;
        }
    }

    /// Coordinates and values: TensorFlow's sparse tensor.
    ///
    /// @param indices `(values, rank)` in row-major order, sorted
    /// @param shape the dense shape, `(rows, ...)`
    record Sparse(FeatureValues values, long[] indices, long[] shape) implements FeatureData {
        @Override
        public int rows() {
            return Math.toIntExact(shape[0]);
        }
    }
}
