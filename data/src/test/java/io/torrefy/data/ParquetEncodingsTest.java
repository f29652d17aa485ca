package io.torrefy.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every encoding, page version and kind of value, against what pyarrow reads (`src/test/python/parquet_samples.py`),
/// and files that claim more than they hold.
class ParquetEncodingsTest {
    private static final Path SAMPLES = Path.of("src/test/resources/io/torrefy/data/parquet");

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "flat-v1, flat",
        "flat-v2, flat",
        "flat-delta1, flat",
        "flat-delta2, flat",
        "flat-pages, flat",
        "nested-v1, nested",
        "nested-v2, nested",
        "nested-pages, nested",
        "logical-v1, logical"
    })
    void readsWhatArrowReads(String name, String table) throws IOException {
        var rows = Parquet.read(SAMPLES.resolve(name + ".parquet"));
        var expected = JsonLines.read(SAMPLES.resolve(table + ".jsonl"));
        assertThat(rows).hasSameSizeAs(expected);
        for (int i = 0; i < rows.size(); i++) {
            var wanted = expected.get(i).value();
            assertThat(rows.get(i).values().keySet()).containsExactlyElementsOf(wanted::fieldNames);
            assertThat(plain(rows.get(i).values())).as("row %d", i).isEqualTo(plain(wanted));
        }
    }

    /// `INT96` knows no time zone; the text of it says UTC.
    @Test
    void readsTimesOfOldWriters() throws IOException {
        var rows = Parquet.read(SAMPLES.resolve("logical-int96.parquet"));
        var expected = JsonLines.read(SAMPLES.resolve("logical.jsonl"));
        for (int i = 0; i < rows.size(); i++) {
            assertThat(rows.get(i).text("local"))
                    .isEqualTo(expected.get(i).value().get("local").textValue() + "Z");
        }
    }

    /// Row 2 of `t` is the first with the text.
    @Test
    void textThatIsNoUtf8IsAnError() throws IOException {
        byte[] bytes = Files.readAllBytes(SAMPLES.resolve("flat-v1.parquet"));
        byte[] text = "text 0, ä".getBytes(StandardCharsets.UTF_8);
        int at = 0;
        while (!Arrays.equals(bytes, at, at + text.length, text, 0, text.length)) {
            at++;
        }
        bytes[at + text.length - 1] = 'a';
        var file = Files.write(folder.resolve("latin.parquet"), bytes);
        assertThatThrownBy(() -> Parquet.read(file))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining("[parquet] " + file + ":2: expected text in UTF-8 in column \"t\"; got other");
        bytes[at + text.length - 1] = text[text.length - 1];
        assertThat(Parquet.read(Files.write(file, bytes))).hasSize(40);
    }

    /// In every row group, the rows behind a place that is not its start.
    @Test
    void startsWithinPages() throws IOException {
        for (String name : List.of("flat-pages", "nested-pages")) {
            var all = Parquet.read(SAMPLES.resolve(name + ".parquet"));
            for (int k : new int[] {1, 7, 8, 14, 15, 16, 29, 30, 39, 40}) {
                var tail = new ArrayList<String>();
                try (var reader =
                        Parquet.rows().open(SAMPLES.resolve(name + ".parquet"), new RecordSource.Position(k, k))) {
                    for (var row = reader.next(); row.isPresent(); row = reader.next()) {
                        tail.add(plain(row.get().value().values()));
                    }
                }
                assertThat(tail)
                        .isEqualTo(all.stream()
                                .skip(k)
                                .map(row -> plain(row.values()))
                                .toList());
            }
        }
    }

    /// The value as text that is the same where the value is, to the bit.
    private static String plain(Object value) {
        return switch (value) {
            case null -> "null";
            case byte[] bytes -> {
                var numbers = new ArrayList<Long>();
                for (byte b : bytes) {
                    numbers.add(b & 0xffL);
                }
                yield numbers.toString();
            }
            case List<?> list ->
                list.stream().map(ParquetEncodingsTest::plain).toList().toString();
            case Map<?, ?> map -> {
                var parts = new ArrayList<String>();
                map.forEach((name, part) -> parts.add(name + "=" + plain(part)));
                yield parts.toString();
            }
            case JsonNode json -> plain(plainJson(json));
            case String text -> "\"" + text + "\"";
            case Long _, Double _, Boolean _ -> value.toString();
            default -> throw new AssertionError(value.getClass());
        };
    }

    private static Object plainJson(JsonNode json) {
        if (json.isArray()) {
            var list = new ArrayList<Object>();
            json.forEach(list::add);
            return list;
        }
        if (json.isObject()) {
            var map = new LinkedHashMap<String, Object>();
            json.properties().forEach(field -> map.put(field.getKey(), field.getValue()));
            return map;
        }
        if (json.isNull()) {
            return null;
        }
        return json.isTextual()
                ? json.textValue()
                : json.isBoolean()
                        ? (Object) json.booleanValue()
                        : json.isIntegralNumber() ? (Object) json.longValue() : json.doubleValue();
    }

    /// A file of one column of truth values in runs, lists of them where `list`, in one page.
    private Path file(boolean list, int values, long rows, int size, byte[] page) throws IOException {
        int runs = ParquetDecoder.RLE;
        byte[] header = new CompactThrift()
                .i32(1, 0)
                .i32(2, size)
                .i32(3, page.length)
                .begin(5)
                .i32(1, values)
                .i32(2, runs)
                .i32(3, runs)
                .i32(4, runs)
                .end()
                .bytes();
        var footer = new CompactThrift().i32(1, 1).structList(2, 2);
        footer.beginElement().string(4, "schema").i32(5, 1).end();
        int repetition = list ? ParquetElement.REPEATED : ParquetElement.OPTIONAL;
        footer.beginElement().i32(1, 0).i32(3, repetition).string(4, "n").end();
        footer.i64(3, rows).structList(4, 1).beginElement().structList(1, 1);
        footer.beginElement().i64(2, 4).begin(3);
        footer.i32(1, 0)
                .i32List(2, runs)
                .stringList(3, List.of("n"))
                .i32(4, 0)
                .i64(5, values)
                .i64(6, header.length + (long) size)
                .i64(7, header.length + (long) page.length)
                .i64(9, 4);
        footer.end().end().i64(2, page.length).i64(3, rows).end();
        byte[] metadata = footer.bytes();
        byte[] magic = "PAR1".getBytes(StandardCharsets.US_ASCII);
        byte[] length = {(byte) metadata.length, 0, 0, 0};
        return Files.write(folder.resolve("claims.parquet"), join(magic, header, page, metadata, length, magic));
    }

    /// One run after the other, behind their length: `counts[i]` times the number i.
    private static byte[] runs(long... counts) {
        var runs = new ByteArrayOutputStream();
        for (int value = 0; value < counts.length; value++) {
            CompactThrift.writeVarint(runs, counts[value] << 1);
            runs.write(value);
        }
        return join(new byte[] {(byte) runs.size(), 0, 0, 0}, runs.toByteArray());
    }

    private static byte[] join(byte[]... parts) {
        var out = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(out::writeBytes);
        return out.toByteArray();
    }

    /// The file is sound: some forty bytes stand for a list of two thousand million truth values.
    @Test
    void aListThatTheHeapDoesNotHoldIsAnError() throws IOException {
        int count = Integer.MAX_VALUE;
        byte[] page = join(runs(1, count - 1), runs(0, count), runs(0, count));
        var file = file(true, count, 1, page.length, page);
        assertThatThrownBy(() -> Parquet.read(file))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining("[parquet] " + file + ":1: expected a row of at most ")
                .hasMessageContaining(". Hint: with more heap (-Xmx) it can be read.");
    }

    @Test
    void rowsInRunsAreReadOneByOne() throws IOException {
        int count = Integer.MAX_VALUE;
        byte[] page = join(runs(5, count - 5), runs(0, count - 5));
        var file = file(false, count, count, page.length, page);
        assertThat(Parquet.count(file)).isEqualTo(count);
        long before = Allocated.bytes();
        try (var reader = Parquet.rows().open(file, RecordSource.Position.START)) {
            for (int i = 0; i < 1000; i++) {
                assertThat(reader.next().orElseThrow().value().values()).containsEntry("n", i < 5 ? null : true);
            }
        }
        assertThat(Allocated.bytes() - before).isLessThan(10 << 20);
    }

    @Test
    void aSizeThatThePageDoesNotHaveIsAnError() throws IOException {
        byte[] page = join(runs(0, 3), runs(0, 3));
        assertThat(Parquet.read(file(false, 3, 3, page.length, page))).hasSize(3);
        for (int size : new int[] {page.length - 1, page.length + 1, 1 << 30}) {
            var file = file(false, 3, 3, size, page);
            assertThatThrownBy(() -> Parquet.read(file))
                    .isInstanceOf(MalformedDataException.class)
                    .hasMessageContaining("[parquet] " + file + ":1: expected a page of ")
                    .hasMessageContaining(" in the page at byte 4.");
        }
    }

    @Test
    void moreRowsThanThePagesHaveAreAnError() throws IOException {
        byte[] page = join(runs(0, 3), runs(0, 3));
        var few = file(false, 4, 4, page.length, page);
        assertThatThrownBy(() -> Parquet.read(few))
                .hasMessageContaining("[parquet] " + few + ":3: expected ")
                .hasMessageContaining(" in column \"n\"; got the end of the page in the page at byte 4.");
        var differ = file(false, 3, 4, page.length, page);
        assertThatThrownBy(() -> Parquet.read(differ))
                .hasMessageContaining("expected 4 values, one for each row in column \"n\"; got 3.");
    }
}
