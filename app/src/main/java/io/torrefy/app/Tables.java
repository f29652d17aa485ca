package io.torrefy.app;

import io.torrefy.data.Csv;
import io.torrefy.data.CsvFormat;
import io.torrefy.data.CsvTable;
import io.torrefy.data.Dataset;
import io.torrefy.data.Datasets;
import io.torrefy.data.Example;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.FieldType;
import io.torrefy.data.Parquet;
import io.torrefy.data.RecordSource;
import io.torrefy.data.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/// Tables as rows, by the suffixes of their files.
final class Tables {
    private Tables() {}

    /// The rows of `files`, one after the other. Records of `.tfrecord` files are taken for tf.Examples. Cells of
    /// CSV are read as what `types` says of their columns, others as what they look like.
    static Dataset<Row> open(List<Path> files, Map<String, FieldType> types) throws IOException {
        return open(files, types, _ -> {});
    }

    /// How far to the end of a file, in what `place` counts: bytes; of Parquet, whose rows lie all over the file,
    /// rows.
    static long size(Path file) throws IOException {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".parquet") ? Parquet.count(file) : Files.size(file);
    }

    /// The same; `place` is told how much of all files was read so far, in the units of [#size].
    static Dataset<Row> open(List<Path> files, Map<String, FieldType> types, LongConsumer place) throws IOException {
        List<Dataset<Row>> parts = new ArrayList<>();
        long before = 0;
        for (Path file : files) {
            long start = before;
            parts.add(open(file, types, offset -> place.accept(start + offset)));
            before += Files.exists(file) ? size(file) : 0;
        }
        return parts.size() == 1 ? parts.getFirst() : Dataset.interleave(parts, 1, 1);
    }

    private static Dataset<Row> open(Path file, Map<String, FieldType> types, LongConsumer place) throws IOException {
        var rows = Dataset.files(new Watched(source(file, types), place), List.of(file));
        return isTfRecord(file) ? rows.map(Tables::example) : rows;
    }

    private static boolean isTfRecord(Path file) {
        return Datasets.format(file)
                .filter(format -> format.suffixes().contains(".tfrecord"))
                .isPresent();
    }

    private static RecordSource<Row> source(Path file, Map<String, FieldType> types) throws IOException {
        var format = Datasets.format(file);
        if (format.isEmpty()) {
            Datasets.open(file); // says which names there are
        }
        if (format.orElseThrow().table().orElse(null) instanceof CsvTable(CsvFormat cells)) {
            Map<String, FieldType> known = new LinkedHashMap<>(types);
            known.keySet().retainAll(Csv.of(cells).types(file).keySet());
            return Csv.of(cells.types(known));
        }
        return format.orElseThrow().rows();
    }

    /// Tells where a reader is.
    private record Watched(RecordSource<Row> source, LongConsumer place) implements RecordSource<Row> {
        @Override
        public Reader<Row> open(Path file, Position from) throws IOException {
            var reader = source.open(file, from);
            return new Reader<>() {
                @Override
                public Optional<Numbered<Row>> next() throws IOException {
                    var row = reader.next();
                    place.accept(reader.position().offset());
                    return row;
                }

                @Override
                public Position position() {
                    return reader.position();
                }

                @Override
                public void close() throws IOException {
                    reader.close();
                }
            };
        }

        @Override
        public String name() {
            return source.name();
        }
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
