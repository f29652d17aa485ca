package io.torrefy.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.data.TfRecords.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TfRecordsTest {
    @TempDir
    Path folder;

    private final List<Path> files = new ArrayList<>();

    /// The example of `tf.data.Dataset.interleave`'s documentation: `[1..5]`, each repeated six times, cycle 2,
    /// block 4.
    @Test
    void interleavesAsTfDataDoes() throws IOException {
        for (int i = 1; i <= 5; i++) {
            add(Compression.NONE, i, i, i, i, i, i);
        }
        assertThat(all(Options.DEFAULT.interleave(2, 4)))
                .containsExactly(
                        1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5);
    }

    @Test
    void emptyFilesAndMorePlacesThanFiles() throws IOException {
        add(Compression.NONE);
        add(Compression.GZIP, 1, 2, 3);
        add(Compression.NONE);
        assertThat(all(Options.DEFAULT)).containsExactly(1, 2, 3);
        assertThat(all(Options.DEFAULT.interleave(5, 2))).containsExactly(1, 2, 3);
        files.clear();
        assertThat(all(Options.DEFAULT.shuffle(4, 1))).isEmpty();
    }

    @Test
    void shufflesWithinItsBufferTheSameForTheSameSeed() throws IOException {
        int[] numbers = new int[1000];
        for (int i = 0; i < 1000; i++) {
            numbers[i] = i;
        }
        add(Compression.NONE, numbers);
        var once = all(Options.DEFAULT.shuffle(50, 7));
        assertThat(once).isEqualTo(all(Options.DEFAULT.shuffle(50, 7)));
        assertThat(once).isNotEqualTo(all(Options.DEFAULT.shuffle(50, 8)));
        assertThat(once).hasSize(1000).doesNotHaveDuplicates();
        double moved = 0;
        for (int i = 0; i < 1000; i++) {
            assertThat(once.get(i)).isLessThan(i + 50);
            moved += Math.abs(once.get(i) - i);
        }
        // a record waits for 50 draws on average, so the mean distance is a few tens
        assertThat(moved / 1000).isBetween(20.0, 60.0);
    }

    @Test
    void goesOnExactlyFromEveryState() throws IOException {
        add(Compression.NONE, 1, 2, 3, 4, 5, 6, 7);
        add(Compression.GZIP, 11, 12, 13);
        add(Compression.ZLIB);
        add(Compression.NONE, 21, 22, 23, 24, 25);
        for (var options : List.of(
                Options.DEFAULT,
                Options.DEFAULT.interleave(2, 3),
                Options.DEFAULT.interleave(3, 2).shuffle(4, 9))) {
            var whole = all(options);
            assertThat(whole).hasSize(15);
            for (int stop = 0; stop <= 15; stop++) {
                TfRecords.State state;
                try (var records = TfRecords.open(files, options)) {
                    for (int i = 0; i < stop; i++) {
                        records.next();
                    }
                    state = records.state();
                }
                try (var records = TfRecords.open(files, options, state)) {
                    assertThat(rest(records)).isEqualTo(whole.subList(stop, 15));
                }
            }
        }
    }

    @Test
    void tellsWhatWasLeftOutAndWhereARecordLies() throws IOException {
        add(Compression.NONE, 1, 2, 3);
        var bytes = Files.readAllBytes(files.getFirst());
        bytes[bytes.length / 2] ^= 1;
        Files.write(files.getFirst(), bytes);
        var resync = Options.DEFAULT.reading(
                TfRecordReader.Options.DEFAULT.onCorruption(TfRecordReader.OnCorruption.RESYNC));
        try (var records = TfRecords.open(files, resync)) {
            assertThat(records.next().orElseThrow().place().position().offset()).isZero();
            var third = records.next().orElseThrow();
            assertThat(new String(third.data(), UTF_8)).isEqualTo("3");
            assertThat(third.place().position()).isEqualTo(new TfRecordReader.Position(34, 1));
            assertThat(third.file()).isEqualTo(files.getFirst());
            assertThat(records.next()).isEmpty();
            assertThat(records.skipped()).hasSize(1);
        }
    }

    @Test
    void shardsHaveTensorFlowsNamesAndHaveToBeComplete() throws IOException {
        var stem = folder.resolve("train.tfrecord");
        assertThat(Shards.file(stem, 3, 10)).hasFileName("train.tfrecord-00003-of-00010");
        long written = Shards.write(stem, 3, Compression.NONE, sink -> {
            for (int i = 0; i < 8; i++) {
                sink.write(Integer.toString(i).getBytes(UTF_8));
            }
        });
        assertThat(written).isEqualTo(8);
        files.addAll(Shards.files(stem));
        assertThat(files).hasSize(3).isSorted();
        assertThat(all(Options.DEFAULT)).containsExactly(0, 3, 6, 1, 4, 7, 2, 5);
        assertThat(all(Options.DEFAULT.interleave(3, 1))).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
        assertThat(Shards.files(files.getFirst())).containsExactly(files.getFirst());

        Files.delete(files.get(1));
        assertThatThrownBy(() -> Shards.files(stem)).hasMessageContaining("train.tfrecord-00001-of-00003");
        Files.createFile(Shards.file(stem, 0, 2));
        assertThatThrownBy(() -> Shards.files(stem))
                .hasMessageContaining("sets of [2, 3]. Hint: train.tfrecord-?????-of-00003");
        Files.copy(files.getFirst(), files.get(1));
        var three = folder.resolve("train.tfrecord-?????-of-00003");
        assertThat(Shards.files(three)).containsExactlyElementsOf(files);
        Files.delete(Shards.file(stem, 0, 2));
        assertThat(Shards.files(folder.resolve("train.tfrecord-?????-of-?????")))
                .containsExactlyElementsOf(files);
        assertThatThrownBy(() -> Shards.files(folder.resolve("train.tfrecord-?????-of-00004")))
                .hasMessageContaining("got none");
        assertThatThrownBy(() -> Shards.files(folder.resolve("none"))).hasMessageContaining("got none");
        assertThatThrownBy(() -> Shards.file(stem, 3, 3)).hasMessageContaining("3 of 3");
    }

    @Test
    void anIndexIsRefusedWhereItDoesNotFit() throws IOException {
        add(Compression.NONE, 1, 22, 333);
        var file = files.getFirst();
        assertThatThrownBy(() -> TfRecordIndex.open(file))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("torrefy records index");
        assertThat(TfRecordIndex.build(file, (_, _) -> {})).isEqualTo(3);
        var index = TfRecordIndex.indexFile(file);
        assertThat(index).hasFileName("0.tfrecord.idx").hasSize(3 * 8 + 8 + 4);
        try (var open = TfRecordIndex.open(file)) {
            assertThat(open.count()).isEqualTo(3);
            assertThat(open.offset(2)).isEqualTo(17 + 18);
            assertThat(open.read(1)).isEqualTo("22".getBytes(UTF_8));
        }
        var bytes = Files.readAllBytes(file);
        bytes[17 + 12] ^= 1;
        Files.write(file, bytes);
        try (var open = TfRecordIndex.open(file)) {
            assertThat(open.read(0)).isEqualTo("1".getBytes(UTF_8));
            assertThatThrownBy(() -> open.read(1))
                    .isInstanceOf(DataLossException.class)
                    .hasMessageContaining("record 1 at byte 17");
        }
        var indexBytes = Files.readAllBytes(index);
        for (int i = 0; i < indexBytes.length; i++) {
            var damaged = indexBytes.clone();
            damaged[i] ^= 4;
            Files.write(index, damaged);
            assertThatThrownBy(() -> TfRecordIndex.open(file))
                    .isInstanceOf(MalformedDataException.class)
                    .hasMessageContaining("checksum");
        }
        Files.write(index, indexBytes);
        Files.write(file, new byte[3]);
        assertThatThrownBy(() -> TfRecordIndex.open(file)).hasMessageContaining("it has 3");
        assertThatThrownBy(() -> TfRecordIndex.build(file, (_, _) -> {})).isInstanceOf(DataLossException.class);
        assertThat(index).hasBinaryContent(indexBytes);

        add(Compression.GZIP, 1);
        assertThatThrownBy(() -> TfRecordIndex.build(files.getLast(), (_, _) -> {}))
                .hasMessageContaining("uncompressed");
    }

    private void add(Compression compression, int... numbers) throws IOException {
        var file = folder.resolve(files.size() + ".tfrecord");
        TfRecordWriter.write(file, compression, sink -> {
            for (int number : numbers) {
                sink.write(Integer.toString(number).getBytes(UTF_8));
            }
        });
        files.add(file);
    }

    private List<Integer> all(Options options) throws IOException {
        try (var records = TfRecords.open(files, options)) {
            return rest(records);
        }
    }

    private static List<Integer> rest(TfRecords records) throws IOException {
        var numbers = new ArrayList<Integer>();
        for (var entry = records.next(); entry.isPresent(); entry = records.next()) {
            numbers.add(Integer.parseInt(new String(entry.get().data(), UTF_8)));
        }
        return numbers;
    }
}
