package io.torrefy.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Mutations of Parquet files: data or an error that names the file, in no more memory than the file gives reason for.
/// What is wrong stays in the columns that were damaged, and where a page has a checksum, as in all pages of our own,
/// damage is found.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ParquetFuzzTest {
    private static final Path SAMPLES = Path.of("src/test/resources/io/torrefy/data");
    private static final int HEAD = 4;

    /// More than the header of a page has, which no checksum covers.
    private static final int PAGE_HEADER = 40;

    /// For files of at most ten thousand bytes. Compressed pages may become more, up to a thousandfold.
    private static final long MOST_BYTES = 48 << 20;

    @TempDir
    Path folder;

    /// The pages of a column in a row group.
    private record Chunk(String column, long from, long to) {}

    private interface Mutation {
        byte[] of(byte[] whole, int seed);
    }

    private static List<Chunk> chunks(Path file) throws IOException {
        var chunks = new ArrayList<Chunk>();
        try (var reader = ParquetFile.open(file)) {
            for (var group : reader.groups()) {
                for (var chunk : group.chunks()) {
                    String column = chunk.steps().split("\\.", 2)[0];
                    chunks.add(new Chunk(column, chunk.from(), chunk.from() + chunk.bytes()));
                }
            }
        }
        return chunks;
    }

    /// `tiny.parquet` is pyarrow's, of two row groups, with dictionaries and a checksum for every page.
    @Test
    void manyMutations() throws IOException {
        fuzz("tiny", Mutations::of, 10_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "snappy", "gzip", "zstd"})
    void everyCodec(String codec) throws IOException {
        fuzz("sample-" + codec, Mutations::of, 2500);
    }

    /// Seed 63 of `runs.parquet` once kept a reader waiting for ever for a page that another thread had given up.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "runs",
                "flat-v1",
                "flat-v2",
                "flat-delta1",
                "flat-delta2",
                "flat-pages",
                "nested-v1",
                "nested-v2",
                "nested-pages",
                "logical-v1"
            })
    void everyEncoding(String name) throws IOException {
        fuzz("parquet/" + name, Mutations::of, 1000);
        fuzz("parquet/" + name, Mutations::claim, 1000);
    }

    private void fuzz(String name, Mutation mutation, int mutations) throws IOException {
        var sample = SAMPLES.resolve(name + ".parquet");
        byte[] whole = Files.readAllBytes(sample);
        var rows = Parquet.read(sample);
        var chunks = chunks(sample);
        var file = folder.resolve("bad.parquet");
        int failures = 0;
        int compared = 0;
        for (int seed = 0; seed < mutations; seed++) {
            byte[] bytes = mutation.of(whole, seed);
            Files.write(file, bytes);
            var read = new ArrayList<Row>();
            boolean failed = false;
            long before = Allocated.bytes();
            try (var reader = Parquet.rows().open(file, RecordSource.Position.START)) {
                for (var row = reader.next(); row.isPresent(); row = reader.next()) {
                    read.add(row.get().value());
                }
            } catch (MalformedDataException e) {
                failed = true;
                failures++;
                assertThat(e)
                        .as("seed %d", seed)
                        .hasMessageStartingWith("[parquet] " + file + ":" + e.position() + ": expected ")
                        .hasMessageContaining("; got ");
            }
            assertThat(Allocated.bytes() - before).as("seed %d", seed).isLessThan(MOST_BYTES);
            assertThat(read).as("seed %d", seed).hasSizeLessThanOrEqualTo(rows.size());
            if (!failed) {
                assertThat(read).as("seed %d", seed).hasSameSizeAs(rows);
            }
            if (bytes.length == whole.length && inPages(chunks, whole, bytes)) {
                compared++;
                assertSameBut(damaged(chunks, whole, bytes), rows, read, seed);
            }
        }
        assertThat(failures).isGreaterThan(mutations / 5);
        assertThat(compared).isGreaterThan(mutations / 20);
    }

    private static boolean inPages(List<Chunk> chunks, byte[] whole, byte[] bytes) {
        long end = chunks.stream().mapToLong(Chunk::to).max().orElseThrow();
        return Arrays.equals(whole, 0, HEAD, bytes, 0, HEAD)
                && Arrays.equals(whole, (int) end, whole.length, bytes, (int) end, whole.length);
    }

    private static Set<String> damaged(List<Chunk> chunks, byte[] whole, byte[] bytes) {
        var names = new HashSet<String>();
        for (var chunk : chunks) {
            if (!Arrays.equals(whole, (int) chunk.from, (int) chunk.to, bytes, (int) chunk.from, (int) chunk.to)) {
                names.add(chunk.column);
            }
        }
        return names;
    }

    private static void assertSameBut(Set<String> columns, List<Row> rows, List<Row> read, int seed) {
        for (int i = 0; i < read.size(); i++) {
            for (var field : rows.get(i).values().entrySet()) {
                if (!columns.contains(field.getKey())) {
                    assertThat(ParquetTest.comparable(read.get(i).values().get(field.getKey())))
                            .as("seed %d, row %d, %s", seed, i, field.getKey())
                            .isEqualTo(ParquetTest.comparable(field.getValue()));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"NONE", "GZIP"})
    void flippedBitsInOurPagesAreFound(String codec) throws IOException {
        var file = folder.resolve("ours.parquet");
        var columns = Map.of(
                "n", ParquetColumn.of(ParquetColumn.Type.LONG), "s", ParquetColumn.listOf(ParquetColumn.Type.STRING));
        try (var writer = ParquetWriter.create(file, columns, ParquetWriter.Codec.valueOf(codec))) {
            for (long i = 0; i < 40; i++) {
                writer.write(Map.of("n", i * i, "s", List.of("a" + i, "b")));
            }
            writer.finish();
        }
        byte[] whole = Files.readAllBytes(file);
        for (var chunk : chunks(file)) {
            for (int at = (int) chunk.from + PAGE_HEADER; at < chunk.to; at += 3) {
                byte[] bytes = whole.clone();
                bytes[at] ^= (byte) (1 << at % 8);
                Files.write(file, bytes);
                assertThat(failure(file))
                        .as("byte %d", at)
                        .contains("[parquet] " + file + ":1: expected a page whose checksum matches")
                        .contains("at byte " + chunk.from + ".");
            }
        }
    }

    private static String failure(Path file) throws IOException {
        try {
            return Parquet.read(file).toString();
        } catch (MalformedDataException e) {
            return e.getMessage();
        }
    }
}
