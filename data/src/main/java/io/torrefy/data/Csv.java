package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Reads files of comma-separated values (RFC 4180). A byte-order mark and empty lines are skipped, lines end with
/// `\n`, `\r\n` or `\r`. A row with more or fewer cells than there are columns, a quote that is not closed, a column
/// name that comes twice and bytes that are no UTF-8 are each a [MalformedDataException] that names the file and the
/// line.
@Export(value = "data.Csv", since = "0.1")
public final class Csv implements RecordSource<Row> {
    private final CsvFormat format;

    private Csv(CsvFormat format) {
        this.format = format;
    }

    /// Files in that format.
    public static Csv of(CsvFormat format) {
        return new Csv(format);
    }

    /// All rows of `file`.
    public static List<Row> read(Path file, CsvFormat format) throws IOException {
        return Records.read(of(format), file);
    }

    /// All rows of `file` in the standard format, everything text.
    public static List<Row> read(Path file) throws IOException {
        return read(file, CsvFormat.standard());
    }

    /// The rows of `file`, read as they are asked for; close the stream. Reading may throw
    /// [java.io.UncheckedIOException].
    public static Stream<Row> stream(Path file, CsvFormat format) throws IOException {
        return Records.stream(of(format), file);
    }

    @Override
    public Reader<Row> open(Path file, Position from) throws IOException {
        Map<String, FieldType> types = types(file);
        List<String> names = List.copyOf(types.keySet());
        boolean afterHeader = from.equals(Position.START) && format.header().isEmpty();
        var rows = new CsvRows(file, format, names, from, types);
        if (afterHeader) {
            rows.skipHeader();
        }
        return rows;
    }

    @Override
    public String name() {
        return "csv";
    }

    /// The columns of `file` in its order, each with its type as given or inferred.
    ///
    /// @throws IllegalArgumentException where the format gives a type to a column that is not there
    public Map<String, FieldType> types(Path file) throws IOException {
        List<String> names = header(file);
        var unknown = format.types().keySet().stream()
                .filter(name -> !names.contains(name))
                .sorted()
                .toList();
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("[csv] " + file + ": expected types for columns among " + names
                    + "; got types for " + unknown + ".");
        }
        var inferred = format.inferredFrom() > 0 ? inferTypes(file, names) : Map.<String, FieldType>of();
        var types = new LinkedHashMap<String, FieldType>();
        for (String name : names) {
            types.put(name, format.types().getOrDefault(name, inferred.getOrDefault(name, FieldType.STRING)));
        }
        return types;
    }

    private List<String> header(Path file) throws IOException {
        if (!format.header().isEmpty()) {
            return CsvRows.checkedHeader(file, 0, format.header());
        }
        try (var rows = new CsvRows(file, format, List.of(), Position.START, Map.of())) {
            return rows.readHeader();
        }
    }

    private Map<String, FieldType> inferTypes(Path file, List<String> names) throws IOException {
        var guesses = new LinkedHashMap<String, FieldType>();
        try (var rows = new CsvRows(file, format, names, Position.START, Map.of())) {
            if (format.header().isEmpty()) {
                rows.skipHeader();
            }
            for (int i = 0; i < format.inferredFrom(); i++) {
                var row = rows.next();
                if (row.isEmpty()) {
                    break;
                }
                for (var cell : row.get().value().values().entrySet()) {
                    if (cell.getValue() instanceof String text) {
                        FieldType here = CsvCells.narrowest(text);
                        FieldType before = guesses.getOrDefault(cell.getKey(), here);
                        guesses.put(cell.getKey(), CsvCells.wider(before, here));
                    }
                }
            }
        }
        return guesses;
    }
}
