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
import java.util.List;
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
}
