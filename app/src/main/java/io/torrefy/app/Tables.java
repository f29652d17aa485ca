package io.torrefy.app;

import io.torrefy.data.Csv;
import io.torrefy.data.CsvFormat;
import io.torrefy.data.Dataset;
import io.torrefy.data.Datasets;
import io.torrefy.data.Example;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.FieldType;
import io.torrefy.data.Row;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Tables as rows, by the suffixes of their files.
final class Tables {
    private Tables() {}

    /// The rows of `files`, one after the other. Records of `.tfrecord` files are taken for tf.Examples. Cells of
    /// CSV are read as what `types` says of their columns, others as what they look like.
    static Dataset<Row> open(List<Path> files, Map<String, FieldType> types) throws IOException {
        List<Dataset<Row>> parts = new ArrayList<>();
        for (Path file : files) {
            parts.add(open(file, types));
        }
        return parts.size() == 1 ? parts.getFirst() : Dataset.interleave(parts, 1, 1);
    }

    private static Dataset<Row> open(Path file, Map<String, FieldType> types) throws IOException {
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".csv") || name.endsWith(".tsv")) {
            var format = (name.endsWith(".csv") ? CsvFormat.standard() : CsvFormat.tabs()).inferred();
            Map<String, FieldType> known = new LinkedHashMap<>(types);
            known.keySet().retainAll(Csv.of(format).types(file).keySet());
            return Datasets.csv(format.types(known), file);
        }
        var rows = Datasets.open(file);
        return name.endsWith(".tfrecord") || name.endsWith(".tfrecords") ? rows.map(Tables::example) : rows;
    }

    private static Row example(Row record) {
        byte[] bytes = (byte[]) record.find("record").orElseThrow();
        Map<String, Object> values = new LinkedHashMap<>();
        Example.parse(bytes)
                .features()
                .forEach((name, feature) -> feature.values().ifPresent(found -> values.put(name, list(found))));
        return new Row(record.file(), record.number(), values);
    }

    private static List<Object> list(FeatureValues values) {
        List<Object> all = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            all.add(
                    switch (values) {
                        case FeatureValues.Strings strings -> strings.get(i);
                        case FeatureValues.Longs(long[] array) -> array[i];
                        case FeatureValues.Floats(float[] array) -> (double) array[i];
                    });
        }
        return all;
    }
}
