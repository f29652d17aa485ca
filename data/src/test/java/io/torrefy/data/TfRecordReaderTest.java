package io.torrefy.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.torrefy.data.TfRecordReader.OnCorruption;
import io.torrefy.data.TfRecordReader.Options;
import io.torrefy.data.TfRecordReader.TruncatedTail;
import io.torrefy.tensor.Rng;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files of TensorFlow 2.21, and every kind of damage that its reader meets.
class TfRecordReaderTest {
    private static final Options RESYNC = Options.DEFAULT.onCorruption(OnCorruption.RESYNC);

    @TempDir
    Path folder;

    @Test
    void readsTheGoldenFile() throws IOException {
        var golden = Golden.root().path("tfrecord");
        for (String form : new String[] {"file_hex", "gzip_by_tf_hex", "zlib_by_tf_hex"}) {
            var file = write(HexFormat.of().parseHex(golden.path(form).asText()));
            var expected = new ArrayList<String>();
            golden.path("records_hex").forEach(record -> expected.add(record.asText()));
            assertThat(read(file, Options.DEFAULT).stream().map(HexFormat.of()::formatHex))
                    .as(form)
                    .isEqualTo(expected);
        }
    }

    @Test
    void readsTheFilesOfTensorFlowCompressedOrNot() throws Exception {
        var plain = read(Golden.file("tf/plain.tfrecord"), Options.DEFAULT);
        assertThat(plain).extracting(record -> record.length).containsExactly(0, 5, 1280, 1, 11, 12, 13, 700);
        assertThat(plain.get(1)).isEqualTo("hello".getBytes(UTF_8));
        for (var compression : List.of(Compression.GZIP, Compression.ZLIB)) {
            var file = Golden.file("tf/" + compression.name().toLowerCase(Locale.ROOT) + ".tfrecord");
            assertThat(Compression.detect(file)).isEqualTo(compression);
            assertThat(read(file, Options.DEFAULT)).containsExactlyElementsOf(plain);
            assertThat(read(file, Options.DEFAULT.compression(compression))).containsExactlyElementsOf(plain);
        }
    }

    @Test
    void compressionsHaveTensorFlowsNamesAndNoOthers() {
        assertThat(Compression.named("")).isEqualTo(Compression.NONE);
        assertThat(Compression.named("GZIP")).isEqualTo(Compression.GZIP);
        assertThat(Compression.named("ZLIB")).isEqualTo(Compression.ZLIB);
        for (String name : new String[] {"SNAPPY", "LZ4", "gzip"}) {
            assertThatThrownBy(() -> Compression.named(name))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(name);
        }
    }

    @Test
    void whatTheWriterCompressedIsReadBack() throws IOException {
        var records = List.of(new byte[0], new byte[700_000], "x".getBytes(UTF_8));
        for (var compression : Compression.values()) {
            var file = folder.resolve(compression + ".tfrecord");
            assertThat(TfRecordWriter.write(file, compression, sink -> {
                        for (byte[] record : records) {
                            sink.write(record);
                        }
                    }))
                    .isEqualTo(3);
            assertThat(read(file, Options.DEFAULT)).containsExactlyElementsOf(records);
            assertThat(Files.list(folder)).noneMatch(path -> path.toString().endsWith(".unfinished"));
        }
        assertThat(Files.size(folder.resolve("GZIP.tfrecord"))).isLessThan(2000);
    }

    @Test
    void aFileWrittenWholeIsNotThereUntilItIs() throws IOException {
        var file = write(record("old"));
        var before = Files.readAllBytes(file);
        assertThatThrownBy(() -> TfRecordWriter.write(file, Compression.NONE, sink -> {
                    sink.write(new byte[300_000]);
                    throw new IOException("no more");
                }))
                .hasMessage("no more");
        assertThat(file).hasBinaryContent(before);
        assertThat(Files.list(folder)).containsExactly(file);
    }

