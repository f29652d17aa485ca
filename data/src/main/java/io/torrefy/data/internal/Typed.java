package io.torrefy.data.internal;

import io.torrefy.data.FeatureBatch;
import io.torrefy.data.FeatureData;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.FieldType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/// Gives features the types that a schema says, where that loses nothing: integers are numbers where numbers are
/// wanted, and their digits where text is.
public final class Typed {
    private Typed() {}

    /// Those features of `batch` that have a type; of another kind where there is no way.
    public static FeatureBatch of(FeatureBatch batch, Map<String, FieldType> types) {
        Map<String, FeatureData> all = new LinkedHashMap<>();
        types.forEach((name, type) -> batch.find(name).ifPresent(data -> all.put(name, data(data, type))));
        return new FeatureBatch(batch.rows(), all);
    }

    private static FeatureData data(FeatureData data, FieldType type) {
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
}
