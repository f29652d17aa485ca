package io.torrefy.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The rows of one Parquet file. A page of each column is held at a time.
final class ParquetRows implements RecordSource.Reader<Row> {
    private final Path path;
    private final ParquetFile file;
    private final ParquetAssembly assembly;
    private int group;
    private long leftInGroup;
    private boolean inGroup;
    private long number;

    /// What ended the reading: behind it, columns need not stand at the same row.
    private @Nullable MalformedDataException failure;

    private ParquetRows(Path path, ParquetFile file, List<String> columns, boolean mapsAsLists) {
        this.path = path;
        this.file = file;
        var all = file.schema().names();
        var unknown = columns.stream().filter(name -> !all.contains(name)).toList();
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "[parquet] " + path + ": expected columns among " + all + "; got " + unknown + ".");
        }
        this.assembly =
                new ParquetAssembly(path.toString(), file.schema(), columns.isEmpty() ? all : columns, mapsAsLists);
    }

    /// Opens `path` after its first `skipped` rows.
    static ParquetRows open(Path path, List<String> columns, boolean mapsAsLists, long skipped) throws IOException {
        requireReadable(path);
        return guarded(path, skipped + 1, () -> {
            var file = ParquetFile.open(path);
            try {
                var rows = new ParquetRows(path, file, columns, mapsAsLists);
                rows.skip(skipped);
                return rows;
            } catch (IOException | RuntimeException e) {
                file.close();
                throw e;
            }
        });
    }

    static long count(Path path) throws IOException {
        requireReadable(path);
        return guarded(path, 0, () -> {
            try (var file = ParquetFile.open(path)) {
                return file.groups().stream().mapToLong(ParquetFile.Group::rows).sum();
            }
        });
    }

    /// A folder cannot be read as a file, and what it says of itself is no damage.
    private static void requireReadable(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new NoSuchFileException(path.toString());
        }
    }

    private interface Work<T> {
        T run() throws IOException;
    }

    /// @param row where an error is; 0 where it is in no row
    private static <T> T guarded(Path path, long row, Work<T> work) throws IOException {
        try {
            return work.run();
        } catch (ParquetFault e) {
            throw new MalformedDataException(
                    path, row, "[parquet] " + path + (row > 0 ? ":" + row : "") + ": " + e.getMessage());
        } catch (OutOfMemoryError e) {
            var error = new MalformedDataException(
                    path,
                    row,
                    "[parquet] " + path + (row > 0 ? ":" + row : "")
                            + ": expected room for a page of each column; got " + e.getMessage()
                            + ". Hint: with more heap (-Xmx) or fewer columns it can be read.");
            error.initCause(e);
            throw error;
        }
    }

    /// Whole groups are passed over without a look; of the one after them, rows are read and dropped.
    private void skip(long rows) throws IOException {
        long left = rows;
        while (group < file.groups().size() && left >= file.groups().get(group).rows()) {
            left -= file.groups().get(group).rows();
            number += file.groups().get(group).rows();
            group++;
        }
        for (; left > 0 && beginGroup(); left--) {
            assembly.row();
            leftInGroup--;
            number++;
        }
    }

    /// Goes to the group of the next row.
    private boolean beginGroup() throws IOException {
        while (leftInGroup == 0) {
            if (inGroup) {
                assembly.end();
                inGroup = false;
            }
            if (group == file.groups().size()) {
                return false;
            }
            assembly.begin(file, file.groups().get(group));
            leftInGroup = file.groups().get(group).rows();
            inGroup = true;
            group++;
        }
        return true;
    }

    @Override
    public Optional<RecordSource.Numbered<Row>> next() throws IOException {
        if (failure != null) {
            throw failure;
        }
        try {
            return guarded(path, number + 1, this::row);
        } catch (MalformedDataException e) {
            failure = e;
            throw e;
        }
    }

    private Optional<RecordSource.Numbered<Row>> row() throws IOException {
        if (!beginGroup()) {
            return Optional.empty();
        }
        var values = assembly.row();
        leftInGroup--;
        number++;
        return Optional.of(new RecordSource.Numbered<>(number, new Row(path, number, values)));
    }

    @Override
    public RecordSource.Position position() {
        return new RecordSource.Position(number, number);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
