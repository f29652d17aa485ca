package io.torrefy.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.data.TfRecordReader.OnCorruption;
import io.torrefy.data.TfRecordReader.Options;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Ten thousand mutations of sound files: the sound records in their order, or a named error. No record is made up, and
/// none that the damage did not touch is lost.
@Timeout(120)
class TfRecordFuzzTest {
    private static final int FRAME = RecordFrame.HEADER + RecordFrame.FOOTER;
    private static final Options RESYNC = Options.DEFAULT.onCorruption(OnCorruption.RESYNC);

    private final List<String> texts = new ArrayList<>();
    /// Where each record starts, and where the last one ends.
    private final List<Integer> starts = new ArrayList<>(List.of(0));

    private final byte[] whole = whole();

    @TempDir
    Path folder;

    private byte[] whole() {
        var out = new ByteArrayOutputStream();
        for (int i = 0; i < 12; i++) {
            texts.add("record " + "x".repeat(i * 5) + i);
            out.writeBytes(RecordFrame.frame(texts.getLast().getBytes(UTF_8)));
            starts.add(out.size());
        }
        return out.toByteArray();
    }

    @Test
    void plainFiles() throws IOException {
        var file = folder.resolve("mutated");
        int errors = 0;
        for (int seed = 0; seed < 10_000; seed++) {
            var mutated = Mutations.of(whole, seed);
            Files.write(file, mutated);
            int before = before(mutated);
            var read = new ArrayList<Integer>();
            try (var reader = TfRecordReader.open(file)) {
                long covered = 0;
                while (reader.next()) {
                    read.add(texts.indexOf(new String(reader.record(), UTF_8)));
                    covered += reader.length() + FRAME;
                }
                assertThat(covered).as("seed %d", seed).isEqualTo(mutated.length);
            } catch (DataLossException e) {
                errors++;
                assertThat(e.getMessage()).contains(file.toString(), "byte " + e.position());
            }
            assertThat(read).as("seed %d", seed).doesNotContain(-1).isSorted();
            assertThat(read.subList(0, before)).as("seed %d", seed).containsExactly(indices(0, before));
        }
        assertThat(errors).isGreaterThan(8000);
    }

    /// Records and what was left out make up the file, and all records around the damage are there.
    @Test
    void plainFilesWithResync() throws IOException {
        var file = folder.resolve("mutated");
        long skips = 0;
        for (int seed = 0; seed < 10_000; seed++) {
            var mutated = Mutations.of(whole, seed);
            Files.write(file, mutated);
            var read = new ArrayList<Integer>();
            try (var reader = TfRecordReader.open(file, RESYNC.compression(Compression.NONE))) {
                long end = 0;
                int skipsBefore = 0;
                while (reader.next()) {
                    read.add(texts.indexOf(new String(reader.record(), UTF_8)));
                    end = passOver(reader, skipsBefore, end, reader.offset()) + reader.length() + FRAME;
                    skipsBefore = reader.skipped().size();
                }
                end = passOver(reader, skipsBefore, end, mutated.length);
                assertThat(end).as("seed %d", seed).isEqualTo(mutated.length);
                skips += reader.skipped().size();
            }
            assertThat(read).as("seed %d", seed).doesNotContain(-1).isSorted();
            var first = indices(0, before(mutated));
            assertThat(read.subList(0, first.length)).as("seed %d", seed).containsExactly(first);
            var last = indices(firstBehind(mutated), texts.size());
            assertThat(read.subList(read.size() - last.length, read.size()))
                    .as("seed %d", seed)
                    .containsExactly(last);
        }
        assertThat(skips).isGreaterThan(8000);
    }

    /// That the new entries of the list lie one after the other between `end` and `to`.
    private static long passOver(TfRecordReader reader, int from, long end, long to) {
        long at = end;
        for (var skipped : reader.skipped().subList(from, reader.skipped().size())) {
            assertThat(skipped.from()).isEqualTo(at);
            assertThat(skipped.length()).isPositive();
            at = skipped.to();
        }
        assertThat(at).isEqualTo(to);
        return at;
    }

    @Test
    void compressedFiles() throws IOException {
        var file = folder.resolve("mutated");
        var zlib = new ByteArrayOutputStream();
        try (var out = new DeflaterOutputStream(zlib)) {
            out.write(whole);
        }
        var sources = List.of(TfRecordReaderTest.gzip(whole), zlib.toByteArray());
        int errors = 0;
        for (int seed = 0; seed < 10_000; seed++) {
            var mutated = Mutations.of(sources.get(seed / 2 % 2), seed);
            Files.write(file, mutated);
            var read = new ArrayList<Integer>();
            try (var reader = TfRecordReader.open(file)) {
                while (reader.next()) {
                    read.add(texts.indexOf(new String(reader.record(), UTF_8)));
                }
                // An empty file has no records.
                assertThat(read).as("seed %d", seed).hasSize(mutated.length == 0 ? 0 : texts.size());
            } catch (DataLossException e) {
                errors++;
                assertThat(e.getMessage()).contains(file.toString(), "byte " + e.position());
            }
            assertThat(read).as("seed %d", seed).containsExactly(indices(0, read.size()));
        }
        assertThat(errors).isGreaterThan(8000);
    }

    private static Integer[] indices(int from, int to) {
        var indices = new Integer[Math.max(0, to - from)];
        Arrays.setAll(indices, i -> from + i);
        return indices;
    }

    /// How many records lie wholly before the first byte that changed.
    private int before(byte[] mutated) {
        int same = Arrays.mismatch(whole, mutated);
        int bytes = same < 0 ? whole.length : same;
        return (int) starts.stream().skip(1).filter(end -> end <= bytes).count();
    }

    /// The first record that lies wholly behind the last byte that changed.
    private int firstBehind(byte[] mutated) {
        int same = Arrays.mismatch(whole, mutated);
        int most = Math.min(whole.length, mutated.length) - (same < 0 ? whole.length : same);
        int suffix = 0;
        while (suffix < most && whole[whole.length - 1 - suffix] == mutated[mutated.length - 1 - suffix]) {
            suffix++;
        }
        int first = 0;
        while (first < texts.size() && starts.get(first) < whole.length - suffix) {
            first++;
        }
        return first;
    }
}
