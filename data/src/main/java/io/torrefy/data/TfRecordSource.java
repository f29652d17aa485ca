package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// The records of TFRecord files as bytes, numbered from 0.
///
/// @param options how to read; what a damaged record is, for one
@Export(value = "data.TfRecordSource", since = "0.1")
public record TfRecordSource(TfRecordReader.Options options) implements RecordSource<byte[]> {
    /// Verified, damage an error.
    public static TfRecordSource records() {
        return new TfRecordSource(TfRecordReader.Options.DEFAULT);
    }

    @Override
    public Reader<byte[]> open(Path file, Position from) throws IOException {
        return new Records(
                TfRecordReader.open(file, options, new TfRecordReader.Position(from.offset(), from.number())));
    }

    @Override
    public String name() {
        return "tfrecord";
    }

    private record Records(TfRecordReader reader) implements Reader<byte[]> {
        @Override
        public Optional<Numbered<byte[]>> next() throws IOException {
            return reader.next() ? Optional.of(new Numbered<>(reader.number(), reader.record())) : Optional.empty();
        }

        @Override
        public Position position() {
            var position = reader.position();
            return new Position(position.offset(), position.record());
        }

        @Override
        public void close() throws IOException {
            reader.close();
        }
    }
}
