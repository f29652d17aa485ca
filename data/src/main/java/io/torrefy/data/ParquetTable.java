package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Parquet files as rows. Lists may hold nulls. Writing asks for the rows twice: a column holds lists if one of its
/// values is a list, and bytes if one is no text, which only the last row can settle.
///
/// @param mapsAsLists whether a column of maps is read as two of lists, as [Parquet#mapsAsLists] says
@Export(value = "data.ParquetTable", since = "0.1")
public record ParquetTable(boolean mapsAsLists) implements RowFormat {
    @Override
    public Source open(Path file) throws IOException {
        return SourceRows.open(mapsAsLists ? Parquet.rows().mapsAsLists() : Parquet.rows(), file);
    }

    @Override
    public boolean takesNullElements() {
        return true;
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
        return value instanceof List<?> list ? elements(list, column.type()) : List.of(element(value, column.type()));
    }

    private static List<@Nullable Object> elements(List<?> list, ParquetColumn.Type type) {
        var elements = new ArrayList<@Nullable Object>(list.size());
        list.forEach(one -> elements.add(one == null ? null : element(one, type)));
        return elements;
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
            case BYTES -> value instanceof String text ? text.getBytes(StandardCharsets.UTF_8) : value;
            case STRING, BOOLEAN -> value;
        };
    }
}
