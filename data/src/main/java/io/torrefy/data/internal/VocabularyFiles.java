package io.torrefy.data.internal;

import static io.torrefy.data.VocabularyFileCategoricalColumn.TEXT;
import static io.torrefy.data.VocabularyFileCategoricalColumn.TFRECORD_GZIP;

import io.torrefy.data.FeatureValues.Strings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import java.util.zip.GZIPInputStream;

/// Reads vocabularies: one entry a line (`\n` or `\r\n`, the last line may lack its end), or one a record of a
/// compressed TFRecord file. Entries are bytes and are not trimmed.
public final class VocabularyFiles {
    private VocabularyFiles() {}

    /// The format that TensorFlow infers from the name.
    public static String formatOf(Path file) {
        return file.toString().endsWith("tfrecord.gz") ? TFRECORD_GZIP : TEXT;
    }

    /// How many entries there are.
    public static long size(String key, Path file, String format) {
        return read(key, file, format).size();
    }

    /// All entries.
    ///
    /// @throws IllegalArgumentException if there is no such file, it has an empty line, or a record is damaged
    public static Strings read(String key, Path file, String format) {
        Problems.of("vocabulary")
                .expect(
                        Files.isRegularFile(file),
                        "vocabulary_file in " + key + " to exist",
                        file + ", which does not exist")
                .raise();
        try {
            return format.equals(TEXT) ? lines(file) : records(file);
        } catch (IOException e) {
            throw new UncheckedIOException("[vocabulary] expected to read " + file + " for " + key + "; " + e, e);
        }
    }

    private static Strings lines(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        var entries = new Entries(bytes);
        int line = 1;
        for (int at = 0; at < bytes.length; line++) {
            int end = at;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            boolean carriageReturn = end > at && bytes[end - 1] == '\r';
            int length = end - at - (carriageReturn ? 1 : 0);
            Problems.of("vocabulary")
                    .expect(
                            length > 0,
                            "an entry in every line of " + file,
                            "invalid content: empty line found at position " + at + ", line " + line)
                    .raise();
            entries.add(at, length);
            at = end + 1;
        }
        return entries.strings();
    }

    private static Strings records(Path file) throws IOException {
        byte[] bytes;
        try (var in = new GZIPInputStream(Files.newInputStream(file))) {
            bytes = in.readAllBytes();
        }
        var view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        var entries = new Entries(bytes);
        for (int at = 0; at < bytes.length; ) {
            int left = bytes.length - at;
            long length = left < 16 ? -1 : view.getLong(at);
            boolean sound = left >= 16
                    && view.getInt(at + 8) == masked(bytes, at, 8)
                    && length >= 0
                    && length <= left - 16
                    && view.getInt(at + 12 + (int) length) == masked(bytes, at + 12, (int) length);
            Problems.of("vocabulary")
                    .expect(sound, "a whole record in " + file, "a damaged one at offset " + at + " (uncompressed)")
                    .raise();
            entries.add(at + 12, (int) length);
            at += 16 + (int) length;
        }
        return entries.strings();
    }

    private static int masked(byte[] bytes, int at, int length) {
        var crc = new CRC32C();
        crc.update(bytes, at, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    /// Pieces of a file moved together at its front.
    private static final class Entries {
        private final byte[] bytes;
        private int[] offsets = new int[16];
        private int count;

        Entries(byte[] bytes) {
            this.bytes = bytes;
        }

        void add(int at, int length) {
            if (count + 1 == offsets.length) {
                offsets = Arrays.copyOf(offsets, Math.multiplyExact(2, offsets.length));
            }
            System.arraycopy(bytes, at, bytes, offsets[count], length);
            offsets[count + 1] = offsets[count] + length;
            count++;
        }

        Strings strings() {
            return new Strings(Arrays.copyOf(bytes, offsets[count]), Arrays.copyOf(offsets, count + 1));
        }
    }
}
