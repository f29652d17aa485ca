package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.bench.Case;
import io.torrefy.data.ColumnBuffers;
import io.torrefy.data.ColumnEncoder;
import io.torrefy.data.FeatureBatch;
import io.torrefy.data.FeatureColumn;
import io.torrefy.data.FeatureColumns;
import io.torrefy.data.FeatureData;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/// Raw columns to ids and numbers: hashed, looked up, bucketized, normalized, crossed and one-hot. The same table as
/// `bench/peers/columns.py`, where TensorFlow's Keras preprocessing layers do it.
public final class Columns implements Case {
    private static final int CITIES = 1000;

    private final FeatureBatch[] parts;
    private final ColumnEncoder encoder;
    private final int rows;
    private final ColumnBuffers[] buffers;

    public Columns(JsonNode args, int threads) {
        rows = args.path("rows").asInt();
        int batch = args.path("batch").asInt(rows);
        encoder = ColumnEncoder.of(columns(args.path("only").asText("")));
        parts = IntStream.iterate(0, at -> at < rows, at -> at + batch)
                .mapToObj(at -> table(at, Math.min(rows, at + batch)))
                .toArray(FeatureBatch[]::new);
        // TensorFlow too writes into memory that it has had before.
        buffers = new ColumnBuffers[] {new ColumnBuffers(), new ColumnBuffers()};
    }

    private static List<FeatureColumn> columns(String only) {
        var cities = IntStream.range(0, CITIES).mapToObj(v -> "city_" + v).toList();
        Map<String, FeatureColumn> all = new LinkedHashMap<>();
        all.put("user", FeatureColumns.categoricalColumnWithHashBucket("user", 100_000));
        all.put("city", FeatureColumns.categoricalColumnWithVocabularyList("city", cities, -1, 1));
        all.put(
                "age",
                FeatureColumns.bucketizedColumn(
                        FeatureColumns.numericColumn("age"), 18, 25, 30, 35, 40, 45, 50, 55, 60, 65));
        all.put(
                "price",
                FeatureColumns.numericColumn("price")
                        .withNormalizer(new Normalizer.Standardize(500, Math.sqrt(83_333))));
        all.put("cross", FeatureColumns.crossedColumn(List.of("city", "device"), 10_000));
        all.put("genre", FeatureColumns.indicatorColumn(FeatureColumns.categoricalColumnWithIdentity("genre", 20)));
        return only.isEmpty() ? List.copyOf(all.values()) : List.of(all.get(only));
    }

    /// The numbers of a Weyl sequence.
    private static long mixed(long i) {
        return (i * 0x9e3779b97f4a7c15L) >>> 33;
    }

    private static FeatureBatch table(int from, int to) {
        Map<String, FeatureData> all = new LinkedHashMap<>();
        all.put("user", texts(from, to, v -> "user_" + v % 100_003));
        all.put("city", texts(from, to, v -> "city_" + v % (CITIES + 100)));
        all.put("device", texts(from, to, v -> "device_" + v % 7));
        var age = new float[to - from];
        var price = new float[to - from];
        var genre = new long[to - from];
        for (int i = from; i < to; i++) {
            long v = mixed(i);
            age[i - from] = v % 100;
            price[i - from] = v % 99_991 / 100f;
            genre[i - from] = v % 20;
        }
        long[] shape = {to - from, 1};
        all.put("age", new FeatureData.Dense(new FeatureValues.Floats(age), shape));
        all.put("price", new FeatureData.Dense(new FeatureValues.Floats(price), shape));
        all.put("genre", new FeatureData.Dense(new FeatureValues.Longs(genre), shape));
        return new FeatureBatch(to - from, all);
    }

    private static FeatureData texts(int from, int to, LongFunction<String> text) {
        var all = new ArrayList<String>(to - from);
        for (int i = from; i < to; i++) {
            all.add(text.apply(mixed(i)));
        }
        return new FeatureData.Dense(FeatureValues.Strings.of(all), new long[] {to - from, 1});
    }

    @Override
    public Work work() {
        return new Work(rows, "rows");
    }

    @Override
    public void run() {
        // Two take turns, so that one batch can be used while the next is encoded.
        int encoded = 0;
        for (int i = 0; i < parts.length; i++) {
            encoded += encoder.encode(parts[i], buffers[i % 2]).rows();
        }
        if (encoded != rows) {
            throw new IllegalStateException("[columns] expected " + rows + " rows; got " + encoded);
        }
    }

    @Override
    public void close() {}
}
