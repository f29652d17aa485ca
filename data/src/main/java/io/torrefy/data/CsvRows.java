package io.torrefy.data;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvCallbackHandler;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import de.siegmar.fastcsv.reader.RecordType;
import io.torrefy.data.internal.Texts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The rows of one CSV file. FastCSV splits records and cells; header, types and places are ours.
final class CsvRows implements RecordSource.Reader<Row> {
    /// The longest cell, in characters: an unclosed quote does not eat the memory of a huge file.
    private static final int LONGEST_CELL = 1 << 24;

    /// One record as it lies in the file.
    ///
    /// @param line the line it starts on, counted from where reading began
    /// @param lines how many lines it covers
    private record Cells(long line, long lines, List<@Nullable String> texts) {}

    private final Path file;
    private final CsvFormat format;
    private final List<String> names;
    private final FieldType[] types;
    private final Utf8Reader reader;
    private final Handler handler;
    private final CloseableIterator<Cells> records;
    private final long linesBefore;
    private RecordSource.Position position;

    CsvRows(Path file, CsvFormat format, List<String> names, RecordSource.Position from, Map<String, FieldType> types)
            throws IOException {
        this.file = file;
        this.format = format;
        this.names = names;
        this.types = names.stream()
                .map(name -> types.getOrDefault(name, FieldType.STRING))
                .toArray(FieldType[]::new);
        this.linesBefore = from.number();
        this.position = from;
        this.reader = new Utf8Reader(file, "csv", from);
        this.handler = new Handler();
        this.records = CsvReader.builder()
                .fieldSeparator(format.delimiter())
                .quoteCharacter(format.quote())
                .skipEmptyLines(true)
                .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
                .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
                .allowExtraCharsAfterClosingQuote(false)
                .allowUnclosedQuote(false)
                .maxBufferSize(LONGEST_CELL)
                .build(handler, reader)
                .iterator();
    }

    @Override
    public Optional<RecordSource.Numbered<Row>> next() throws IOException {
        var cells = nextCells();
        if (cells.isEmpty()) {
            return Optional.empty();
        }
        long line = linesBefore + cells.get().line();
        return Optional.of(
                new RecordSource.Numbered<>(line, row(line, cells.get().texts())));
    }

    private Optional<Cells> nextCells() throws IOException {
        try {
            if (!records.hasNext()) {
                return Optional.empty();
            }
            Cells cells = records.next();
            long next = linesBefore + cells.line() + cells.lines();
            position = new RecordSource.Position(reader.offsetOfLine(next), next - 1);
            return Optional.of(cells);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (CsvParseException e) {
            throw malformed(e);
        }
    }

    private RuntimeException malformed(CsvParseException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof MalformedDataException known) {
                return known;
            }
        }
        long line = linesBefore + handler.line;
        String reason = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
        var error = bad(line, "expected a record of quoted and plain cells; got " + reason);
        error.initCause(e);
        return error;
    }

    void skipHeader() throws IOException {
        nextCells();
    }

    List<String> readHeader() throws IOException {
        var cells = nextCells();
        if (cells.isEmpty()) {
            throw bad(1, "expected a header line of column names; got an empty file");
        }
        long line = linesBefore + cells.get().line();
        var header = new ArrayList<String>();
        for (String cell : cells.get().texts()) {
            header.add(cell == null ? "" : cell);
        }
        return checkedHeader(file, line, header);
    }

    /// `header`, where all names are there and differ.
    static List<String> checkedHeader(Path file, long line, List<String> header) {
        var problems = new ArrayList<String>();
        var seen = new HashSet<String>();
        for (int i = 0; i < header.size(); i++) {
            String name = header.get(i);
            if (name.isEmpty()) {
                problems.add("an empty name for column " + (i + 1));
            } else if (!seen.add(name)) {
                problems.add("\"" + name + "\" again for column " + (i + 1));
            }
        }
        if (!problems.isEmpty()) {
            throw new MalformedDataException(
                    file,
                    line,
                    "[csv] " + file + ":" + line + ": expected a different name for every column; got "
                            + String.join(", ", problems)
                            + ". Hint: a file without a header line needs CsvFormat.header(names).");
        }
        return List.copyOf(header);
    }

    private Row row(long line, List<@Nullable String> cells) {
        if (cells.size() != names.size()) {
            throw bad(
                    line,
                    "expected " + names.size() + " cells, for the columns " + Texts.shorten(names.toString()) + "; got "
                            + cells.size() + mismatch(cells));
        }
        Map<String, @Nullable Object> values = LinkedHashMap.newLinkedHashMap(cells.size());
        for (int i = 0; i < types.length; i++) {
            values.put(names.get(i), value(line, i, cells.get(i)));
        }
        return new Row(file, line, values);
    }

    private String mismatch(List<@Nullable String> cells) {
        return cells.size() < names.size()
                ? ", none for "
                        + Texts.shorten(
                                names.subList(cells.size(), names.size()).toString())
                : ", " + Texts.shorten(String.valueOf(cells.get(names.size()))) + " is too many";
    }

    private @Nullable Object value(long line, int column, @Nullable String cell) {
        if (cell == null) {
            return null;
        }
        return CsvCells.parse(cell, types[column])
                .orElseThrow(() -> bad(
                        line,
                        "expected " + expected(types[column]) + " in column \"" + names.get(column) + "\"; got \""
                                + Texts.shorten(cell) + "\""
                                + (format.types().containsKey(names.get(column))
                                        ? ""
                                        : " (the type was inferred from the first " + format.inferredFrom()
                                                + " rows; CsvFormat.types sets it)")));
    }

    private static String expected(FieldType type) {
        return switch (type) {
            case STRING -> "text";
            case LONG -> "a 64-bit integer";
            case DOUBLE -> "a number";
        };
    }

    private MalformedDataException bad(long line, String what) {
        return new MalformedDataException(file, line, "[csv] " + file + ":" + line + ": " + what + ".");
    }

    @Override
    public RecordSource.Position position() {
        return position;
    }

    @Override
    public void close() throws IOException {
        records.close();
        reader.close();
    }

    /// Gathers the cells of one record. An unquoted cell that means a missing value is null; a quoted one never is.
    private final class Handler extends CsvCallbackHandler<Cells> {
        private long line;
        private long lines;
        private boolean empty;
        private List<@Nullable String> texts = new ArrayList<>();

        @Override
        protected RecordType getRecordType() {
            return empty ? RecordType.EMPTY : RecordType.DATA;
        }

        @Override
        protected int getFieldCount() {
            return texts.size();
        }

        @Override
        protected void beginRecord(long startingLineNumber) {
            line = startingLineNumber;
            lines = 1;
            empty = false;
            texts = new ArrayList<>(names.size());
        }

        @Override
        protected void addField(char[] buffer, int offset, int length, boolean quoted) {
            String text = new String(buffer, offset, length);
            if (quoted) {
                lines += text.chars().filter(c -> c == '\n').count() + lonelyReturns(text);
            }
            texts.add(!quoted && format.missing().contains(text) ? null : text);
        }

        private static long lonelyReturns(String text) {
            long count = 0;
            for (int i = text.indexOf('\r'); i >= 0; i = text.indexOf('\r', i + 1)) {
                count += i + 1 == text.length() || text.charAt(i + 1) != '\n' ? 1 : 0;
            }
            return count;
        }

        @Override
        protected void setComment(char[] buffer, int offset, int length) {
            throw new IllegalStateException("comments are switched off");
        }

        @Override
        protected void setEmpty() {
            empty = true;
        }

        @Override
        protected Cells buildRecord() {
            return new Cells(line, lines, texts);
        }
    }
}