    @Test
    void emptyAndMissingFiles() throws IOException {
        assertThat(read(write(new byte[0]), Options.DEFAULT)).isEmpty();
        assertThat(read(write(new byte[0]), Options.DEFAULT.compression(Compression.GZIP)))
                .isEmpty();
        assertThatThrownBy(() -> TfRecordReader.open(folder.resolve("none"))).isInstanceOf(NoSuchFileException.class);
    }

    /// A cut at every byte: data before it, then an error that names record and offset. TensorFlow is silent where
    /// the cut lies in a header.
    @Test
    void everyCutIsAnError() throws IOException {
        var whole = join(record("first"), record("second"));
        int second = record("first").length;
        for (int cut = second + 1; cut < whole.length; cut++) {
            var file = write(Arrays.copyOf(whole, cut));
            String what = cut < second + 12 ? "a header cut after " + (cut - second) : "the end of the file before";
            assertThatThrownBy(() -> read(file, Options.DEFAULT))
                    .isInstanceOfSatisfying(DataLossException.class, e -> {
                        assertThat(e.record()).isEqualTo(1);
                        assertThat(e.position()).isEqualTo(second);
                        assertThat(e.file()).isEqualTo(file);
                    })
                    .hasMessageContaining(what)
                    .hasMessageContaining("record 1 at byte " + second + " of " + file);
            var reader = TfRecordReader.open(file, Options.DEFAULT.truncatedTail(TruncatedTail.IGNORE));
            try (reader) {
                assertThat(reader.next()).isTrue();
                assertThat(reader.next()).isFalse();
                assertThat(reader.skipped()).hasSize(1);
                assertThat(reader.skipped().getFirst().from()).isEqualTo(second);
                assertThat(reader.skipped().getFirst().to()).isEqualTo(cut);
            }
        }
    }

    @Test
    void everyFlippedBitIsAnErrorThatNamesItsPlace() throws IOException {
        var whole = join(record("first"), record("second"), record("third"));
        int second = record("first").length;
        int third = second + record("second").length;
        for (int i = second; i < third; i++) {
            for (int bit = 0; bit < 8; bit++) {
                var damaged = whole.clone();
                damaged[i] ^= (byte) (1 << bit);
                var file = write(damaged);
                String what = i < second + 12 ? "a length whose checksum" : "data (from byte " + (second + 12) + ",";
                assertThatThrownBy(() -> read(file, Options.DEFAULT))
                        .isInstanceOf(DataLossException.class)
                        .hasMessageContaining(what)
                        .hasMessageContaining("record 1 at byte " + second);
                try (var reader = TfRecordReader.open(file, RESYNC)) {
                    assertThat(texts(reader)).containsExactly("first", "third");
                    assertThat(reader.skipped()).hasSize(1);
                    assertThat(reader.skipped().getFirst().from()).isEqualTo(second);
                    assertThat(reader.skipped().getFirst().to()).isEqualTo(third);
                }
                try (var reader = TfRecordReader.open(file, Options.DEFAULT.onCorruption(OnCorruption.SKIP_FILE))) {
                    assertThat(texts(reader)).containsExactly("first");
                    assertThat(reader.skipped().getFirst().to()).isEqualTo(whole.length);
                }
            }
        }
    }

    @Test
    void aFileThatIsNoRecordFileSaysSo() throws IOException {
        assertThatThrownBy(() -> read(write("{\"a\": \"record file this is not\"}".getBytes(UTF_8)), Options.DEFAULT))
                .isInstanceOf(DataLossException.class)
                .hasMessageContaining("byte 0")
                .hasMessageContaining("is this a TFRecord file");
        assertThatThrownBy(() -> read(write(join(record("a"), new byte[40])), Options.DEFAULT))
                .hasMessageContaining("byte 17");
    }

