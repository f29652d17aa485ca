package io.torrefy.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The rows of a [RecordSource] as a [RowFormat] gives them.
final class SourceRows implements RowFormat.Source {
    private final RecordSource.Reader<Row> rows;
    private final boolean inBytes;
    private String place;

    private SourceRows(RecordSource.Reader<Row> rows, boolean inBytes, Path file) {
        this.rows = rows;
        this.inBytes = inBytes;
        this.place = "the start of " + file;
    }

    static SourceRows open(RecordSource<Row> source, Path file) throws IOException {
        return new SourceRows(source.open(file, RecordSource.Position.START), !(source instanceof Parquet), file);
    }

    @Override
    public Optional<Map<String, @Nullable Object>> next() throws IOException {
        return rows.next().map(row -> {
            place = row.value().place();
            return row.value().values();
        });
    }

    /// Rows of Parquet lie all over the file.
    @Override
    public long bytesRead() {
        return inBytes ? rows.position().offset() : 0;
    }

    @Override
    public String place() {
        return place;
    }

    @Override
    public void close() throws IOException {
        rows.close();
    }
}
