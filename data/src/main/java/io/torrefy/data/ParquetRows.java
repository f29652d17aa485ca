package io.torrefy.data;

import dev.hardwood.HardwoodContext;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqStruct;
import dev.hardwood.row.StructAccessor;
import dev.hardwood.schema.ColumnProjection;
import io.torrefy.data.internal.Texts;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The rows of one Parquet file. Hardwood decodes; what it throws at a damaged file becomes an error that names the
/// place.
final class ParquetRows implements RecordSource.Reader<Row> {
    /// Hardwood tells on the console which codecs it found; a held logger keeps its level.
    private static final Logger HARDWOOD = Logger.getLogger("dev.hardwood");

    static {
        if (HARDWOOD.getLevel() == null) {
            HARDWOOD.setLevel(Level.WARNING);
        }
    }

    private final Path file;
    private final HardwoodContext threads;
    private final ParquetFileReader reader;
    private final RowReader rows;
    private final List<String> names;
    private long number;

    private ParquetRows(
            Path file, HardwoodContext threads, ParquetFileReader reader, List<String> columns, long skipped) {
        this.file = file;
        this.threads = threads;
        this.reader = reader;
        this.number = skipped;
        var all = reader.getFileSchema().getRootNode().children().stream()
                .map(node -> node.name())
                .toList();
        this.names = columns.isEmpty() ? all : columns;
        var unknown = names.stream().filter(name -> !all.contains(name)).toList();
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "[parquet] " + file + ": expected columns among " + all + "; got " + unknown + ".");
        }
        this.rows = reader.buildRowReader()
                .projection(ColumnProjection.columns(names.toArray(String[]::new)))
                .skip(skipped)
                .build();
    }

    /// Opens `file` after its first `skipped` rows.
    static ParquetRows open(Path file, List<String> columns, long skipped) throws IOException {
        requireReadable(file);
        var threads = HardwoodContext.create(1);
        try {
            return opened(file, columns, skipped, threads);
        } catch (Throwable e) {
            threads.close();
            throw e;
        }
    }

    private static ParquetRows opened(Path file, List<String> columns, long skipped, HardwoodContext threads)
            throws IOException {
        return guarded(file, skipped + 1, () -> {
            var reader = ParquetFileReader.open(new CheckedInput(file), threads);
            try {
                return new ParquetRows(file, threads, reader, columns, skipped);
            } catch (RuntimeException e) {
                reader.close();
                throw e;
            }
        });
    }

    static long count(Path file) throws IOException {
        requireReadable(file);
        return guarded(file, 0, () -> {
            try (var reader = ParquetFileReader.open(new CheckedInput(file))) {
                return reader.getFileMetaData().numRows();
            }
        });
    }

    /// Hardwood's errors at missing and at damaged files look alike; ours do not.
    private static void requireReadable(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString());
        }
    }

    private interface Work<T> {
        T run() throws IOException;
    }

    private static <T> T guarded(Path file, long row, Work<T> work) throws IOException {
        try {
            return work.run();
        } catch (MalformedDataException | IllegalArgumentException | FileSystemException | FileNotFoundException e) {
            // IllegalArgumentException is also what our own check of the columns throws.
            if (e instanceof IllegalArgumentException
                    && !String.valueOf(e.getMessage()).startsWith("[parquet]")) {
                throw malformed(file, row, e);
            }
            throw e;
        } catch (IOException | RuntimeException | OutOfMemoryError | StackOverflowError e) {
            // Lengths and depths that a damaged file claims reach the decoder's allocations.
            throw malformed(file, row, e);
        }
    }

    private static MalformedDataException malformed(Path file, long row, Throwable cause) {
        for (Throwable e = cause; e != null; e = e.getCause()) {
            if (e instanceof MalformedDataException known) {
                return known;
            }
        }
        Throwable root = cause instanceof UncheckedIOException && cause.getCause() != null ? cause.getCause() : cause;
        var error = new MalformedDataException(
                file,
                row,
                "[parquet] " + file + (row > 0 ? ":" + row : "") + ": expected a Parquet file that can be decoded"
                        + (row > 0 ? " from row " + row + " on" : "") + "; got "
                        + root.getClass().getSimpleName() + " ("
                        + Texts.shorten(String.valueOf(root.getMessage())) + ").");
        error.initCause(cause);
        return error;
    }

    @Override
    public Optional<RecordSource.Numbered<Row>> next() throws IOException {
        return guarded(file, number + 1, () -> {
            if (!rows.hasNext()) {
                return Optional.empty();
            }
            rows.next();
            number++;
            return Optional.of(new RecordSource.Numbered<>(number, new Row(file, number, fields(rows))));
        });
    }

    private Map<String, @Nullable Object> fields(StructAccessor struct) {
        int count = struct.getFieldCount();
        Map<String, @Nullable Object> values = LinkedHashMap.newLinkedHashMap(count);
        for (int i = 0; i < count; i++) {
            String name = struct.getFieldName(i);
            values.put(name, struct.isNull(i) ? null : value(name, struct.getValue(i)));
        }
        return values;
    }

    private @Nullable Object value(String name, @Nullable Object value) {
        return switch (value) {
            case null -> null;
            case String _, Long _, Double _, Boolean _, byte[] _ -> value;
            case Integer whole -> whole.longValue();
            case Float number -> number.doubleValue();
            case BigDecimal number -> number.doubleValue();
            case PqList list -> elements(name, list);
            case PqStruct struct -> fields(struct);
            case TemporalAccessor time -> time.toString();
            case UUID id -> id.toString();
            default ->
                throw new MalformedDataException(
                        file,
                        number,
                        "[parquet] " + file + ":" + number + ": expected numbers, text, bytes, times, lists or structs"
                                + " in column \"" + name + "\"; got "
                                + value.getClass().getSimpleName() + ".");
        };
    }

    private List<@Nullable Object> elements(String name, PqList list) {
        var elements = new ArrayList<@Nullable Object>(list.size());
        for (int i = 0; i < list.size(); i++) {
            elements.add(list.isNull(i) ? null : value(name, list.get(i)));
        }
        return elements;
    }

    @Override
    public RecordSource.Position position() {
        return new RecordSource.Position(number, number);
    }

    @Override
    public void close() throws IOException {
        try (threads;
                reader;
                rows) {
            // Closed in the opposite order.
        }
    }
}
