package io.torrefy.data.internal;

import io.torrefy.data.FeatureData;
import io.torrefy.data.FeatureValues;
import java.util.Arrays;

/// The values of one raw feature, row by row, however it is stored.
///
/// @param dense whether every row has the same number of values
/// @param rowSplits values `rowSplits[r]` to `rowSplits[r + 1]` are row `r`'s
/// @param positions where in its row each value stands, if a sparse feature leaves places out; else empty
/// @param stepSplits values of each step of a feature with two or more ragged levels; else empty
/// @param steps the steps of each row, with `stepSplits`
/// @param stepWidth how many values a step has otherwise
public record Cells(
        String key,
        FeatureValues values,
        boolean dense,
        int[] rowSplits,
        int[] positions,
        int[] steps,
        int[] stepSplits,
        int stepWidth) {
    private static final int[] NONE = {};

    /// The values of `data`.
    ///
    /// @throws IllegalArgumentException if it has no rows (rank 0), or values and shape do not go together
    public static Cells of(Call call, String key, FeatureData data) {
        return switch (data) {
            case FeatureData.Dense dense -> ofDense(call, key, dense);
            case FeatureData.Ragged ragged -> ofRagged(key, ragged);
            case FeatureData.Sparse sparse -> ofSparse(key, sparse);
        };
    }

    private static Cells ofDense(Call call, String key, FeatureData.Dense data) {
        long[] shape = data.shape();
        Problems.of("columns")
                .expect(shape.length > 0, "feature (key: " + key + ") of rank 1 or more", "rank 0")
                .raise();
        long width = product(shape, 1);
        Problems.of("columns")
                .expect(
                        shape[0] * width == data.values().size(),
                        "feature (key: " + key + ") with a value for each element of its shape "
                                + Arrays.toString(shape),
                        data.values().size() + " values")
                .raise();
        return new Cells(
                key, data.values(), true, call.uniform((int) width), NONE, NONE, NONE, (int) product(shape, 2));
    }

    private static Cells ofRagged(String key, FeatureData.Ragged data) {
        int inner = (int) product(data.innerShape(), 0);
        int[][] levels = data.rowSplits();
        int[] last = scaled(levels[levels.length - 1], inner);
        if (levels.length == 1) {
            check(key, last, data.values().size());
            return new Cells(key, data.values(), false, last, NONE, NONE, NONE, inner);
        }
        int[] below = last;
        for (int level = levels.length - 2; level > 0; level--) {
            below = through(levels[level], below);
        }
        int[] splits = through(levels[0], below);
        check(key, splits, data.values().size());
        return new Cells(key, data.values(), false, splits, NONE, levels[0], below, 1);
    }

    private static Cells ofSparse(String key, FeatureData.Sparse data) {
        long[] shape = data.shape();
        int rank = shape.length;
        Problems.of("columns")
                .expect(rank > 0, "feature (key: " + key + ") of rank 1 or more", "rank 0")
                .raise();
        int count = data.values().size();
        var splits = new int[data.rows() + 1];
        var positions = new int[count];
        for (int i = 0; i < count; i++) {
            splits[(int) data.indices()[i * rank] + 1]++;
            long at = 0;
            for (int d = 1; d < rank; d++) {
                at = at * shape[d] + data.indices()[i * rank + d];
            }
            positions[i] = Math.toIntExact(at);
        }
        boolean whole = true;
        for (int r = 0; r < splits.length - 1; r++) {
            splits[r + 1] += splits[r];
            for (int i = splits[r]; i < splits[r + 1]; i++) {
                whole &= positions[i] == i - splits[r];
            }
        }
        return new Cells(
                key, data.values(), false, splits, whole ? NONE : positions, NONE, NONE, (int) product(shape, 2));
    }

    private static void check(String key, int[] splits, int values) {
        Problems.of("columns")
                .expect(
                        splits[splits.length - 1] == values,
                        "feature (key: " + key + ") with as many values as its row splits say, "
                                + splits[splits.length - 1],
                        values)
                .raise();
    }

    static long product(long[] shape, int from) {
        long n = 1;
        for (int d = from; d < shape.length; d++) {
            n *= shape[d];
        }
        return n;
    }

    private static int[] scaled(int[] splits, int by) {
        return by == 1 ? splits : Arrays.stream(splits).map(s -> s * by).toArray();
    }

    private static int[] through(int[] outer, int[] inner) {
        return Arrays.stream(outer).map(s -> inner[s]).toArray();
    }

    /// How many rows there are.
    public int rows() {
        return rowSplits.length - 1;
    }

    /// How many values there are.
    public int count() {
        return values.size();
    }

    /// Where in its row value `i`, of row `row`, stands.
    public int position(int row, int i) {
        return positions.length == 0 ? i - rowSplits[row] : positions[i];
    }

    /// The row that value `i` belongs to.
    public int rowOf(int i) {
        int at = Arrays.binarySearch(rowSplits, i);
        if (at < 0) {
            return -at - 2;
        }
        // Empty rows share their start with the row after them.
        while (at + 1 < rowSplits.length && rowSplits[at + 1] == i) {
            at++;
        }
        return at;
    }

    /// Whether value `i` stands for none: an empty string or -1.
    public boolean missing(int i) {
        return switch (values) {
            case FeatureValues.Strings strings -> strings.offsets()[i] == strings.offsets()[i + 1];
            case FeatureValues.Longs longs -> longs.array()[i] == -1;
            case FeatureValues.Floats _ -> false;
        };
    }

    /// How many values in `from..to` stand for none.
    public int countMissing(int from, int to) {
        int missing = 0;
        switch (values) {
            case FeatureValues.Strings strings -> {
                int[] offsets = strings.offsets();
                for (int i = from; i < to; i++) {
                    missing += offsets[i] == offsets[i + 1] ? 1 : 0;
                }
            }
            case FeatureValues.Longs longs -> {
                long[] array = longs.array();
                for (int i = from; i < to; i++) {
                    missing += array[i] == -1 ? 1 : 0;
                }
            }
            case FeatureValues.Floats _ -> {}
        }
        return missing;
    }

    /// Value `i` for people.
    public String text(int i) {
        return switch (values) {
            case FeatureValues.Strings strings -> "\"" + strings.text(i) + "\"";
            case FeatureValues.Longs longs -> Long.toString(longs.array()[i]);
            case FeatureValues.Floats floats -> Float.toString(floats.array()[i]);
        };
    }

    /// The name of the kind of values.
    public String kind() {
        return switch (values) {
            case FeatureValues.Strings _ -> "string";
            case FeatureValues.Longs _ -> "int64";
            case FeatureValues.Floats _ -> "float32";
        };
    }
}
