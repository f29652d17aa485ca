package io.torrefy.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The bytes of a record file in their order, inflated where the file is compressed.
sealed interface RecordBytes extends AutoCloseable permits MappedBytes, StreamedBytes, InflatedBytes {
    /// Opens `file` at byte `from` of its (inflated) contents.
    static RecordBytes open(Path file, Compression compression, long from) throws IOException {
        RecordBytes bytes;
        if (compression != Compression.NONE) {
            bytes = InflatedBytes.open(file, compression);
        } else if (Files.isRegularFile(file)) {
            return MappedBytes.open(file, from);
        } else {
            bytes = new StreamedBytes(Files.newInputStream(file));
        }
        try {
            skip(bytes, from);
            return bytes;
        } catch (IOException e) {
            bytes.close();
            throw e;
        }
    }

    private static void skip(RecordBytes bytes, long count) throws IOException {
        byte[] waste = new byte[(int) Math.min(count, 1 << 16)];
        long left = count;
        while (left > 0) {
            int n = bytes.read(waste, 0, (int) Math.min(left, waste.length));
            if (n < 0) {
                return;
            }
            left -= n;
        }
    }

    /// Reads at least 1 and at most `length` bytes into `target` from `at` on; -1 at the end.
    ///
    /// @throws BrokenStreamException where the compressed data are damaged or cut
    int read(byte[] target, int at, int length) throws IOException;

    /// How many bytes are left, `Long.MAX_VALUE` where nobody knows.
    long left();

    @Override
    void close() throws IOException;

    /// Compressed data that cannot be inflated any further.
    final class BrokenStreamException extends IOException {
        private static final long serialVersionUID = 1L;
        private final boolean cut;

        BrokenStreamException(boolean cut, String what) {
            super(what);
            this.cut = cut;
        }

        /// Whether the data just end too early.
        boolean cut() {
            return cut;
        }
    }
}
