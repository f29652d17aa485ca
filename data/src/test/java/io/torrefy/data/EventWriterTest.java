package io.torrefy.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The expected bytes are TensorBoard 2.21's own messages, serialised by protobuf for Python, and the specification's
/// scalar, which TensorBoard was made to read.
class EventWriterTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochSecond(1_700_000_001));
    private static final String LOSS = "0900004040fc54d94110012a210a1f0a046c6f73734a0b0a090a077363616c617273420a08"
            + "01120022040000003f";
    private static final String REWARD = "0900004040fc54d94110ac022a240a220a0772c3a9776172644a0b0a090a077363616c6172"
            + "73420a0801120022040000a0bf";
    private static final String NOTE =
            "0900004040fc54d94110022a230a210a046e6f7465420f0807120042092a2a68692a2a20c3a44a080a060a0474657874";
    private static final String HISTOGRAM = "0900004040fc54d94110032a550a530a0168423e08021208120208021202080322300000"
            + "000000000000000000000000004000000000000008400000000000000040000000000000104000000000000000404a0e0a0c0a"
            + "0a686973746f6772616d73";

    @TempDir
    Path folder;

    @Test
    void theFirstEventStatesTheVersion() throws IOException {
        Path file;
        try (var events = EventWriter.open(folder, InstantSource.fixed(Instant.ofEpochSecond(1_700_000_000)))) {
            file = events.file();
        }
        assertThat(hex(Files.readAllBytes(file)))
                .contains("0900000040fc54d9411a0d627261696e2e4576656e743a32")
                .startsWith("1800000000000000");
        assertThat(file.getFileName().toString())
                .matches("events\\.out\\.tfevents\\.1700000000\\.[A-Za-z0-9.-]+\\.\\d+\\.0");
    }

    @Test
    void writesTheMessagesOfTensorBoard() throws IOException {
        Path file;
        try (var events = EventWriter.open(folder, CLOCK)) {
            file = events.file();
            events.scalar("loss", 1, 0.5);
            events.scalar("réward", 300, -1.25);
            events.text("note", 2, "**hi** ä");
            events.histogram("h", 3, new double[] {0, Double.NaN, 1, 1.5, 2, 4, Double.POSITIVE_INFINITY}, 2);
        }
        assertThat(records(Files.readAllBytes(file)).subList(1, 5)).containsExactly(LOSS, REWARD, NOTE, HISTOGRAM);
    }

    @Test
    void equalValuesFillTheLastBucketAndNoneLeaveZeros() throws IOException {
        Path file;
        try (var events = EventWriter.open(folder, CLOCK)) {
            file = events.file();
            events.histogram("equal", 1, new double[] {2, 2, 2}, 2);
            events.histogram("none", 1, new double[0], 1);
            assertThatThrownBy(() -> events.histogram("bad", 1, new double[0], 0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        var two = "0000000000000040";
        assertThat(records(Files.readAllBytes(file)).get(1))
                .contains(two + two + "0000000000000000" + two + two + "0000000000000840");
        assertThat(records(Files.readAllBytes(file)).get(2)).contains("2218" + "00".repeat(24));
    }

    @Test
    void twoWritersOfOneSecondTakeTwoFiles() throws IOException {
        try (var first = EventWriter.open(folder, CLOCK);
                var second = EventWriter.open(folder, CLOCK)) {
            assertThat(first.file()).isNotEqualTo(second.file());
            assertThat(EventFiles.files(folder)).containsExactly(first.file(), second.file());
        }
    }

    @Test
    void flushedEventsAreThereForReaders() throws IOException {
        try (var events = EventWriter.open(folder, CLOCK)) {
            events.scalar("loss", 1, 0.5);
            assertThat(records(Files.readAllBytes(events.file()))).hasSize(1);
            events.flush();
            assertThat(records(Files.readAllBytes(events.file()))).hasSize(2).contains(LOSS);
        }
    }

    @Test
    void theGoldenScalarIsWrittenAndFramed() throws IOException {
        var golden = Golden.root().path("event");
        Path file;
        try (var events = EventWriter.open(folder, CLOCK)) {
            file = events.file();
            events.scalar("loss", 1, 0.5);
        }
        assertThat(LOSS).isEqualTo(golden.path("scalar loss=0.5 step=1 wall=1700000001").asText());
        assertThat(hex(Files.readAllBytes(file))).endsWith(golden.path("framed").asText());
    }

    /// A PNG by its own rules: signature, a header of 13 bytes, rows that inflate to filter and pixels, the end.
    @Test
    void writesImagesAsPng() throws IOException, DataFormatException {
        Path file;
        var pixels = new byte[5 * 3 * 2];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i * 37);
        }
        try (var events = EventWriter.open(folder, CLOCK)) {
            file = events.file();
            events.image("picture", 4, 5, 2, 3, pixels);
            assertThatThrownBy(() -> events.image("bad", 1, 5, 2, 3, new byte[29]))
                    .hasMessageContaining("expected 30 bytes, (2, 5, 3); got 29");
        }
        var png = Png.encode(5, 2, 3, pixels);
        var text = hex(png);
        assertThat(text)
                .startsWith("89504e470d0a1a0a" + "0000000d" + "49484452" + "00000005" + "00000002" + "0802000000")
                .endsWith("0000000049454e44ae426082");
        assertThat(records(Files.readAllBytes(file)).get(1))
                .contains("0a07" + hex("picture".getBytes(UTF_8)), "420135", "420132", text)
                .contains("0a06" + hex("images".getBytes(UTF_8)));
        int length = ByteBuffer.wrap(png).getInt(33);
        var inflater = new Inflater();
        inflater.setInput(png, 41, length);
        var rows = new byte[33];
        assertThat(inflater.inflate(rows)).isEqualTo(32);
        assertThat(rows[0]).isZero();
        assertThat(rows[16]).isZero();
        assertThat(Arrays.copyOfRange(rows, 1, 16)).isEqualTo(Arrays.copyOf(pixels, 15));
        assertThat(Arrays.copyOfRange(rows, 17, 32)).isEqualTo(Arrays.copyOfRange(pixels, 15, 30));
        var crc = new CRC32();
        crc.update(png, 37, length + 4);
        assertThat(ByteBuffer.wrap(png).getInt(41 + length)).isEqualTo((int) crc.getValue());
    }

    @Test
    void theTenthEventAndTwoMinutesFlush() throws IOException {
        var now = new Instant[] {Instant.ofEpochSecond(1_700_000_001)};
        try (var events = EventWriter.open(folder, () -> now[0])) {
            for (int i = 1; i <= 25; i++) {
                events.scalar("loss", i, 0.5);
                assertThat(records(Files.readAllBytes(events.file()))).hasSize(1 + i / 10 * 10);
            }
            now[0] = now[0].plusSeconds(119);
            events.scalar("loss", 26, 0.5);
            assertThat(records(Files.readAllBytes(events.file()))).hasSize(21);
            now[0] = now[0].plusSeconds(1);
            events.scalar("loss", 27, 0.5);
            assertThat(records(Files.readAllBytes(events.file()))).hasSize(28);
        }
    }

    @Test
    void keepsTheEventsThroughAStep() throws IOException {
        Path file;
        try (var events = EventWriter.open(folder, CLOCK)) {
            file = events.file();
            for (int step : new int[] {1, 2, 300}) {
                events.scalar("loss", step, 0.5);
                events.text("note", step, "x".repeat(200));
            }
        }
        var whole = Files.readAllBytes(file);
        assertThat(EventFiles.through(file, 300)).isEqualTo(whole);
        assertThat(records(EventFiles.through(file, 0))).hasSize(1);
        var two = EventFiles.through(file, 2);
        assertThat(records(two)).hasSize(5).isEqualTo(records(whole).subList(0, 5));

        // cut anywhere after the second step's records: the same
        for (int cut = two.length; cut < whole.length; cut += 7) {
            Files.write(file, Arrays.copyOf(whole, cut));
            assertThat(EventFiles.through(file, 2)).isEqualTo(two);
        }
    }

    @Test
    void aRecordThatIsNoEventIsAnError() throws IOException {
        var file = folder.resolve("a.tfevents");
        try (var writer = TfRecordWriter.create(file)) {
            writer.write(HexFormat.of().parseHex("09000000"));
        }
        assertThatThrownBy(() -> EventFiles.through(file, 1))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining("byte 0 of " + file);
    }

    private static List<String> records(byte[] bytes) {
        var source = ByteBuffer.wrap(bytes);
        var records = new ArrayList<String>();
        int at = 0;
        for (int next = RecordFrame.next(source, at); next > 0; next = RecordFrame.next(source, at)) {
            records.add(HexFormat.of().formatHex(bytes, at + 12, next - 4));
            at = next;
        }
        assertThat(at).isEqualTo(bytes.length);
        return records;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
