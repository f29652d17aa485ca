package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Parquet files as rows. Writing asks for the rows twice: a column holds lists if one of its values is a list, and
/// bytes if one is no text, which only the last row can settle.
@Export(value = "data.ParquetTable", since = "0.1")
public record ParquetTable() implements RowFormat {
    @Override
    public Source open(Path file) throws IOException {
        return SourceRows.open(Parquet.rows(), file);
    }

    @Override
    public long write(Path file, Map<String, ValueKind> fields, Body body) throws IOException {
        Map<String, ParquetColumn> columns = columns(fields, body);
        long[] rows = {0};
        try (var out = ParquetWriter.create(file, columns, ParquetWriter.Codec.GZIP)) {
            body.write(row -> {
                var values = new LinkedHashMap<String, @Nullable Object>();
                columns.forEach((name, column) -> values.put(name, value(row.get(name), column)));
                out.write(values);
                rows[0]++;
            });
            out.finish();
        }
        return rows[0];
    }

    private static Map<String, ParquetColumn> columns(Map<String, ValueKind> fields, Body body) throws IOException {
        Set<String> lists = new HashSet<>();
        Set<String> bytes = new HashSet<>();
        body.write(row -> row.forEach((name, value) -> {
            if (value instanceof List<?> list) {
                lists.add(name);
                if (list.stream().anyMatch(byte[].class::isInstance)) {
                    bytes.add(name);
                }
            } else if (value instanceof byte[]) {
                bytes.add(name);
            }
        }));
        var columns = new LinkedHashMap<String, ParquetColumn>();
        fields.forEach((name, kind) -> {
            var type = switch (kind) {
                case INT64 -> ParquetColumn.Type.LONG;
                case FLOAT32 -> ParquetColumn.Type.DOUBLE;
                case STRING -> bytes.contains(name) ? ParquetColumn.Type.BYTES : ParquetColumn.Type.STRING;
            };
            columns.put(name, new ParquetColumn(type, lists.contains(name)));
        });
        return columns;
    }

    private static @Nullable Object value(@Nullable Object value, ParquetColumn column) {
        if (value == null) {
            return null;
        }
        if (!column.list()) {
            return element(value, column.type());
        }
        return value instanceof List<?> list
                ? list.stream().map(one -> element(one, column.type())).toList()
                : List.of(element(value, column.type()));
    }

    private static Object element(Object value, ParquetColumn.Type type) {
        return switch (type) {
            case LONG -> value instanceof Boolean yes ? (yes ? 1L : 0L) : value;
            case DOUBLE ->
                switch (value) {
                    case Float number -> (double) number;
                    case Long number -> (double) number;
                    case String text -> Double.valueOf(text);
                    default -> value;
                };
            case BYTES -> value instanceof String text ? text.getBytes(java.nio.charset.StandardCharsets.UTF_8) : value;
            case STRING, BOOLEAN -> value;
        };
    }
}
