package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A file format of rows of named values, which rows of every other one can be converted to.
///
/// A value is a `String`, a `Long`, a `Double` or `Float`, a `Boolean`, a `byte[]`, null where it is missing, or a
/// `List` of such values; formats may also give a `Map`, which tf.Example has no place for.
@Export(value = "data.RowFormat", since = "0.1")
public interface RowFormat {
    /// Opens `file` at its first row.
    Source open(Path file) throws IOException;

    /// The rows of `file` as another part of the program reads them.
    static Source open(RecordSource<Row> rows, Path file) throws IOException {
        return SourceRows.open(rows, file);
    }

    /// Writes a whole file, which is there after the last row or not at all.
    ///
    /// @param fields all fields of the rows, in their order
    /// @return the number of rows
    long write(Path file, Map<String, ValueKind> fields, Body body) throws IOException;

    /// Whether rows that are written may hold any value: objects, lists in lists, and kinds that no field was
    /// promised. Then `fields` may be empty.
    default boolean takesAnyValue() {
        return false;
    }

    /// Whether lists in rows that are written may hold nulls.
    default boolean takesNullElements() {
        return takesAnyValue();
    }

    /// The rows of a file.
    interface Source extends AutoCloseable {
        /// The next row; empty at the end.
        ///
        /// @throws MalformedDataException that names file and place of what is no row
        Optional<Map<String, @Nullable Object>> next() throws IOException;

        /// How many bytes of the file were read so far, about; 0 where nobody knows.
        default long bytesRead() {
            return 0;
        }

        /// What was left out so far where damage is not an error.
        default List<TfRecordReader.Skipped> skipped() {
            return List.of();
        }

        /// Where the row that [#next] gave last stands, for messages.
        String place();

        @Override
        void close() throws IOException;
    }

    /// Takes rows.
    @FunctionalInterface
    interface Sink {
        void write(Map<String, ? extends @Nullable Object> row) throws IOException;
    }

    /// Gives the rows of a file that is being written. A format may ask for them twice.
    @FunctionalInterface
    interface Body {
        void write(Sink sink) throws IOException;
    }
}
