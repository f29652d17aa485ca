package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.List;
import java.util.Optional;

/// What a parser of examples makes of a feature: the five kinds of `tf.io.parse_example`.
@Export(value = "data.FeatureSpec", since = "0.1")
public sealed interface FeatureSpec {
    /// The kind of its values.
    ValueKind kind();

    /// A fixed number of values in every row: [FeatureData.Dense] of shape `(rows, shape...)`.
    ///
    /// @param defaultValue where the feature is missing, as many values as `shape` has elements; empty: missing is
    ///     an error. A feature that is there without values is not missing, and an error unless `shape` has no
    ///     elements
    record FixedLen(ValueKind kind, long[] shape, Optional<FeatureValues> defaultValue) implements FeatureSpec {
        public FixedLen {
            int count = count(shape);
            defaultValue.ifPresent(values -> checkDefault(kind, values, count));
        }
    }

    /// Any number of values, none where the feature is missing: [FeatureData.Ragged] or [FeatureData.Sparse] of
    /// shape
    /// `(rows, most values)`.
    record VarLen(ValueKind kind, boolean sparse) implements FeatureSpec {}

    /// Any number of values of a fixed shape, padded to the longest row: [FeatureData.Dense] of shape
    /// `(rows, longest, shape...)`. Missing is an empty row, which in the lists of a `SequenceExample` has to be
    /// allowed.
    ///
    /// @param padding one value; empty: zero or the empty string
    record FixedLenSequence(ValueKind kind, long[] shape, boolean allowMissing, Optional<FeatureValues> padding)
            implements FeatureSpec {
        public FixedLenSequence {
            if (count(shape) == 0) {
                throw new IllegalArgumentException("[features] expected a shape with elements; got 0 of them.");
            }
            padding.ifPresent(values -> checkDefault(kind, values, 1));
        }
    }

    /// Coordinates and values from features of their own: [FeatureData.Sparse] of shape `(rows, sizes...)`. An
    /// index outside of `sizes` is an error; TensorFlow lets it pass.
    ///
    /// @param indexKeys for each dimension the feature that has the indices
    /// @param valueKey the feature that has the values
    /// @param sizes of the dimensions
    /// @param alreadySorted whether the indices of every row ascend in the records; else they are sorted
    record Sparse(ValueKind kind, List<String> indexKeys, String valueKey, long[] sizes, boolean alreadySorted)
            implements FeatureSpec {
        public Sparse {
            indexKeys = List.copyOf(indexKeys);
            if (indexKeys.isEmpty() || indexKeys.size() != sizes.length) {
                throw new IllegalArgumentException("[features] expected as many sizes as index keys, at least 1; got "
                        + sizes.length + " and " + indexKeys.size() + ".");
            }
        }
    }

    /// Nested lists: [FeatureData.Ragged] of `1 + partitions` levels, of which [Partition.Uniform] ones on the
    /// inside are its `innerShape`.
    ///
    /// @param valueKey the feature that has the values; empty: the one by the name of the spec
    /// @param partitions how the values of a row are divided, from the outside to the inside
    record Ragged(ValueKind kind, Optional<String> valueKey, List<Partition> partitions) implements FeatureSpec {
        public Ragged {
            partitions = List.copyOf(partitions);
        }
    }

    /// How a level of a ragged feature is divided into lists. All but [Uniform] are features of integers.
    sealed interface Partition {
        /// `0, 2, 2, 5`: three lists end at 2, 2 and 5.
        record RowSplits(String key) implements Partition {}

        /// `2, 0, 3`.
        record RowLengths(String key) implements Partition {}

        /// `0, 2, 2`: where each list starts.
        record RowStarts(String key) implements Partition {}

        /// `2, 2, 5`: where each list ends.
        record RowLimits(String key) implements Partition {}

        /// `0, 0, 2, 2, 2`: the list of each value.
        record ValueRowIds(String key) implements Partition {}

        /// Lists of equal length.
        record Uniform(int length) implements Partition {
            public Uniform {
                if (length < 1) {
                    throw new IllegalArgumentException("[features] expected a length of at least 1; got " + length);
                }
            }
        }
    }

    /// A [FixedLen] that has to be there.
    static FeatureSpec fixedLen(ValueKind kind, long... shape) {
        return new FixedLen(kind, shape, Optional.empty());
    }

    /// A [FixedLen] of one value with a default.
    static FeatureSpec scalar(ValueKind kind, FeatureValues defaultValue) {
        return new FixedLen(kind, new long[0], Optional.of(defaultValue));
    }

    /// A [VarLen] as [FeatureData.Ragged].
    static FeatureSpec varLen(ValueKind kind) {
        return new VarLen(kind, false);
    }

    /// A [VarLen] as [FeatureData.Sparse].
    static FeatureSpec varLenSparse(ValueKind kind) {
        return new VarLen(kind, true);
    }

    /// The number of elements of a shape.
    private static int count(long[] shape) {
        long count = 1;
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException("[features] expected sizes of at least 0; got " + size + ".");
            }
            count = Math.multiplyExact(count, size);
        }
        return Math.toIntExact(count);
    }

    private static void checkDefault(ValueKind kind, FeatureValues values, int count) {
        if (ValueKind.of(values) != kind || values.size() != count) {
            throw new IllegalArgumentException(
                    "[features] expected a default of " + count + " " + kind.label() + " values; got " + values.size()
                            + " of " + ValueKind.of(values).label() + ".");
        }
    }
}
