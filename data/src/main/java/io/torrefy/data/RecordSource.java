package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// A format of record files: how one file is read, from its start or from a place where a reader once stood.
///
/// @param <T> what a record is read as
@Export(value = "data.RecordSource", since = "0.1")
public interface RecordSource<T> {
    /// Opens `file` at `from`, which is [Position#START] or was given by a reader of the same file.
    Reader<T> open(Path file, Position from) throws IOException;

    /// The short name of the format, for messages and saved states.
    String name();

    /// A place between two records of a file.
    ///
    /// @param offset where the next record starts, in the format's own unit: bytes, or rows in Parquet
    /// @param number the number (of lines, of records) reached so far; the next record's is greater
    record Position(long offset, long number) {
        /// The start of every file.
        public static final Position START = new Position(0, 0);
    }

    /// A record and its number in the file: its line (from 1) in text formats, its row or index (from 1) elsewhere.
    record Numbered<T>(long number, T value) {}

    /// Reads the records of one file in order. Not thread-safe.
    interface Reader<T> extends AutoCloseable {
        /// The next record, or nothing at the end of the file.
        ///
        /// @throws MalformedDataException that names file and place of what is no record
        Optional<Numbered<T>> next() throws IOException;

        /// The place after the record that [#next] gave last.
        Position position();

        @Override
        void close() throws IOException;
    }
}
