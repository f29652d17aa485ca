package io.torrefy.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParquetTest {
    private static final Path SAMPLES = Path.of("src/test/resources/io/torrefy/data");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"none", "snappy", "gzip", "zstd"})
    void readsWhatArrowWrote(String codec) throws IOException {
        var file = SAMPLES.resolve("sample-" + codec + ".parquet");
        var expected = JsonLines.read(SAMPLES.resolve("sample-parquet.jsonl"));
        var rows = Parquet.read(file);
        assertThat(Parquet.count(file)).isEqualTo(50);
        assertThat(rows).hasSameSizeAs(expected);
        for (int i = 0; i < rows.size(); i++) {
            var wanted = expected.get(i).value();
            assertThat(rows.get(i).number()).isEqualTo(i + 1);
            assertThat(rows.get(i).values().keySet()).containsExactlyElementsOf(() -> wanted.fieldNames());
            for (var field : rows.get(i).values().entrySet()) {
                assertSame(field.getValue(), wanted.get(field.getKey()));
            }
        }
    }

    private static void assertSame(Object value, JsonNode wanted) {
        switch (value) {
            case null -> assertThat(wanted.isNull()).isTrue();
            case Long whole -> assertThat(whole).isEqualTo(wanted.longValue());
            case Double number -> assertThat(number).isEqualTo(wanted.doubleValue());
            case Boolean truth ->
                assertThat(wanted.isBoolean() && wanted.asBoolean() == truth).isTrue();
            case String text -> assertThat(text).isEqualTo(wanted.textValue());
            case byte[] bytes -> {
                assertThat(bytes).hasSize(wanted.size());
                for (int i = 0; i < bytes.length; i++) {
                    assertThat(bytes[i] & 0xff).isEqualTo(wanted.get(i).intValue());
                }
            }
            case List<?> list -> {
                assertThat(list).hasSize(wanted.size());
                for (int i = 0; i < list.size(); i++) {
                    assertSame(list.get(i), wanted.get(i));
                }
            }
            default -> throw new AssertionError(value.getClass());
        }
    }

    /// `maps.parquet` is pyarrow's: maps of every kind of key, without a value, empty, in a struct, in a list.
    @Test
    void readsMapsAsObjectsOrAsTwoLists() throws IOException {
        var rows = Parquet.read(SAMPLES.resolve("maps.parquet"));
        assertThat(rows).hasSize(3);
        assertThat(rows.getFirst().values().get("m")).isEqualTo(Map.of("a", 1L, "b", 2L));
        assertThat(rows.get(1).values().get("m")).isEqualTo(Map.of());
        assertThat(rows.get(2).values()).containsEntry("m", null);
        assertThat(rows.getFirst().values().get("by_number").toString()).isEqualTo("{1=[x, y], 2=null}");
        assertThat(rows.getFirst().values().get("by_day")).isEqualTo(Map.of("2020-01-02", true));
        assertThat(rows.getFirst().values().get("in_struct")).isEqualTo(Map.of("m", Map.of("k", 1.5)));
        assertThat(rows.getFirst().values().get("in_list")).isEqualTo(List.of(Map.of("k", 4_294_967_295L), Map.of()));

        var lists = Records.read(Parquet.rows().mapsAsLists(), SAMPLES.resolve("maps.parquet"));
        assertThat(lists.getFirst().values())
                .containsEntry("m.key", List.of("a", "b"))
                .containsEntry("m.value", List.of(1L, 2L))
                .containsEntry("by_number.key", List.of(1L, 2L))
                .doesNotContainKey("m");
        assertThat(lists.get(1).values()).containsEntry("m.key", List.of()).containsEntry("m.value", List.of());
        assertThat(lists.get(2).values()).containsEntry("m.key", null).containsEntry("m.value", null);
        assertThat(lists.getFirst().values().get("in_struct")).isEqualTo(Map.of("m", Map.of("k", 1.5)));
    }

    /// `twice.parquet` has a key twice in row 2, which two lists can hold and an object cannot.
    @Test
    void aKeyTwiceIsAnErrorThatNamesRowAndColumn() throws IOException {
        var file = SAMPLES.resolve("twice.parquet");
        assertThatThrownBy(() -> Parquet.read(file))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining(file + ":2: expected different keys")
                .hasMessageContaining("in column \"m\"; got \"k\" twice. Hint: Parquet.mapsAsLists()");
        var lists = Records.read(Parquet.rows().mapsAsLists(), file);
        assertThat(lists.get(1).values().get("m.key")).isEqualTo(List.of("k", "k"));
    }

    /// `unsigned.parquet`: the greatest numbers of each width, in lists and structs too, and 2^63 in row 2 of
    /// `u64`.
    @Test
    void readsUnsignedIntegers() throws IOException {
        var file = SAMPLES.resolve("unsigned.parquet");
        try (var reader =
                Parquet.columns("u8", "u16", "u32", "list", "struct").open(file, RecordSource.Position.START)) {
            var row = reader.next().orElseThrow().value();
            assertThat(row.values())
                    .containsEntry("u8", 255L)
                    .containsEntry("u16", 65_535L)
                    .containsEntry("u32", 4_294_967_295L)
                    .containsEntry("list", List.of(4_294_967_295L))
                    .containsEntry("struct", Map.of("x", 4_294_967_295L));
        }
        assertThatThrownBy(() -> Parquet.read(file))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining(
                        file + ":2: expected integers below 2^63 in column \"u64\"; got 9223372036854775808");
    }

    @Test
    void startsAgainAfterEveryRow() throws IOException {
        var file = SAMPLES.resolve("sample-snappy.parquet");
        var all = Parquet.read(file);
        for (int k = 0; k <= all.size(); k++) {
            var tail = new ArrayList<Long>();
            try (var reader = Parquet.rows().open(file, new RecordSource.Position(k, k))) {
                for (var row = reader.next(); row.isPresent(); row = reader.next()) {
                    tail.add(row.get().value().integer("id"));
                }
            }
            assertThat(tail)
                    .isEqualTo(all.stream().skip(k).map(r -> r.integer("id")).toList());
        }
    }

    @Test
    void readsSomeColumns() throws IOException {
        var file = SAMPLES.resolve("sample-zstd.parquet");
        try (var reader = Parquet.columns("city", "id").open(file, RecordSource.Position.START)) {
            assertThat(reader.next().orElseThrow().value().values()).containsOnlyKeys("city", "id");
        }
        assertThatThrownBy(() -> Parquet.columns("town").open(file, RecordSource.Position.START))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got [town]");
    }

    @Test
    void namesAFileThatIsNoParquet() throws IOException {
        var file = folder.resolve("bad.parquet");
        assertThatThrownBy(() -> Parquet.read(file)).isInstanceOf(NoSuchFileException.class);
        var whole = Files.readAllBytes(SAMPLES.resolve("sample-gzip.parquet"));
        for (int length : new int[] {0, 3, 4, 8, 11, 100, whole.length - 1}) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Parquet.read(file))
                    .isInstanceOf(MalformedDataException.class)
                    .hasMessageContaining("[parquet] " + file + ":1: expected a Parquet file");
        }
    }

    @Test
    void readsBackWhatItWrote() throws IOException {
        for (var codec : ParquetWriter.Codec.values()) {
            for (int count : new int[] {0, 1, 2, 9, 10_000}) {
                var file = folder.resolve(codec + "-" + count + ".parquet");
                var rows = writeRows(file, count, codec);
                assertThat(Parquet.count(file)).isEqualTo(count);
                assertThat(comparable(Parquet.read(file))).isEqualTo(comparableValues(rows));
            }
        }
        var arrow = Parquet.read(SAMPLES.resolve("sample-gzip.parquet"));
        var file = folder.resolve("copy.parquet");
        try (var writer = ParquetWriter.create(file, ParquetColumn.infer(arrow), ParquetWriter.Codec.GZIP)) {
            for (Row row : arrow) {
                writer.write(row.values());
            }
            writer.finish();
        }
        assertThat(comparable(Parquet.read(file))).isEqualTo(comparable(arrow));
    }

    private static List<?> comparable(List<Row> rows) {
        return comparableValues(rows.stream().map(Row::values).toList());
    }

    private static List<?> comparableValues(List<Map<String, Object>> rows) {
        return rows.stream()
                .map(row -> row.entrySet().stream()
                        .map(field -> field.getKey() + "=" + comparable(field.getValue()))
                        .toList())
                .toList();
    }

    static String comparable(Object value) {
        return switch (value) {
            case byte[] bytes -> "bytes " + Arrays.toString(bytes);
            case List<?> list ->
                list.stream().map(ParquetTest::comparable).toList().toString();
            case null -> "null";
            default -> value.getClass().getSimpleName() + " " + value;
        };
    }

    @Test
    void readsManyRowGroups() throws IOException {
        var file = folder.resolve("groups.parquet");
        var column = Map.of("text", ParquetColumn.of(ParquetColumn.Type.STRING));
        try (var writer = ParquetWriter.create(file, column, ParquetWriter.Codec.GZIP)) {
            for (int i = 0; i < 40; i++) {
                writer.write(Map.of("text", (i + " ").repeat(500_000)));
            }
            writer.finish();
        }
        try (var rows = Parquet.stream(file)) {
            assertThat(rows.map(row -> row.text("text").substring(0, 3).strip().split(" ")[0]))
                    .containsExactlyElementsOf(
                            IntStream.range(0, 40).mapToObj(String::valueOf).toList());
        }
        assertThat(folder).isDirectoryNotContaining("glob:**.unfinished");
    }

    /// Rows with every kind of value and of missing value; written as `torrefy.parquet` they are what pyarrow
    /// reads.
    private static List<Map<String, Object>> writeRows(Path file, int count, ParquetWriter.Codec codec)
            throws IOException {
        var columns = new LinkedHashMap<String, ParquetColumn>();
        for (var type : ParquetColumn.Type.values()) {
            columns.put(type.name(), ParquetColumn.of(type));
            columns.put(type.name() + "S", ParquetColumn.listOf(type));
        }
        var rows = new ArrayList<Map<String, Object>>();
        try (var writer = ParquetWriter.create(file, columns, codec)) {
            for (int i = 0; i < count; i++) {
                var row = new LinkedHashMap<String, Object>();
                for (var column : columns.entrySet()) {
                    row.put(column.getKey(), example(column.getValue(), i));
                }
                writer.write(row);
                rows.add(row);
            }
            writer.finish();
        }
        return rows;
    }

    private static Object example(ParquetColumn column, int i) {
        if (i % 7 == 3) {
            return null;
        }
        if (!column.list()) {
            return single(column.type(), i);
        }
        var list = new ArrayList<Object>();
        for (int j = 0; j < i % 4; j++) {
            list.add((i + j) % 5 == 0 ? null : single(column.type(), i + j));
        }
        return list;
    }

    private static Object single(ParquetColumn.Type type, int i) {
        return switch (type) {
            case STRING -> i % 3 == 0 ? "" : "ü" + i;
            case BYTES -> new byte[] {(byte) i, -1};
            case LONG -> i % 2 == 0 ? Long.MIN_VALUE + i : i;
            case DOUBLE -> i % 11 == 0 ? Double.POSITIVE_INFINITY : i / 3.0;
            case BOOLEAN -> i % 3 == 1;
        };
    }

    @Test
    void theWriterNamesRowAndColumn() throws IOException {
        var file = folder.resolve("bad.parquet");
        var columns = Map.of("n", ParquetColumn.of(ParquetColumn.Type.LONG));
        try (var writer = ParquetWriter.create(file, columns, ParquetWriter.Codec.NONE)) {
            writer.write(Map.of("n", 1L));
            assertThatThrownBy(() -> writer.write(Map.of("n", "x")))
                    .hasMessageContaining(file + ", row 2: expected")
                    .hasMessageContaining("in column \"n\"; got the string \"x\"");
            assertThatThrownBy(() -> writer.write(Map.of("n", 1L))).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
        }
        try (var writer = ParquetWriter.create(file, columns, ParquetWriter.Codec.NONE)) {
            assertThatThrownBy(() -> writer.write(Map.of("m", 1L))).hasMessageContaining("got [m]");
        }
        assertThat(folder).isEmptyDirectory();
        var rows = List.of(new Row(file, 1, Map.of("a", 1L)), new Row(file, 2, Map.of("a", "x")));
        assertThatThrownBy(() -> ParquetColumn.infer(rows))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining(file + ":2: expected a LONG, as before, in field \"a\"; got the string \"x\"");
    }
}