    @Test
    void lengthsThatCannotBeAreRefusedBeforeMemoryIsTaken() throws IOException {
        for (long length : new long[] {Long.MIN_VALUE, -1, 1L << 40, Integer.MAX_VALUE}) {
            var file = write(join(record("a"), header(length), new byte[100]));
            assertThatThrownBy(() -> read(file, Options.DEFAULT))
                    .isInstanceOf(DataLossException.class)
                    .hasMessageContaining(Long.toUnsignedString(length))
                    .hasMessageContaining("byte 17");
        }
        // A length that could be, and is not there, takes no more memory than the file has bytes, inflated ones too.
        var long1g = join(header(1 << 30), new byte[100]);
        assertThatThrownBy(() -> read(write(long1g), Options.DEFAULT)).hasMessageContaining("1073741824");
        var gzip = folder.resolve("long.gz");
        try (var out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
            out.write(long1g);
        }
        assertThatThrownBy(() -> read(gzip, Options.DEFAULT)).hasMessageContaining("1073741824");
        // One that the heap would not hold, were it there.
        int most = RecordFrame.MOST_DATA;
        var tooLong = write(join(header(most + 1L), new byte[100], record("behind")));
        assertThatThrownBy(() -> read(tooLong, Options.DEFAULT))
                .hasMessageContaining("a length of " + (most + 1L) + " bytes, above " + most + ". Hint: ");
        try (var reader = TfRecordReader.open(tooLong, RESYNC)) {
            assertThat(texts(reader)).containsExactly("behind");
            assertThat(reader.skipped()).hasSize(1);
        }
        assertThatThrownBy(() -> read(write(record("12345")), Options.DEFAULT.maxRecordBytes(4)))
                .hasMessageContaining("a length of 5 bytes, above 4");
    }

    @Test
    void resyncGoesOverRubbishAndRemovedBytes() throws IOException {
        var rubbish = new byte[70_001];
        Arrays.fill(rubbish, (byte) 7);
        var cutRecord = Arrays.copyOf(record("this one lost its end"), 20);
        var file = write(join(rubbish, record("a"), new byte[300], record("b"), cutRecord, record("c"), new byte[5]));
        try (var reader = TfRecordReader.open(file, RESYNC)) {
            assertThat(texts(reader)).containsExactly("a", "b", "c");
            long skipped =
                    reader.skipped().stream().mapToLong(s -> s.to() - s.from()).sum();
            assertThat(skipped).isEqualTo(70_001 + 300 + 20 + 5);
            assertThat(reader.skipped()).hasSize(4);
        }
    }

    @Test
    void aRecordInsideOfADamagedOneIsNotTakenForOne() throws IOException {
        var outer = frame(join(record("inner"), "rest".getBytes(UTF_8)));
        outer[outer.length - 6] ^= 1;
        try (var reader = TfRecordReader.open(write(join(outer, record("next"))), RESYNC)) {
            assertThat(texts(reader)).containsExactly("next");
        }
    }

    @Test
    void compressedFilesInMembersAndCut() throws IOException {
        var member = gzip(record("one"));
        assertThat(texts(write(join(member, gzip(record("two")))), Options.DEFAULT))
                .containsExactly("one", "two");

        // TensorFlow accepts a cut trailer; what it would have checked is not verified then.
        var cut = write(Arrays.copyOf(member, member.length - 4));
        assertThatThrownBy(() -> read(cut, Options.DEFAULT))
                .isInstanceOf(DataLossException.class)
                .hasMessageContaining("within a GZIP header or trailer");
        assertThat(texts(cut, Options.DEFAULT.truncatedTail(TruncatedTail.IGNORE)))
                .containsExactly("one");

        assertThatThrownBy(() -> read(write(Arrays.copyOf(member, 20)), Options.DEFAULT))
                .isInstanceOf(DataLossException.class)
                .hasMessageContaining("within compressed data");
        assertThatThrownBy(() -> read(write(join(member, new byte[8])), Options.DEFAULT))
                .isInstanceOf(DataLossException.class)
                .hasMessageContaining("no GZIP header")
                .hasMessageContaining("record 1 at byte 19");
        var wrongSum = member.clone();
        wrongSum[member.length - 8] ^= 1;
        assertThatThrownBy(() -> read(write(wrongSum), Options.DEFAULT)).hasMessageContaining("trailer");
        assertThatThrownBy(() -> read(write(record("plain")), Options.DEFAULT.compression(Compression.GZIP)))
                .isInstanceOf(DataLossException.class)
                .hasMessageContaining("no GZIP header");
        assertThatThrownBy(() -> read(write(member), Options.DEFAULT.compression(Compression.NONE)))
                .hasMessageContaining("is this a TFRecord file, and not compressed");
    }

