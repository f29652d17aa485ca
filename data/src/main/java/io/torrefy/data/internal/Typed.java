package io.torrefy.data.internal;

import io.torrefy.data.FeatureBatch;
import io.torrefy.data.FeatureData;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.FieldType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Gives features the types that a schema says, where that loses nothing: integers are numbers where numbers are
/// wanted, and their digits where text is. A number that is NaN is none: tables that come from data frames write
/// missing numbers so.
public final class Typed {
    private Typed() {}

    /// Those features of `batch` that have a type; of another kind where there is no way.
    public static FeatureBatch of(FeatureBatch batch, Map<String, FieldType> types) {
        Map<String, FeatureData> all = new LinkedHashMap<>();
        types.forEach((name, type) -> batch.find(name).ifPresent(data -> all.put(name, data(data, type))));
        return new FeatureBatch(batch.rows(), all);
    }

    private static FeatureData data(FeatureData data, FieldType type) {
        if (data.values() instanceof FeatureValues.Floats(float[] array) && hasNan(array)) {
            return withoutNan(data, array);
        }
        if (!(data.values() instanceof FeatureValues.Longs(long[] array)) || type == FieldType.LONG) {
            return data;
        }
        var values = type == FieldType.DOUBLE ? floats(array) : digits(array);
        return switch (data) {
            case FeatureData.Dense dense -> new FeatureData.Dense(values, dense.shape());
            case FeatureData.Ragged ragged -> new FeatureData.Ragged(values, ragged.rowSplits(), ragged.innerShape());
            case FeatureData.Sparse sparse -> new FeatureData.Sparse(values, sparse.indices(), sparse.shape());
        };
    }

    private static FeatureValues floats(long[] array) {
        var floats = new float[array.length];
        for (int i = 0; i < array.length; i++) {
            floats[i] = array[i];
        }
        return new FeatureValues.Floats(floats);
    }

    private static FeatureValues digits(long[] array) {
        List<String> texts = LongStream.of(array).mapToObj(Long::toString).toList();
        return FeatureValues.Strings.of(texts);
    }

    private static boolean hasNan(float[] array) {
        for (float x : array) {
            if (Float.isNaN(x)) {
                return true;
            }
        }
        return false;
    }

    private static FeatureData withoutNan(FeatureData data, float[] array) {
        return switch (data) {
            case FeatureData.Dense(var _, long[] shape)
            when shape.length > 0 -> withoutNan(array, uniform(data.rows(), array.length));
            case FeatureData.Ragged(var _, int[][] splits, long[] inner)
            when splits.length == 1 && inner.length == 0 -> withoutNan(array, splits[0]);
            case FeatureData.Sparse sparse -> withoutNan(array, sparse);
            // Of steps and of vectors none can be left out: what takes them will say what it thinks of NaN.
            case FeatureData.Dense _, FeatureData.Ragged _ -> data;
        };
    }

    private static int[] uniform(int rows, int values) {
        int width = rows == 0 ? 0 : values / rows;
        return IntStream.rangeClosed(0, rows).map(r -> r * width).toArray();
    }

    private static FeatureData withoutNan(float[] array, int[] splits) {
        var kept = new float[array.length];
        var keptSplits = new int[splits.length];
        int size = 0;
        for (int row = 0; row + 1 < splits.length; row++) {
            for (int i = splits[row]; i < splits[row + 1]; i++) {
                if (!Float.isNaN(array[i])) {
                    kept[size++] = array[i];
                }
            }
            keptSplits[row + 1] = size;
        }
        return new FeatureData.Ragged(new FeatureValues.Floats(Arrays.copyOf(kept, size)), keptSplits);
    }

    private static FeatureData withoutNan(float[] array, FeatureData.Sparse sparse) {
        int rank = sparse.shape().length;
        var kept = new float[array.length];
        var indices = new long[array.length * rank];
        int size = 0;
        for (int i = 0; i < array.length; i++) {
            if (!Float.isNaN(array[i])) {
                System.arraycopy(sparse.indices(), i * rank, indices, size * rank, rank);
                kept[size++] = array[i];
            }
        }
        return new FeatureData.Sparse(
                new FeatureValues.Floats(Arrays.copyOf(kept, size)),
                Arrays.copyOf(indices, size * rank),
                sparse.shape());
    }
}
