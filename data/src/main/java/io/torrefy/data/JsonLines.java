package io.torrefy.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.torrefy.export.Export;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

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
                                : field.getNodeType() + " " + shorten(field.toString())));
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
        try (var lines = stream(file)) {
            return lines.toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /// The records of `file`, read as they are asked for; close the stream. Reading may throw
    /// [UncheckedIOException].
    public static Stream<Line> stream(Path file) throws IOException {
        var source = new LineSource(file, new BufferedInputStream(Files.newInputStream(file), 1 << 16));
        return StreamSupport.stream(source, false).onClose(source::close);
    }

    private static final class LineSource extends Spliterators.AbstractSpliterator<Line> {
        private final Path file;
        private final InputStream in;
        private long number;

        LineSource(Path file, InputStream in) {
            super(Long.MAX_VALUE, ORDERED | NONNULL);
            this.file = file;
            this.in = in;
        }

        @Override
        public boolean tryAdvance(Consumer<? super Line> action) {
            try {
                for (var bytes = next(); bytes.isPresent(); bytes = next()) {
                    String text = decode(bytes.get());
                    if (!text.isBlank()) {
                        action.accept(new Line(file, number, parse(text)));
                        return true;
                    }
                }
                return false;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Optional<byte[]> next() throws IOException {
            int b = in.read();
            if (b < 0) {
                return Optional.empty();
            }
            number++;
            var line = new ByteArrayOutputStream(256);
            for (; b >= 0 && b != '\n'; b = in.read()) {
                line.write(b);
            }
            return Optional.of(line.toByteArray());
        }

        private String decode(byte[] line) {
            var decoder = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT);
            var bytes = ByteBuffer.wrap(line);
            try {
                String text = decoder.decode(bytes).toString();
                return number == 1 && text.startsWith("\ufeff") ? text.substring(1) : text;
            } catch (CharacterCodingException _) {
                throw new MalformedDataException(
                        file,
                        number,
                        "[jsonl] " + file + ":" + number + ": expected UTF-8; got byte 0x"
                                + Integer.toHexString(line[bytes.position()] & 0xff) + " at column "
                                + (bytes.position() + 1) + " (in bytes). Hint: convert the file, for example with"
                                + " `iconv -f latin1 -t utf-8`.");
            }
        }

        private JsonNode parse(String text) {
            try {
                return MAPPER.readTree(text);
            } catch (JsonProcessingException e) {
                throw new MalformedDataException(
                        file,
                        number,
                        "[jsonl] " + file + ":" + number + ": expected one JSON value; got " + shorten(text.strip())
                                + " (" + e.getOriginalMessage() + column(e) + ").");
            }
        }

        private static String column(JsonProcessingException e) {
            var where = Optional.ofNullable(e.getLocation());
            return where.map(l -> ", column " + l.getColumnNr()).orElse("");
        }

        void close() {
            try {
                in.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static String shorten(String text) {
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }
}