    @Test
    void goesOnFromEveryPosition() throws Exception {
        for (String name : new String[] {"plain", "gzip", "zlib"}) {
            var file = Golden.file("tf/" + name + ".tfrecord");
            var all = read(file, Options.DEFAULT);
            for (int stop = 0; stop <= all.size(); stop++) {
                TfRecordReader.Position position;
                try (var reader = TfRecordReader.open(file)) {
                    for (int i = 0; i < stop; i++) {
                        assertThat(reader.next()).isTrue();
                    }
                    position = reader.position();
                }
                assertThat(position.record()).isEqualTo(stop);
                try (var reader = TfRecordReader.open(file, Options.DEFAULT, position)) {
                    for (byte[] record : all.subList(stop, all.size())) {
                        assertThat(reader.next()).isTrue();
                        assertThat(reader.record()).isEqualTo(record);
                        assertThat(reader.view().byteSize()).isEqualTo(record.length);
                    }
                    assertThat(reader.next()).isFalse();
                    assertThat(reader.next()).isFalse();
                }
            }
        }
    }

    /// Records over the ends of chunks and of mapped windows.
    @Test
    void recordsOfAllSizesOverChunksAndWindows() throws IOException {
        var file = folder.resolve("large.tfrecord");
        int[] lengths = new int[400];
        try (var writer = TfRecordWriter.create(file)) {
            for (int i = 0; i < lengths.length; i++) {
                lengths[i] = (int) (Rng.uniformAt(3, 0, i) * 420_000);
                writer.write(filled(i, lengths[i]));
            }
        }
        assertThat(Files.size(file)).isGreaterThan(65L << 20);
        try (var reader = TfRecordReader.open(file)) {
            for (int i = 0; i < lengths.length; i++) {
                assertThat(reader.next()).isTrue();
                assertThat(reader.number()).isEqualTo(i);
                assertThat(Arrays.equals(reader.record(), filled(i, lengths[i])))
                        .isTrue();
            }
            assertThat(reader.next()).isFalse();
        }
        assertThat(TfRecordIndex.build(file, (_, _) -> {})).isEqualTo(lengths.length);
        try (var index = TfRecordIndex.open(file)) {
            assertThat(index.count()).isEqualTo(lengths.length);
            for (int i = lengths.length - 1; i >= 0; i -= 7) {
                assertThat(Arrays.equals(index.read(i), filled(i, lengths[i]))).isTrue();
            }
            assertThatThrownBy(() -> index.read(lengths.length)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void resyncTellsEachDamagedRecordApart() throws IOException {
        // Two damaged records, the first with a record inside; a lost byte; a length above the bound; a cut end.
        var outer = frame(join(record("inner"), "rest".getBytes(UTF_8)));
        outer[outer.length - 6] ^= 1;
        var second = record("second");
        second[second.length - 1] ^= 1;
        var lost =
                Arrays.copyOf(record("this one lost its last byte"), record("this one lost its last byte").length - 1);
        var tooLong = record("0123456789");
        var cut = Arrays.copyOf(record("the end"), 15);
        var parts = List.of(outer, second, record("a"), lost, record("b"), tooLong, record("c"), cut);
        var file = write(join(parts.toArray(byte[][]::new)));
        try (var reader = TfRecordReader.open(file, RESYNC.maxRecordBytes(60))) {
            assertThat(texts(reader)).containsExactly("a", "b", "0123456789", "c");
            assertThat(reader.skipped())
                    .extracting(TfRecordReader.Skipped::length)
                    .containsExactly((long) outer.length, (long) second.length, (long) lost.length, 15L);
            assertThat(reader.skipped().getFirst().from()).isZero();
            assertThat(reader.skipped().get(1).from()).isEqualTo(outer.length);
            assertThat(reader.skipped().get(1).why()).contains("checksum does not match");
            assertThat(reader.skipped().getLast().to()).isEqualTo(Files.size(file));
            assertThat(reader.skipped().getLast().why()).contains("the end of the file");
        }
        try (var reader = TfRecordReader.open(file, RESYNC.maxRecordBytes(9))) {
            assertThat(texts(reader)).containsExactly("a", "b", "c");
            assertThat(sum(reader)).isEqualTo(Files.size(file) - 3 * 17);
        }
    }

    private static long sum(TfRecordReader reader) {
        return reader.skipped().stream()
                .mapToLong(TfRecordReader.Skipped::length)
                .sum();
    }

    @Test
    void compressedDamageIsToldByItsPlaceInTheFile() throws IOException {
        var first = gzip(record("one"));
        var broken = join(first, gzip(record("two")));
        broken[first.length + 12] ^= 0x40;
        try (var reader = TfRecordReader.open(write(broken), RESYNC)) {
            assertThat(texts(reader)).containsExactly("one");
            assertThat(reader.skipped()).hasSize(1);
            assertThat(reader.skipped().getFirst().from()).isEqualTo(19);
            assertThat(reader.skipped().getFirst().why()).containsPattern("[1-9][0-9]* compressed bytes into the file");
        }
    }

    @Test
    void aPositionThatTheFileDoesNotHaveIsAnError() throws IOException {
        for (byte[] bytes : new byte[][] {record("one"), gzip(record("one"))}) {
            var file = write(bytes);
            assertThatThrownBy(() -> TfRecordReader.open(file, Options.DEFAULT, new TfRecordReader.Position(40, 2)))
                    .isInstanceOf(DataLossException.class)
                    .hasMessageContaining("record 2 at byte 40 of " + file + "; got 19 bytes");
        }
        assertThatThrownBy(() -> TfRecordReader.open(folder))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(folder + " is a directory");
    }

    /// A pipe can be read once and not be mapped; what it holds is found out all the same.
    @Test
    void readsPipes() throws Exception {
        for (byte[] bytes : new byte[][] {record("one"), gzip(record("one")), new byte[0]}) {
            var file = write(bytes);
            var pipe = folder.resolve("pipe");
            assumeThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                    .isZero();
            var writer = new ProcessBuilder("sh", "-c", "cat '" + file + "' > '" + pipe + "'").start();
            assertThat(texts(pipe, Options.DEFAULT)).isEqualTo(bytes.length == 0 ? List.of() : List.of("one"));
            assertThat(writer.waitFor()).isZero();
            Files.delete(pipe);
        }
        assertThatThrownBy(() -> TfRecordIndex.build(Path.of("/dev/null"), (_, _) -> {}))
                .hasMessageContaining("a regular file; got /dev/null");
    }

    private static byte[] filled(int seed, int length) {
        var bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (seed * 31 + i * 7 + (i >> 8));
        }
        return bytes;
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("a.tfrecord"), bytes);
    }

    private static byte[] record(String text) {
        return frame(text.getBytes(UTF_8));
    }

    private static byte[] frame(byte[] data) {
        return RecordFrame.frame(data);
    }

    private static byte[] header(long length) {
        var header = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
        return header.putInt(Crc32c.mask(Crc32c.of(header.array(), 0, 8))).array();
    }

    static byte[] gzip(byte[] bytes) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    private static byte[] join(byte[]... parts) {
        var out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static List<byte[]> read(Path file, Options options) throws IOException {
        var records = new ArrayList<byte[]>();
        try (var reader = TfRecordReader.open(file, options)) {
            while (reader.next()) {
                records.add(reader.record());
            }
        }
        return records;
    }

    private static List<String> texts(Path file, Options options) throws IOException {
        return read(file, options).stream().map(b -> new String(b, UTF_8)).toList();
    }

    private static List<String> texts(TfRecordReader reader) throws IOException {
        var texts = new ArrayList<String>();
        while (reader.next()) {
            texts.add(new String(reader.record(), UTF_8));
        }
        return texts;
    }
}
