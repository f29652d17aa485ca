package io.torrefy.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The expected bytes were written by TensorFlow 2.21.
class TfRecordWriterTest {
    private static final String EMPTY_HELLO_012 = "000000000000000029039807d8ea82a2"
            + "0500000000000000eab2043e68656c6c6fbb1f1c19"
            + "0300000000000000b099490e000102d210783a";

    @TempDir
    Path folder;

    @Test
    void checksumsAndMasks() {
        assertThat(Crc32c.of("123456789".getBytes(UTF_8))).isEqualTo(0xe3069283);
        assertThat(Crc32c.of("hello".getBytes(UTF_8))).isEqualTo(0x9a71bb4c);
        assertThat(Crc32c.mask(Crc32c.of(new byte[0]))).isEqualTo(0xa282ead8);
        assertThat(Crc32c.mask(Crc32c.of("hello".getBytes(UTF_8)))).isEqualTo(0x191c1fbb);
        for (int crc : new int[] {0, 1, -1, 0xe3069283, Integer.MIN_VALUE}) {
            assertThat(Crc32c.unmask(Crc32c.mask(crc))).isEqualTo(crc);
        }
    }

    @Test
    void writesTheBytesOfTensorFlow() throws IOException {
        var file = folder.resolve("a.tfrecord");
        try (var writer = TfRecordWriter.create(file)) {
            writer.write(new byte[0]);
            writer.write("hello".getBytes(UTF_8));
            writer.write(new byte[] {0, 1, 2});
        }
        assertThat(HexFormat.of().formatHex(Files.readAllBytes(file))).isEqualTo(EMPTY_HELLO_012);
    }

    @Test
    void recordsLargerThanTheBufferKeepTheirOrder() throws IOException {
        var file = folder.resolve("large.tfrecord");
        int[] lengths = {3, 256 * 1024 - 17, 256 * 1024, 700_001, 0, 5};
        try (var writer = TfRecordWriter.create(file)) {
            for (int length : lengths) {
                writer.write(new byte[length]);
            }
        }
        var bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        int at = 0;
        for (int length : lengths) {
            int next = RecordFrame.next(bytes, at);
            assertThat(next - at - 16).isEqualTo(length);
            at = next;
        }
        assertThat(at).isEqualTo(bytes.limit());
    }

    @Test
    void everyFlippedBitAndEveryCutIsNoticed() {
        var file = HexFormat.of().parseHex(EMPTY_HELLO_012);
        int start = 16;
        int end = 16 + 21;
        for (int i = start; i < end; i++) {
            for (int bit = 0; bit < 8; bit++) {
                var damaged = file.clone();
                damaged[i] ^= (byte) (1 << bit);
                assertThat(RecordFrame.next(ByteBuffer.wrap(damaged), start)).isEqualTo(-1);
            }
            assertThat(RecordFrame.next(ByteBuffer.wrap(file, 0, i), start)).isEqualTo(-1);
        }
        assertThat(RecordFrame.next(ByteBuffer.wrap(file), start)).isEqualTo(end);
    }

    @Test
    void neverOverwritesAndNeverWritesAfterClose() throws IOException {
        var file = folder.resolve("a.tfrecord");
        var writer = TfRecordWriter.create(file);
        writer.close();
        writer.close();
        assertThatThrownBy(() -> writer.write(new byte[1]))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> TfRecordWriter.create(file)).isInstanceOf(FileAlreadyExistsException.class);
    }
}
