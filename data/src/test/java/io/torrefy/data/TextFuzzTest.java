package io.torrefy.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Ten thousand mutations each of CSV and JSON Lines: the rows that a second, plainer reading of the same bytes gives,
/// and where that stops, an error that names file and line.
@Timeout(300)
class TextFuzzTest {
    private static final Path SAMPLES = Path.of("src/test/resources/io/torrefy/data");
    private static final int MUTATIONS = 10_000;

    @TempDir
    Path folder;

    /// What is to be read.
    ///
    /// @param whole whether nothing is wrong behind the rows
    private record Expected(List<Map<String, Object>> rows, boolean whole) {}

    private interface Reference {
        Expected read(byte[] bytes);
    }

    @Test
    void csv() throws IOException {
        byte[] whole = Files.readAllBytes(SAMPLES.resolve("sample.csv"));
        fuzz(Csv.of(CsvFormat.standard()), whole, folder.resolve("bad.csv"), TextFuzzTest::csvRows);
    }

    /// Types are given, because damage may change what is inferred. A column that lost its name is an error as
    /// well.
    @Test
    void csvWithTypes() throws IOException {
        var text = new StringBuilder("id,x,name\n");
        for (int i = 0; i < 40; i++) {
            text.append(i).append(',').append(i / 8.0).append(",\"n").append(i).append("\"\n");
        }
        byte[] whole = text.toString().getBytes(UTF_8);
        var file = folder.resolve("bad.csv");
        var csv = Csv.of(CsvFormat.standard().types(Map.of("id", FieldType.LONG, "x", FieldType.DOUBLE)));
        int failures = 0;
        for (int seed = 0; seed < MUTATIONS; seed++) {
            byte[] bytes = Mutations.of(whole, seed);
            Files.write(file, bytes);
            var expected = csvRows(bytes);
            var read = new ArrayList<Map<String, Object>>();
            try (var reader = csv.open(file, RecordSource.Position.START)) {
                for (var one = reader.next(); one.isPresent(); one = reader.next()) {
                    read.add(one.get().value().values());
                }
                assertThat(expected.whole()).as("seed %d", seed).isTrue();
                assertThat(read).as("seed %d", seed).hasSameSizeAs(expected.rows());
            } catch (IllegalArgumentException e) {
                failures++;
                assertThat(e).hasMessageContaining(file + ": expected types for columns among ");
            } catch (MalformedDataException e) {
                failures++;
                assertThat(e).hasMessageContaining(file + ":" + e.position() + ": expected ");
            }
            for (int i = 0; i < read.size(); i++) {
                var cells = expected.rows().get(i);
                assertThat(read.get(i)).as("seed %d, row %d", seed, i).isEqualTo(typed(cells));
            }
        }
        assertThat(failures).isGreaterThan(MUTATIONS / 10);
    }

    private static Map<String, Object> typed(Map<String, Object> cells) {
        var typed = new LinkedHashMap<>(cells);
        typed.computeIfPresent("id", (_, cell) -> Long.valueOf((String) cell));
        typed.computeIfPresent("x", (_, cell) -> {
            String text = ((String) cell).toLowerCase(Locale.ROOT);
            return text.contains("inf") || text.contains("nan") ? text : Double.valueOf(text);
        });
        return typed;
    }

    @Test
    void jsonLines() throws IOException {
        var whole = new ByteArrayOutputStream();
        whole.writeBytes("\ufeff{\"q\": \"1+1?\", \"n\": [1, 2.5, null, true]}\r\n\n".getBytes(UTF_8));
        whole.writeBytes(Files.readAllBytes(SAMPLES.resolve("sample-parquet.jsonl")));
        fuzz(JsonLines.rows(), whole.toByteArray(), folder.resolve("bad.jsonl"), TextFuzzTest::jsonRows);
    }

    private static void fuzz(RecordSource<Row> source, byte[] whole, Path file, Reference reference)
            throws IOException {
        int failures = 0;
        for (int seed = 0; seed < MUTATIONS; seed++) {
            byte[] bytes = Mutations.of(whole, seed);
            Files.write(file, bytes);
            var expected = reference.read(bytes);
            var read = new ArrayList<Map<String, Object>>();
            try (var reader = source.open(file, RecordSource.Position.START)) {
                for (var one = reader.next(); one.isPresent(); one = reader.next()) {
                    read.add(one.get().value().values());
                }
                assertThat(expected.whole()).as("seed %d", seed).isTrue();
            } catch (MalformedDataException e) {
                failures++;
                assertThat(expected.whole())
                        .as("seed %d: %s", seed, e.getMessage())
                        .isFalse();
                assertThat(e.position()).as("seed %d", seed).isBetween(1L, 1 + countLines(bytes));
                assertThat(e).hasMessageContaining(file + ":" + e.position() + ": expected ");
            }
            assertThat(read).as("seed %d", seed).isEqualTo(expected.rows());
        }
        assertThat(failures).isGreaterThan(MUTATIONS / 20);
    }

