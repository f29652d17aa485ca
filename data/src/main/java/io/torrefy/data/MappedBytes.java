package io.torrefy.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file mapped into memory window by window: a window's address space is given back before the next one is mapped,
/// so a file may be larger than memory.
///
/// Bytes leave the map by [MemorySegment#copy] alone, the one access for which the JVM turns the fault that a file cut
/// short by another process causes into an error; a checksum straight over the map would end the process. The copy
/// also puts them into the processor's cache, where checksum and parser find them.
final class MappedBytes implements RecordBytes {
    private static final long WINDOW = 64L << 20;

    private final Path file;
    private final FileChannel channel;
    private final long size;
    private long position;
    private Window window;

    private record Window(Arena arena, MemorySegment bytes, long start, long end) {
        // Whoever holds the window closes its arena.
        @SuppressWarnings("MustBeClosedChecker")
        static Window map(FileChannel channel, long start, long length) throws IOException {
            Arena arena = Arena.ofShared();
            try {
                MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, start, length, arena);
                return new Window(arena, bytes, start, start + length);
            } catch (IOException e) {
                arena.close();
                throw e;
            }
        }
    }

    private MappedBytes(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.size = channel.size();
        this.window = Window.map(channel, 0, Math.min(WINDOW, size));
    }

    static MappedBytes open(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            return new MappedBytes(file, channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public int read(byte[] target, int at, int length) throws IOException {
        if (position == size) {
            return -1;
        }
        if (position < window.start || position >= window.end) {
            moveWindow();
        }
        int n = (int) Math.min(length, window.end - position);
        try {
            MemorySegment.copy(window.bytes, ValueLayout.JAVA_BYTE, position - window.start, target, at, n);
        } catch (InternalError e) {
            throw new IOException(
                    "[tfrecord] expected " + size + " bytes in " + file + "; it was cut while it was read.", e);
        }
        position += n;
        return n;
    }

    private void moveWindow() throws IOException {
        window.arena.close();
        window = Window.map(channel, position, Math.min(WINDOW, size - position));
    }

    @Override
    public long skip(long count) {
        long skipped = Math.min(count, size - position);
        position += skipped;
        return skipped;
    }

    @Override
    public long left() {
        return size - position;
    }

    @Override
    public long consumed() {
        return position;
    }

    @Override
    public void close() throws IOException {
        if (window.arena.scope().isAlive()) {
            window.arena.close();
        }
        channel.close();
    }
}
