package io.torrefy.data;

import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategy;
import io.torrefy.export.Export;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes a CSV file that [Csv] reads back to the same values: missing values as the format's missing cell, text that
/// could be taken for it in quotes. The rows gather beside the file and take its name when the writer is closed after
/// [#finish], so nobody finds half a file.
@Export(value = "data.CsvWriter", since = "0.1")
public final class CsvWriter implements AutoCloseable {
    private final Path file;
    private final Path unfinished;
    private final List<String> names;
    private final CsvFormat format;
    private final de.siegmar.fastcsv.writer.CsvWriter out;
    private final BitSet missing = new BitSet();
    private long rows;
    private boolean open = true;

    private CsvWriter(Path file, List<String> names, CsvFormat format) throws IOException {
        this.file = file;
        this.unfinished = UnfinishedFiles.beside(file);
        this.names = CsvRows.checkedHeader(file, 1, names);
        this.format = format;
        this.out = de.siegmar.fastcsv.writer.CsvWriter.builder()
                .fieldSeparator(format.delimiter())
                .quoteCharacter(format.quote())
                .quoteStrategy(new Quotes())
                .lineDelimiter(LineDelimiter.LF)
                .build(unfinished);
    }

    /// A file of columns `names`, with a header line unless `format` gives the header.
    public static CsvWriter create(Path file, List<String> names, CsvFormat format) throws IOException {
        var writer = new CsvWriter(file, names, format);
        if (format.header().isEmpty()) {
            writer.put(names);
        }
        return writer;
    }

    /// Appends a row; a column that `values` lacks is missing.
    ///
    /// @throws IllegalArgumentException that names row and column of a value that no cell can hold (a list, an
    ///     object, bytes), or names that are no columns
    public void write(Map<String, ? extends @Nullable Object> values) throws IOException {
        rows++;
        var unknown = values.keySet().stream()
                .filter(name -> !names.contains(name))
                .sorted()
                .toList();
        if (!unknown.isEmpty()) {
            throw bad("values for columns " + names, unknown.toString(), "");
        }
        var cells = new ArrayList<String>();
        missing.clear();
        for (String name : names) {
            Object value = values.get(name);
            missing.set(cells.size(), value == null);
            cells.add(value == null ? missingCell(name) : cell(name, value));
        }
        put(cells);
    }

    private String cell(String name, Object value) {
        return switch (value) {
            case String text -> text;
            case Number number -> number.toString();
            case Boolean truth -> truth.toString();
            default ->
                throw bad(
                        "text, a number or null in column \"" + name + "\"",
                        Row.describe(value),
                        " Hint: JSONL and Parquet hold lists and objects.");
        };
    }

    private String missingCell(String name) {
        String cell = format.missing().stream()
                .findFirst()
                .orElseThrow(() -> bad(
                        "a value in column \"" + name + "\", since the format has no cell for missing ones",
                        "null",
                        ""));
        if (cell.isEmpty() && names.size() == 1) {
            throw bad(
                    "a value in column \"" + name + "\", since readers skip empty lines",
                    "null",
                    " Hint: CsvFormat.missing(\"NA\") writes NA.");
        }
        return cell;
    }

    private IllegalArgumentException bad(String expected, String got, String hint) {
        return new IllegalArgumentException(
                "[csv] " + file + ", row " + rows + ": expected " + expected + "; got " + got + "." + hint);
    }

    private void put(List<String> cells) throws IOException {
        try {
            out.writeRecord(cells);
        } catch (UncheckedIOException e) {
            throw new IOException("[csv] could not write " + file + ": " + e.getMessage(), e);
        }
    }

    /// Gives the file its name, in the place of one that was there, and closes.
    public void finish() throws IOException {
        open = false;
        try {
            out.close();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        UnfinishedFiles.move(unfinished, file);
    }

    /// Closes; a file that was not finished goes.
    @Override
    public void close() throws IOException {
        if (open) {
            open = false;
            out.close();
            Files.deleteIfExists(unfinished);
        }
    }

    /// Quotes text that could be taken for a missing cell, an empty line or a byte-order mark, beside what has to
    /// be quoted anyway.
    private final class Quotes implements QuoteStrategy {
        @Override
        public boolean quoteEmpty(int line, int column) {
            return !missing.get(column)
                    && (names.size() == 1 || format.missing().contains(""));
        }

        @Override
        public boolean quoteValue(int line, int column, String value) {
            return !missing.get(column) && (format.missing().contains(value) || value.startsWith("\ufeff"));
        }
    }
}
