package io.torrefy.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.torrefy.data.internal.Texts;
import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// Reads files of one JSON value a line (JSON Lines). Blank lines and a byte-order mark are skipped, `\r\n` ends a
/// line as `\n` does, and the last line may lack its end. Anything else that is no JSON is a
/// [MalformedDataException] that names the file and the line.
@Export(value = "data.JsonLines", since = "0.1")
public final class JsonLines {
    static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonLines() {}

    /// One record and where it stands.
    public record Line(Path file, long number, JsonNode value) {
        /// The string in field `name`.
        ///
        /// @throws MalformedDataException where the record has no such string
        public String text(String name) {
            var field = value.path(name);
            if (!field.isTextual()) {
                var fields = new ArrayList<String>();
                value.fieldNames().forEachRemaining(fields::add);
                throw bad("expected a string in field \"" + name + "\"; got "
                        + (field.isMissingNode()
                                ? value.isObject() ? "fields " + fields : value.getNodeType()
                                : field.getNodeType() + " " + Texts.shorten(field.toString())));
            }
            return field.asText();
        }

        /// An error about this record; the message starts with file and line.
        public MalformedDataException bad(String what) {
            return new MalformedDataException(file, number, "[jsonl] " + file + ":" + number + ": " + what + ".");
        }
    }

    /// All records of `file`.
    public static List<Line> read(Path file) throws IOException {
        return Records.read(lines(), file);
    }

    /// The records of `file`, read as they are asked for; close the stream. Reading may throw
    /// [java.io.UncheckedIOException].
    public static Stream<Line> stream(Path file) throws IOException {
        return Records.stream(lines(), file);
    }

    /// The records as they are.
    public static RecordSource<Line> lines() {
        return source(line -> line);
    }

    /// The records, each of which has to be an object, as rows.
    ///
    /// @throws MalformedDataException (from the readers) that names file, line and field of what no row can hold:
    ///     an integer of more than 64 bits, or a line that is no object
    public static RecordSource<Row> rows() {
        return source(JsonRows::row);
    }

    private static <T> RecordSource<T> source(Function<Line, T> form) {
        return new RecordSource<>() {
            @Override
            public Reader<T> open(Path file, Position from) throws IOException {
                return new LineRecords<>(file, new LineReader(file, "jsonl", from), form);
            }

            @Override
            public String name() {
                return "jsonl";
            }
        };
    }

    private record LineRecords<T>(Path file, LineReader lines, Function<Line, T> form)
            implements RecordSource.Reader<T> {
        @Override
        public Optional<RecordSource.Numbered<T>> next() throws IOException {
            for (var text = lines.next(); text.isPresent(); text = lines.next()) {
                if (!text.get().isBlank()) {
                    var line = new Line(file, lines.number(), parse(text.get()));
                    return Optional.of(new RecordSource.Numbered<>(lines.number(), form.apply(line)));
                }
            }
            return Optional.empty();
        }

        private JsonNode parse(String text) {
            try {
                return MAPPER.readTree(text);
            } catch (JsonProcessingException e) {
                throw new MalformedDataException(
                        file,
                        lines.number(),
                        "[jsonl] " + file + ":" + lines.number() + ": expected one JSON value; got "
                                + Texts.shorten(text.strip()) + " (" + e.getOriginalMessage() + column(e) + ").");
            }
        }

        private static String column(JsonProcessingException e) {
            var where = Optional.ofNullable(e.getLocation());
            return where.map(l -> ", column " + l.getColumnNr()).orElse("");
        }

        @Override
        public RecordSource.Position position() {
            return lines.position();
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }
}
