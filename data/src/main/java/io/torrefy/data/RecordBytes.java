package io.torrefy.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The bytes of a record file in their order, inflated where the file is compressed.
sealed interface RecordBytes extends AutoCloseable permits MappedBytes, StreamedBytes, InflatedBytes {
    /// Opens `file` at its start.
    ///
    /// @param compression empty: found out from the first bytes
    static RecordBytes open(Path file, Optional<Compression> compression) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException("[tfrecord] expected a file; " + file + " is a directory.");
        }
        if (!Files.isRegularFile(file)) {
            return streamed(Files.newInputStream(file), compression);
        }
        Compression known = compression.isPresent() ? compression.get() : Compression.detect(file);
        return known == Compression.NONE
                ? MappedBytes.open(file)
                : new InflatedBytes(Files.newInputStream(file), known == Compression.GZIP);
    }

    /// What cannot be mapped, nor read a second time: pipes and devices.
    private static RecordBytes streamed(InputStream in, Optional<Compression> compression) throws IOException {
        try {
            var bytes = new PushbackInputStream(in, RecordFrame.HEADER);
            Compression known = compression.isPresent() ? compression.get() : detect(bytes);
            return known == Compression.NONE
                    ? new StreamedBytes(bytes)
                    : new InflatedBytes(bytes, known == Compression.GZIP);
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    private static Compression detect(PushbackInputStream in) throws IOException {
        byte[] head = in.readNBytes(RecordFrame.HEADER);
        in.unread(head);
        return Compression.detect(head);
    }

    /// Goes over `count` bytes.
    ///
    /// @return how many there were; fewer at the end
    /// @throws BrokenStreamException as [#read]
    default long skip(long count) throws IOException {
        byte[] waste = new byte[(int) Math.min(count, 1 << 16)];
        long left = count;
        while (left > 0) {
            int n = read(waste, 0, (int) Math.min(left, waste.length));
            if (n < 0) {
                break;
            }
            left -= n;
        }
        return count - left;
    }

    /// Reads at least 1 and at most `length` bytes into `target` from `at` on; -1 at the end.
    ///
    /// @throws BrokenStreamException where the compressed data are damaged or cut
    int read(byte[] target, int at, int length) throws IOException;

    /// How many bytes are left, `Long.MAX_VALUE` where nobody knows.
    long left();

    /// How many bytes of the file itself were read, compressed where it is.
    long consumed();

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
