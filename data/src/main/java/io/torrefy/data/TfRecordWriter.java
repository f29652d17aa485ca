package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;

/// Writes TFRecord files, byte for byte as TensorFlow does (compressed ones: the same after inflating). Records gather
/// in memory and reach the file whole, on [#flush], on [#close] or when 256 KiB wait, so a reader of a growing file
/// finds no half record but at most at its very end. A compressed file can be read after [#close] only. Not
/// thread-safe.
///
/// [#create] makes a file that grows; [#write(Path,Compression,Body)] makes one that is there whole or not at all.
@Export(value = "data.TfRecordWriter", since = "0.1")
public final class TfRecordWriter implements RecordSink, AutoCloseable {
    private static final int BUFFER = 256 * 1024;

    private final Path file;
    private final FileChannel channel;
    private final Optional<OutputStream> deflated;
    private ByteBuffer waiting = ByteBuffer.allocate(BUFFER);
    private long end;
    private long records;

    private TfRecordWriter(Path file, FileChannel channel, Compression compression) throws IOException {
        this.file = file;
        this.channel = channel;
        this.end = channel.position();
        this.deflated = deflater(channel, compression);
    }

    private static Optional<OutputStream> deflater(FileChannel channel, Compression compression) throws IOException {
        var out = java.nio.channels.Channels.newOutputStream(channel);
        return switch (compression) {
            case NONE -> Optional.empty();
            case GZIP -> Optional.of(new GZIPOutputStream(out, BUFFER));
            case ZLIB -> Optional.of(new DeflaterOutputStream(out, new Deflater(), BUFFER));
        };
    }

    /// What writes the records of a file.
    @FunctionalInterface
    public interface Body {
        void write(RecordSink records) throws IOException;
    }

    /// Creates `file`, which must not exist yet: a record file is never overwritten by accident.
    public static TfRecordWriter create(Path file) throws IOException {
        return create(file, Compression.NONE);
    }

    /// As [#create(Path)], compressed.
    public static TfRecordWriter create(Path file, Compression compression) throws IOException {
        return open(file, compression, StandardOpenOption.CREATE_NEW);
    }

    private static TfRecordWriter open(Path file, Compression compression, StandardOpenOption creation)
            throws IOException {
        FileChannel channel =
                FileChannel.open(file, creation, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        try {
            return new TfRecordWriter(file, channel, compression);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /// Writes a whole file at once: `body` writes into a file beside it, which takes the place of `file` after the
    /// last record is on the disk. Where `body` throws, `file` is what it was. Its folder is made where there is
    /// none.
    ///
    /// @return the number of records
    public static long write(Path file, Compression compression, Body body) throws IOException {
        return write(List.of(file), compression, body);
    }

    /// As [#write(Path,Compression,Body)] with the records dealt to `files` in turn. No file takes its place before
    /// the last record is on the disk.
    static long write(List<Path> files, Compression compression, Body body) throws IOException {
        var parts = new ArrayList<TfRecordWriter>();
        try {
            for (Path file : files) {
                parts.add(open(UnfinishedFiles.beside(file), compression, StandardOpenOption.CREATE));
            }
            long[] dealt = {0};
            body.write(data -> parts.get((int) (dealt[0]++ % parts.size())).write(data));
            for (var part : parts) {
                part.close();
                force(part.file);
            }
            for (int i = 0; i < parts.size(); i++) {
                UnfinishedFiles.move(parts.get(i).file, files.get(i));
            }
            return dealt[0];
        } finally {
            discard(parts);
        }
    }

    private static void force(Path file) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /// After success there is nothing left to do here.
    private static void discard(List<TfRecordWriter> parts) throws IOException {
        for (var part : parts) {
            part.channel.close();
            Files.deleteIfExists(part.file);
        }
    }

    /// The file written to.
    public Path file() {
        return file;
    }

    /// How many records were written.
    public long records() {
        return records;
    }

    /// Appends one record; a record may be empty.
    @Override
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
        records++;
    }

    /// Hands what waits to the operating system (to the compressor where there is one). After a failed write the
    /// file ends where it ended before, the records still wait, and the next flush tries again.
    public void flush() throws IOException {
        if (waiting.position() == 0) {
            return;
        }
        writeFully(waiting.duplicate().flip());
        waiting.clear();
    }

    private void writeFully(ByteBuffer bytes) throws IOException {
        try {
            if (deflated.isPresent()) {
                deflated.get().write(bytes.array(), bytes.position(), bytes.remaining());
            } else {
                writeOrCutBack(bytes);
            }
        } catch (IOException e) {
            throw new IOException("[tfrecord] could not write " + file + ": " + e.getMessage(), e);
        }
    }

    private void writeOrCutBack(ByteBuffer bytes) throws IOException {
        long start = end;
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            end = channel.position();
        } catch (IOException e) {
            Channels.cutBack(channel, start, e);
            throw e;
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
            if (deflated.isPresent()) {
                deflated.get().close();
            }
        }
    }
}