    private static long countLines(byte[] bytes) {
        long lines = 0;
        for (byte b : bytes) {
            lines += b == '\n' || b == '\r' ? 1 : 0;
        }
        return lines;
    }

    /// As much of `bytes` as is UTF-8.
    private static String sound(byte[] bytes) {
        var text = CharBuffer.allocate(bytes.length);
        UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes), text, true);
        return text.flip().toString();
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException _) {
            return false;
        }
    }

    /// RFC 4180 by the letter, one character after the other.
    private static Expected csvRows(byte[] bytes) {
        boolean utf8 = isUtf8(bytes);
        String text = sound(bytes);
        var records = new ArrayList<List<Optional<String>>>();
        boolean whole = utf8 & records(text.startsWith("\ufeff") ? text.substring(1) : text, utf8, records);
        var rows = new ArrayList<Map<String, Object>>();
        if (records.isEmpty()) {
            return new Expected(rows, false);
        }
        var names = records.getFirst().stream().map(cell -> cell.orElse("")).toList();
        if (names.contains("") || new HashSet<>(names).size() < names.size()) {
            return new Expected(rows, false);
        }
        for (var cells : records.subList(1, records.size())) {
            if (cells.size() != names.size()) {
                return new Expected(rows, false);
            }
            var row = new LinkedHashMap<String, Object>();
            for (int i = 0; i < names.size(); i++) {
                row.put(names.get(i), cells.get(i).orElse(null));
            }
            rows.add(row);
        }
        return new Expected(rows, whole);
    }

    /// Adds the records of `text`, all but a last one that its end cuts where more should follow.
    ///
    /// @return false where something is wrong
    private static boolean records(String text, boolean complete, List<List<Optional<String>>> records) {
        int at = 0;
        while (at < text.length()) {
            if (lineEnd(text, at) > 0) {
                at += lineEnd(text, at);
                continue;
            }
            var cells = new ArrayList<Optional<String>>();
            for (boolean more = true; more; ) {
                var cell = new StringBuilder();
                boolean quoted = at < text.length() && text.charAt(at) == '"';
                if (quoted) {
                    for (at++; ; at++) {
                        if (at >= text.length()) {
                            return false;
                        }
                        if (text.charAt(at) == '"' && !(at + 1 < text.length() && text.charAt(++at) == '"')) {
                            break;
                        }
                        cell.append(text.charAt(at));
                    }
                    at += text.charAt(at) == '"' ? 1 : 0;
                }
                while (!quoted && at < text.length() && text.charAt(at) != ',' && lineEnd(text, at) == 0) {
                    cell.append(text.charAt(at++));
                }
                cells.add(!quoted && cell.isEmpty() ? Optional.empty() : Optional.of(cell.toString()));
                more = at < text.length() && text.charAt(at) == ',';
                at += more ? 1 : 0;
            }
            if (at >= text.length() && !complete) {
                return false;
            }
            if (at < text.length() && lineEnd(text, at) == 0) {
                return false;
            }
            at += at < text.length() ? lineEnd(text, at) : 0;
            records.add(cells);
        }
        return true;
    }

    private static int lineEnd(String text, int at) {
        return text.startsWith("\r\n", at) ? 2 : text.charAt(at) == '\n' || text.charAt(at) == '\r' ? 1 : 0;
    }

    /// Each line alone.
    private static Expected jsonRows(byte[] bytes) {
        var mapper = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .build();
        var rows = new ArrayList<Map<String, Object>>();
        int start = 0;
        while (start < bytes.length) {
            int end = start;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            byte[] line = Arrays.copyOfRange(bytes, start, end);
            String text = new String(line, UTF_8);
            if (start == 0 && text.startsWith("\ufeff")) {
                text = text.substring(1);
            }
            start = end + 1;
            if (!isUtf8(line)) {
                return new Expected(rows, false);
            }
            if (text.isBlank()) {
                continue;
            }
            try {
                if (!(plain(mapper.readTree(text)) instanceof Map<?, ?> object)) {
                    return new Expected(rows, false);
                }
                var row = new LinkedHashMap<String, Object>();
                object.forEach((name, value) -> row.put((String) name, value));
                rows.add(row);
            } catch (JsonProcessingException | ArithmeticException _) {
                return new Expected(rows, false);
            }
        }
        return new Expected(rows, true);
    }

    private static Object plain(JsonNode node) {
        if (node.isObject()) {
            var object = new LinkedHashMap<String, Object>();
            node.fieldNames().forEachRemaining(name -> object.put(name, plain(node.get(name))));
            return object;
        }
        if (node.isArray()) {
            var list = new ArrayList<Object>();
            node.forEach(element -> list.add(plain(element)));
            return list;
        }
        if (node.isBigInteger()) {
            return node.bigIntegerValue().longValueExact();
        }
        return node.isTextual()
                ? node.textValue()
                : node.isBoolean()
                        ? (Object) node.booleanValue()
                        : node.isIntegralNumber()
                                ? (Object) node.longValue()
                                : node.isNull() ? null : node.doubleValue();
    }
}
