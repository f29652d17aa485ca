package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// JSON Lines files of one object a line as rows. Bytes that are no text are written as `{"base64": "..."}`.
@Export(value = "data.JsonLinesFormat", since = "0.1")
public record JsonLinesFormat() implements RowFormat {
    @Override
    public Source open(Path file) throws IOException {
        return SourceRows.open(JsonLines.rows(), file);
    }

    @Override
    public boolean takesAnyValue() {
        return true;
    }

    @Override
    public long write(Path file, Map<String, ValueKind> fields, Body body) throws IOException {
        return UnfinishedFiles.write(file, unfinished -> {
            long[] rows = {0};
            try (BufferedWriter out = Files.newBufferedWriter(unfinished)) {
                body.write(row -> {
                    var json = new LinkedHashMap<String, @Nullable Object>();
                    row.forEach((name, value) -> json.put(name, json(value)));
                    out.write(JsonLines.MAPPER.writeValueAsString(json));
                    out.write('\n');
                    rows[0]++;
                });
            }
            return rows[0];
        });
    }

    /// `value` as Jackson writes it.
    public static @Nullable Object json(@Nullable Object value) {
        return switch (value) {
            case byte[] bytes -> Map.of(ExampleRows.BASE64, Base64.getEncoder().encodeToString(bytes));
            case List<?> list -> {
                var elements = new ArrayList<@Nullable Object>(list.size());
                list.forEach(element -> elements.add(json(element)));
                yield elements;
            }
            case Map<?, ?> object -> {
                var fields = new LinkedHashMap<Object, @Nullable Object>();
                object.forEach((name, field) -> fields.put(name, json(field)));
                yield fields;
            }
            case null, default -> value;
        };
    }
}
