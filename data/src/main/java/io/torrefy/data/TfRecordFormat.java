package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// TFRecord files of tf.Examples as rows; SequenceExamples are read too, as [ExampleRows] says.
///
/// @param compression of the files that are written
/// @param shards into how many files rows are dealt; 1: into one of the given name
@Export(value = "data.TfRecordFormat", since = "0.1")
public record TfRecordFormat(TfRecordReader.Options reading, Compression compression, int shards) implements RowFormat {
    @Override
    public Source open(Path file) throws IOException {
        TfRecordReader reader = TfRecordReader.open(file, reading);
        return new Source() {
            @Override
            public Optional<Map<String, @Nullable Object>> next() throws IOException {
                return reader.next() ? Optional.of(row()) : Optional.empty();
            }

            private Map<String, @Nullable Object> row() {
                try {
                    return ExampleRows.toRow(reader.record());
                } catch (ExampleException e) {
                    throw new ExampleException(e.getMessage() + " In " + place()
                            + ". Hint: records that are no Examples can be copied to TFRecord files only.");
                }
            }

            @Override
            public long bytesRead() {
                return reader.bytesRead();
            }

            @Override
            public List<TfRecordReader.Skipped> skipped() {
                return reader.skipped();
            }

            @Override
            public String place() {
                return "record " + reader.number() + " of " + file + " (byte " + reader.offset() + ")";
            }

            @Override
            public void close() throws IOException {
                reader.close();
            }
        };
    }

    @Override
    public long write(Path file, Map<String, ValueKind> fields, Body body) throws IOException {
        TfRecordWriter.Body records = sink -> {
            long[] row = {0};
            body.write(values -> {
                row[0]++;
                sink.write(
                        ExampleRows.toExample(values, fields, "row " + row[0]).toBytes());
            });
        };
        return shards == 1
                ? TfRecordWriter.write(file, compression, records)
                : Shards.write(file, shards, compression, records);
    }
}
