package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// How a whole record file is compressed, around the framing of its records.
@Export(value = "data.Compression", since = "0.1")
public enum Compression {
    /// Not at all.
    NONE(""),
    /// RFC 1952; several members one after the other are one file.
    GZIP("GZIP"),
    /// RFC 1950.
    ZLIB("ZLIB");

    private final String tensorflowName;

    Compression(String tensorflowName) {
        this.tensorflowName = tensorflowName;
    }

    /// The compression of TensorFlow's name `""`, `"GZIP"` or `"ZLIB"`.
    ///
    /// @throws IllegalArgumentException for every other name; TensorFlow's reader takes those for uncompressed
    public static Compression named(String name) {
        return Arrays.stream(values())
                .filter(c -> c.tensorflowName.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "[tfrecord] expected a compression of \"\", \"GZIP\" and \"ZLIB\"; got \"" + name + "\"."));
    }

    /// What the first bytes of `file` say. The first eight bytes of an uncompressed file are a length, and one that
    /// begins like a compressed file (`1f 8b`, or `78` and a valid second byte) is told apart by its checksum.
    public static Compression detect(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return detect(in.readNBytes(RecordFrame.HEADER));
        }
    }

    /// @param head the first 12 bytes, or all there are
    static Compression detect(byte[] head) {
        if (head.length >= RecordFrame.HEADER && RecordFrame.lengthIsSound(head, 0)) {
            return NONE;
        }
        int first = head.length < 2 ? 0 : (head[0] & 0xff) << 8 | head[1] & 0xff;
        if (first == 0x1f8b) {
            return GZIP;
        }
        return first >> 8 == 0x78 && first % 31 == 0 ? ZLIB : NONE;
    }
}
