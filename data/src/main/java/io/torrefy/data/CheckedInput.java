package io.torrefy.data;

import dev.hardwood.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A file for Hardwood that refuses ranges which are not in it: where the metadata of a damaged file promise more bytes
/// than there are, Hardwood asks for empty ranges for ever. Ranges are copied to the heap. Hardwood's own file is a
/// mapping, its workers read ahead, and a native codec over the mapping of a file that somebody cuts short ends the
/// process.
final class CheckedInput implements InputFile {
    private final Path file;
    private @Nullable FileChannel channel;

    CheckedInput(Path file) {
        this.file = file;
    }

    @Override
    public synchronized void open() throws IOException {
        if (channel == null) {
            channel = FileChannel.open(file);
        }
    }

    private synchronized FileChannel opened() throws IOException {
        if (channel == null) {
            throw new IOException("expected an open file");
        }
        return channel;
    }

    @Override
    public ByteBuffer readRange(long offset, int length) throws IOException {
        long size = length();
        if (offset < 0 || length <= 0 || offset > size - length) {
            throw new IOException("metadata that point to " + length + " bytes at " + offset + " of " + size);
        }
        var bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (opened().read(bytes, offset + bytes.position()) < 0) {
                throw new IOException("the end of the file " + bytes.remaining() + " bytes early");
            }
        }
        return bytes.flip();
    }

    @Override
    public long length() throws IOException {
        return opened().size();
    }

    @Override
    public String name() {
        return file.toString();
    }

    @Override
    public synchronized void close() throws IOException {
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }
}
