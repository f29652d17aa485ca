package io.torrefy.data;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Raw features for tests, written as rows.
final class Features {
    private Features() {}

    static FeatureBatch batch(Object... namesAndData) {
        Map<String, FeatureData> all = new LinkedHashMap<>();
        for (int i = 0; i < namesAndData.length; i += 2) {
            all.put((String) namesAndData[i], (FeatureData) namesAndData[i + 1]);
        }
        return new FeatureBatch(all.values().iterator().next().rows(), all);
    }

    static FeatureData dense(String[]... rows) {
        return new FeatureData.Dense(strings(rows), shape(rows));
    }

    static FeatureData dense(long[]... rows) {
        return new FeatureData.Dense(longs(rows), shape(rows));
    }

    static FeatureData dense(float[]... rows) {
        return new FeatureData.Dense(floats(rows), shape(rows));
    }

    static FeatureData ragged(String[]... rows) {
        return new FeatureData.Ragged(strings(rows), splits(rows));
    }

    static FeatureData ragged(long[]... rows) {
        return new FeatureData.Ragged(longs(rows), splits(rows));
    }

    static FeatureData ragged(float[]... rows) {
        return new FeatureData.Ragged(floats(rows), splits(rows));
    }

    /// A sparse feature; `indices` are (row, column) pairs.
    static FeatureData sparse(FeatureValues values, long[] shape, long... indices) {
        return new FeatureData.Sparse(values, indices, shape);
    }

    /// The same values as coordinates.
    static FeatureData sparse(FeatureData.Ragged data) {
        int[] splits = data.rowSplits()[0];
        long widest = IntStream.range(0, data.rows())
                .map(r -> splits[r + 1] - splits[r])
                .max()
                .orElse(0);
        var indices = IntStream.range(0, data.rows())
                .boxed()
                .flatMap(r -> IntStream.range(splits[r], splits[r + 1])
                        .boxed()
                        .flatMap(i -> Stream.of((long) r, (long) i - splits[r])))
                .mapToLong(Long::longValue)
                .toArray();
        return new FeatureData.Sparse(data.values(), indices, new long[] {data.rows(), widest});
    }

    private static FeatureValues strings(String[][] rows) {
        return FeatureValues.Strings.of(
                Arrays.stream(rows).flatMap(Arrays::stream).toList());
    }

    private static FeatureValues longs(long[][] rows) {
        return new FeatureValues.Longs(
                Arrays.stream(rows).flatMapToLong(Arrays::stream).toArray());
    }

    private static FeatureValues floats(float[][] rows) {
        int n = Arrays.stream(rows).mapToInt(r -> r.length).sum();
        var all = new float[n];
        int at = 0;
        for (float[] row : rows) {
            System.arraycopy(row, 0, all, at, row.length);
            at += row.length;
        }
        return new FeatureValues.Floats(all);
    }

    private static long[] shape(Object[] rows) {
        return new long[] {rows.length, rows.length == 0 ? 0 : java.lang.reflect.Array.getLength(rows[0])};
    }

    private static int[] splits(Object[] rows) {
        var splits = new int[rows.length + 1];
        for (int r = 0; r < rows.length; r++) {
            splits[r + 1] = splits[r] + java.lang.reflect.Array.getLength(rows[r]);
        }
        return splits;
    }

    static String[] row(String... values) {
        return values;
    }

    static long[] row(long... values) {
        return values;
    }

    static float[] row(float... values) {
        return values;
    }

    /// The one column of a batch, encoded.
    static EncodedColumn encode(FeatureColumn column, ColumnMode mode, Object... namesAndData) {
        return ColumnEncoder.of(List.of(column), mode)
                .encode(batch(namesAndData))
                .column(column.name());
    }

    static EncodedColumn.Ids ids(FeatureColumn column, ColumnMode mode, Object... namesAndData) {
        return (EncodedColumn.Ids) encode(column, mode, namesAndData);
    }

    /// TensorFlow's indices of a sparse tensor: row and column of each id.
    static List<List<Integer>> indices(EncodedColumn.Ids ids) {
        return IntStream.range(0, ids.rows())
                .boxed()
                .flatMap(r -> IntStream.range(ids.rowSplits()[r], ids.rowSplits()[r + 1])
                        .mapToObj(i -> List.of(r, ids.position(r, i))))
                .toList();
    }
}
