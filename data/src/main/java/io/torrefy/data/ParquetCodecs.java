package io.torrefy.data;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.xerial.snappy.Snappy;

/// Inflates pages. What a page says of its size is believed as far as its bytes bear it out.
final class ParquetCodecs {
    static final int NONE = 0;
    private static final int SNAPPY = 1;
    private static final int GZIP = 2;
    private static final int ZSTD = 6;

    /// What a native library may take at once; more than that has to come out of the bytes first.
    private static final int FIRST = 1 << 16;

    private static final int FACTOR = 16;

    private ParquetCodecs() {}

    /// The `size` bytes that are in those of `data` from `from` on.
    static byte[] inflate(int codec, byte[] data, int from, int size) {
        try {
            return inflated(codec, data, from, size);
        } catch (IOException e) {
            // Nothing is read here but memory.
            throw new ParquetFault("a page that can be inflated", String.valueOf(e.getMessage()));
        }
    }

    private static byte[] inflated(int codec, byte[] data, int from, int size) throws IOException {
        int length = data.length - from;
        return switch (codec) {
            case NONE -> {
                require(size, length);
                yield from == 0 ? data : Arrays.copyOfRange(data, from, data.length);
            }
            case SNAPPY -> snappy(data, from, size);
            case GZIP -> all(new GZIPInputStream(new ByteArrayInputStream(data, from, length)), length, size);
            case ZSTD ->
                all(new ZstdInputStreamNoFinalizer(new ByteArrayInputStream(data, from, length)), length, size);
            default ->
                throw new ParquetFault("a compression of 0 (none), 1 (Snappy), 2 (GZIP) or 6 (Zstandard)", "" + codec);
        };
    }

    /// The library writes as many bytes as the data say, wherever that leads, so they are asked first.
    private static byte[] snappy(byte[] data, int from, int size) throws IOException {
        int length = data.length - from;
        ParquetFault.require(length > 0, "compressed bytes", "none");
        require(size, Snappy.uncompressedLength(data, from, length));
        ParquetFault.require(
                Snappy.isValidCompressedBuffer(data, from, length), "a page compressed by Snappy", "other bytes");
        byte[] inflated = new byte[size];
        require(size, Snappy.uncompress(data, from, length, inflated, 0));
        return inflated;
    }

    private static byte[] all(InputStream stream, int length, int size) throws IOException {
        try (stream) {
            byte[] inflated = new byte[(int) Math.min(size, FIRST + (long) FACTOR * length)];
            int read = 0;
            while (read < size) {
                if (read == inflated.length) {
                    inflated = Arrays.copyOf(inflated, (int) Math.min(size, 2L * read));
                }
                int more = stream.read(inflated, read, inflated.length - read);
                if (more < 0) {
                    break;
                }
                read += more;
            }
            require(size, read);
            ParquetFault.require(stream.read() < 0, "a page of " + size + " bytes", "more");
            return inflated;
        }
    }

    private static void require(int size, int got) {
        ParquetFault.require(size == got, "a page of " + size + " bytes", got);
    }
}
