package io.torrefy.data;

import io.torrefy.export.Export;

/// What a column has become: numbers and ids without anything trained in them. Arrays are shared, not copied.
@Export(value = "feature_column.EncodedColumn", since = "0.1")
public sealed interface EncodedColumn {
    /// How many rows there are.
    int rows();

    /// The same number of floats in every row: numeric and indicator columns.
    ///
    /// @param values `(rows, width)`
    record Dense(int rows, int width, float[] values) implements EncodedColumn {}

    /// Any number of ids in a row: categorical and embedding columns.
    ///
    /// @param rowSplits ids `rowSplits[r]` to `rowSplits[r + 1]` are row `r`'s
    /// @param ids each in `0..numBuckets`, or -1 where a value is unknown
    /// @param weights one for each id, or empty if they have none
    /// @param positions which value of its row each id came from, where some had none; empty if all are 0, 1, 2, …
    record Ids(int[] rowSplits, long[] ids, float[] weights, int[] positions) implements EncodedColumn {
        @Override
        public int rows() {
            return rowSplits.length - 1;
        }

        /// Which value of its row id `i`, of row `row`, came from.
        public int position(int row, int i) {
            return positions.length == 0 ? i - rowSplits[row] : positions[i];
        }
    }

    /// Any number of steps in a row, and any number of ids in a step: sequences of ids.
    ///
    /// @param rowSplits steps `rowSplits[r]` to `rowSplits[r + 1]` are row `r`'s
    /// @param stepSplits ids `stepSplits[s]` to `stepSplits[s + 1]` are step `s`'s
    /// @param weights one for each id, or empty if they have none
    record IdSequences(int[] rowSplits, int[] stepSplits, long[] ids, float[] weights) implements EncodedColumn {
        @Override
        public int rows() {
            return rowSplits.length - 1;
        }
    }

    /// Any number of steps in a row, each of `width` floats: sequences of numbers.
    ///
    /// @param rowSplits steps `rowSplits[r]` to `rowSplits[r + 1]` are row `r`'s
    /// @param values `(steps, width)`
    /// @param padding what fills a row up to the longest
    record DenseSequences(int[] rowSplits, int width, float[] values, float padding) implements EncodedColumn {
        @Override
        public int rows() {
            return rowSplits.length - 1;
        }
    }
}
