package io.torrefy.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Writes uncompressed TFRecord files, byte for byte as TensorFlow does. Records gather in memory and reach the
/// file whole, on [#flush], on [#close] or when 256 KiB wait, so a reader of a growing file finds no half record
/// but at most at its very end. Not thread-safe.
public final class TfRecordWriter implements AutoCloseable {
    private static final int BUFFER = 256 * 1024;

    private final Path file;
    private final FileChannel channel;
    private ByteBuffer waiting = ByteBuffer.allocate(BUFFER);
    private long end;

    private TfRecordWriter(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.end = channel.position();
    }

    /// Creates `file`, which must not exist yet: a record file is never overwritten by accident.
    public static TfRecordWriter create(Path file) throws IOException {
        return new TfRecordWriter(
                file, FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    /// The file written to.
    public Path file() {
        return file;
    }

    /// Appends one record; a record may be empty.
    public void write(byte[] data) throws IOException {
        if (!channel.isOpen()) {
            throw new IOException("[tfrecord] expected an open writer; " + file + " is closed.");
        }
        var frame = RecordFrame.frame(data);
        if (waiting.remaining() < frame.length) {
            flush();
        }
        if (frame.length > waiting.capacity()) {
            writeFully(ByteBuffer.wrap(frame));
        } else {
            waiting.put(frame);
        }
    }

    /// Hands what waits to the operating system. After a failed write the file ends where it ended before, the
    /// records still wait, and the next flush tries again.
    public void flush() throws IOException {
        if (waiting.position() == 0) {
            return;
        }
        writeFully(waiting.duplicate().flip());
        waiting.clear();
    }

    private void writeFully(ByteBuffer bytes) throws IOException {
        long start = end;
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            end = channel.position();
        } catch (IOException e) {
            Channels.cutBack(channel, start, e);
            throw new IOException("[tfrecord] could not write " + file + ": " + e.getMessage(), e);
        }
    }

    /// Flushes and closes; closing twice is harmless.
    @Override
    public void close() throws IOException {
        if (!channel.isOpen()) {
            return;
        }
        try (channel) {
            flush();
        }
    }
}
