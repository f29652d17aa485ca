package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.export.Export;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// JSON Lines files of one object a line as rows. Bytes that are no text are written as `{"base64": "..."}`.
@Export(value = "data.JsonLinesFormat", since = "0.1")
public record JsonLinesFormat() implements RowFormat {
    @Override
    public Source open(Path file) throws IOException {
        return new Lines(JsonLines.stream(file));
    }

    private static final class Lines implements Source {
        private final Stream<JsonLines.Line> stream;
        private final Iterator<JsonLines.Line> lines;
        private String place = "the start";

        Lines(Stream<JsonLines.Line> stream) {
            this.stream = stream;
            this.lines = stream.iterator();
        }

        @Override
        public Optional<Map<String, @Nullable Object>> next() throws IOException {
            try {
                return lines.hasNext() ? Optional.of(row(lines.next())) : Optional.empty();
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }

        private Map<String, @Nullable Object> row(JsonLines.Line line) {
            place = line.file() + ":" + line.number();
            if (!line.value().isObject()) {
                throw line.bad("expected an object; got " + line.value().getNodeType());
            }
            var row = new LinkedHashMap<String, @Nullable Object>();
            line.value().properties().forEach(field -> row.put(field.getKey(), value(line, field.getValue())));
            return row;
        }

        private static @Nullable Object value(JsonLines.Line line, JsonNode node) {
            return switch (node.getNodeType()) {
                case STRING -> node.textValue();
                case BOOLEAN -> node.booleanValue();
                case NUMBER -> number(line, node);
                case ARRAY -> {
                    List<@Nullable Object> list = new ArrayList<>();
                    node.forEach(element -> list.add(value(line, element)));
                    yield list;
                }
                case OBJECT -> {
                    var map = new LinkedHashMap<String, @Nullable Object>();
                    node.properties().forEach(field -> map.put(field.getKey(), value(line, field.getValue())));
                    yield map;
                }
                default -> null;
            };
        }

        private static Object number(JsonLines.Line line, JsonNode node) {
            if (!node.isIntegralNumber()) {
                return node.doubleValue();
            }
            if (!node.canConvertToLong()) {
                throw line.bad("expected integers of 64 bits; got " + node);
            }
            return node.longValue();
        }

        @Override
        public String place() {
            return place;
        }

        @Override
        public void close() {
            stream.close();
        }
    }

    @Override
    public long write(Path file, Map<String, ValueKind> fields, Body body) throws IOException {
        Path part = file.resolveSibling("." + file.getFileName() + ".part");
        try {
            long[] rows = {0};
            try (BufferedWriter out = Files.newBufferedWriter(part)) {
                body.write(row -> {
                    var json = new LinkedHashMap<String, @Nullable Object>();
                    row.forEach((name, value) -> json.put(name, json(value)));
                    out.write(JsonLines.MAPPER.writeValueAsString(json));
                    out.write('\n');
                    rows[0]++;
                });
            }
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return rows[0];
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /// `value` as Jackson writes it.
    public static @Nullable Object json(@Nullable Object value) {
        return switch (value) {
            case byte[] bytes -> Map.of(ExampleRows.BASE64, Base64.getEncoder().encodeToString(bytes));
            case List<?> list -> list.stream().map(JsonLinesFormat::json).toList();
            case null, default -> value;
        };
    }
}
