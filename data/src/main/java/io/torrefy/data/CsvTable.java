package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// CSV files as rows. Types that the format states for columns which a file lacks are passed over. A cell holds one
/// value, so a list of one is written as that value and an empty one as a missing value; a longer list is an error.
@Export(value = "data.CsvTable", since = "0.1")
public record CsvTable(CsvFormat format) implements RowFormat {
    @Override
    public Source open(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IllegalArgumentException("[csv] expected a file that can be read twice, to find types first; got "
                    + file + ". Hint: JSONL can be read from a pipe.");
        }
        var types = new LinkedHashMap<>(format.types());
        if (!types.isEmpty()) {
            types.keySet()
                    .retainAll(Csv.of(format.types(Map.of()).inferredFrom(0))
                            .types(file)
                            .keySet());
        }
        return SourceRows.open(Csv.of(format.types(types)), file);
    }

    @Override
    public long write(Path file, Map<String, ValueKind> fields, Body body) throws IOException {
        long[] rows = {0};
        try (var out = CsvWriter.create(file, List.copyOf(fields.keySet()), format)) {
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
