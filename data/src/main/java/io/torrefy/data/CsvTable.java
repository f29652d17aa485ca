package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// CSV files as rows: types are inferred when reading. A cell holds one value, so a list of one is written as that
/// value and an empty one as a missing value; a longer list is an error.
@Export(value = "data.CsvTable", since = "0.1")
public record CsvTable() implements RowFormat {
    @Override
    public Source open(Path file) throws IOException {
        return SourceRows.open(Csv.of(CsvFormat.standard().inferred()), file);
    }

    @Override
    public long write(Path file, Map<String, ValueKind> fields, Body body) throws IOException {
        long[] rows = {0};
        try (var out = CsvWriter.create(file, List.copyOf(fields.keySet()), CsvFormat.standard())) {
            body.write(row -> {
                var cells = new LinkedHashMap<String, @Nullable Object>();
                row.forEach((name, value) -> {
                    if (fields.containsKey(name)) {
                        cells.put(name, cell(value));
                    }
                });
                out.write(cells);
                rows[0]++;
            });
            out.finish();
        }
        return rows[0];
    }

    private static @Nullable Object cell(@Nullable Object value) {
        return switch (value) {
            case List<?> list when list.isEmpty() -> null;
            case List<?> list when list.size() == 1 -> cell(list.getFirst());
            case Float number -> Double.valueOf(number.toString());
            case null, default -> value;
        };
    }
}
