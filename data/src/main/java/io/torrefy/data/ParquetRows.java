package io.torrefy.data;

import dev.hardwood.HardwoodContext;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.schema.ColumnProjection;
import io.torrefy.data.internal.Texts;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

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
    private final ParquetValues values;
    private long number;

    private ParquetRows(
            Path file,
            HardwoodContext threads,
            ParquetFileReader reader,
            List<String> columns,
            boolean mapsAsLists,
            long skipped) {
        this.file = file;
        this.threads = threads;
        this.reader = reader;
        this.number = skipped;
        var all = reader.getFileSchema().getRootNode().children().stream()
                .map(node -> node.name())
                .toList();
        var names = columns.isEmpty() ? all : columns;
        var unknown = names.stream().filter(name -> !all.contains(name)).toList();
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "[parquet] " + file + ": expected columns among " + all + "; got " + unknown + ".");
        }
        this.values = new ParquetValues(file, reader.getFileSchema().getRootNode(), names, mapsAsLists);
        // Hardwood takes a dot in a name for a path.
        var projection =
                columns.isEmpty() ? ColumnProjection.all() : ColumnProjection.columns(names.toArray(String[]::new));
        this.rows = reader.buildRowReader().projection(projection).skip(skipped).build();
    }

    /// Opens `file` after its first `skipped` rows.
    static ParquetRows open(Path file, List<String> columns, boolean mapsAsLists, long skipped) throws IOException {
        requireReadable(file);
        var threads = HardwoodContext.create(1);
        try {
            return opened(file, columns, mapsAsLists, skipped, threads);
        } catch (Throwable e) {
            letDecodersEnd(threads);
            threads.close();
            throw e;
        }
    }

    /// Where the first pages are damaged, Hardwood forgets the threads of the other columns. They end by themselves
    /// once what they wait for is decoded; closing drops it, and they would wait, and hold their pages, for ever.
    private static void letDecodersEnd(HardwoodContext threads) {
        threads.executor().shutdown();
        try {
            threads.executor().awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static ParquetRows opened(
            Path file, List<String> columns, boolean mapsAsLists, long skipped, HardwoodContext threads)
            throws IOException {
        return guarded(file, skipped + 1, () -> {
            var reader = ParquetFileReader.open(new CheckedInput(file), threads);
            try {
                ParquetFooter.check(reader, file);
                return new ParquetRows(file, threads, reader, columns, mapsAsLists, skipped);
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
                ParquetFooter.check(reader, file);
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
            return Optional.of(new RecordSource.Numbered<>(number, new Row(file, number, values.row(number, rows))));
        });
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
