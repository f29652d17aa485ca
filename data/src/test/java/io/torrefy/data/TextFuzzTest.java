package io.torrefy.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Damaged files give data or an error that names file and line; what lies before the damage is read as ever.
@Timeout(300)
class TextFuzzTest {
    private static final Path SAMPLES = Path.of("src/test/resources/io/torrefy/data");

    @TempDir
    Path folder;

    @Test
    void csv() throws IOException {
        byte[] whole = Files.readAllBytes(SAMPLES.resolve("sample.csv"));
        fuzz(Csv.of(CsvFormat.standard()), whole, folder.resolve("bad.csv"), 10_000);
    }

    /// Types are given, because damage may change what is inferred. A column that lost its name is an error as
    /// well.
    @Test
    void csvWithTypes() throws IOException {
        var whole = new StringBuilder("id,x,name\n");
        for (int i = 0; i < 40; i++) {
            whole.append(i).append(',').append(i / 8.0).append(",\"n").append(i).append("\"\n");
        }
        byte[] bytes = whole.toString().getBytes(UTF_8);
        var types = Map.of("id", FieldType.LONG, "x", FieldType.DOUBLE);
        fuzz(Csv.of(CsvFormat.standard().types(types)), bytes, folder.resolve("bad.csv"), 2000);
    }

    @Test
    void jsonLines() throws IOException {
        var whole = new ByteArrayOutputStream();
        whole.writeBytes("\ufeff{\"q\": \"1+1?\", \"n\": [1, 2.5, null, true]}\r\n\n".getBytes(UTF_8));
        whole.writeBytes(Files.readAllBytes(SAMPLES.resolve("sample-parquet.jsonl")));
        fuzz(JsonLines.rows(), whole.toByteArray(), folder.resolve("bad.jsonl"), 10_000);
    }

    private static <T> void fuzz(RecordSource<T> source, byte[] whole, Path file, int mutations) throws IOException {
        Files.write(file, whole);
        var originals = new ArrayList<T>();
        var ends = new ArrayList<Long>();
        try (var reader = source.open(file, RecordSource.Position.START)) {
            for (var one = reader.next(); one.isPresent(); one = reader.next()) {
                originals.add(one.get().value());
                ends.add(reader.position().offset());
            }
        }
        int failures = 0;
        int unchanged = 0;
        for (int seed = 0; seed < mutations; seed++) {
            byte[] bytes = Mutations.of(whole, seed);
            Files.write(file, bytes);
            int same = Arrays.mismatch(whole, bytes);
            var read = new ArrayList<T>();
            try (var reader = source.open(file, RecordSource.Position.START)) {
                for (var one = reader.next(); one.isPresent(); one = reader.next()) {
                    read.add(one.get().value());
                }
            } catch (IllegalArgumentException e) {
                failures++;
                assertThat(e).hasMessageContaining(file + ": expected types for columns among ");
            } catch (MalformedDataException e) {
                failures++;
                long lines = 1 + countLines(bytes);
                assertThat(e.position()).as("seed " + seed).isBetween(1L, lines);
                assertThat(e).hasMessageContaining(file + ":" + e.position() + ": expected ");
            }
            int before = sound(ends, same < 0 ? whole.length : same, read.size());
            unchanged += before;
            assertThat(read.subList(0, before)).as("seed " + seed).isEqualTo(originals.subList(0, before));
        }
        assertThat(failures).isGreaterThan(mutations / 20);
        assertThat(unchanged).isGreaterThan(mutations);
    }

    /// How many of the records read lie wholly before the first byte that changed.
    private static int sound(List<Long> ends, int firstChange, int read) {
        int count = 0;
        while (count < Math.min(ends.size(), read) && ends.get(count) <= firstChange) {
            count++;
        }
        return count;
    }

    private static long countLines(byte[] bytes) {
        long lines = 0;
        for (byte b : bytes) {
            lines += b == '\n' || b == '\r' ? 1 : 0;
        }
        return lines;
    }
}
