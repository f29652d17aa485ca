package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// Reads plain text, a record a line, empty lines too. Text is UTF-8; anything else is a [MalformedDataException] that
/// names the file and the line.
@Export(value = "data.TextLines", since = "0.1")
public final class TextLines implements RecordSource<String> {
    private TextLines() {}

    /// Lines without their ends.
    public static TextLines lines() {
        return new TextLines();
    }

    @Override
    public Reader<String> open(Path file, Position from) throws IOException {
        var lines = new LineReader(file, "text", from);
        return new Reader<>() {
            @Override
            public Optional<Numbered<String>> next() throws IOException {
                return lines.next().map(line -> new Numbered<>(lines.number(), line));
            }

            @Override
            public Position position() {
                return lines.position();
            }

            @Override
            public void close() throws IOException {
                lines.close();
            }
        };
    }

    @Override
    public String name() {
        return "text";
    }
}
