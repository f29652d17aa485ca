package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Appends records to a JSON Lines file, each handed to the operating system before [#append] returns: a killed
/// process loses none of them. After a failed write the file ends with its last whole line. Safe for use by several
/// threads.
///
/// NaN and infinities, which JSON lacks, are written as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
@Export(value = "data.JsonLinesWriter", since = "0.1")
public final class JsonLinesWriter implements AutoCloseable {
    private final Path file;
    private final FileChannel channel;
    private long end;

    private JsonLinesWriter(Path file, FileChannel channel, long end) {
        this.file = file;
        this.channel = channel;
        this.end = end;
    }

    /// Opens `file` at its end, creating it where there is none. A last line without its end, as a kill in the
    /// midst of a write leaves it, is cut off.
    public static JsonLinesWriter open(Path file) throws IOException {
        var channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            long end = endOfLastLine(channel);
            if (end < channel.size()) {
                channel.truncate(end);
            }
            channel.position(end);
            return new JsonLinesWriter(file, channel, end);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static long endOfLastLine(FileChannel channel) throws IOException {
        var block = ByteBuffer.allocate(8192);
        for (long end = channel.size(); end > 0; ) {
            long start = Math.max(0, end - block.capacity());
            block.clear().limit((int) (end - start));
            while (block.hasRemaining() && channel.read(block, start + block.position()) > 0) {
                // until the block is full
            }
            for (int i = block.position() - 1; i >= 0; i--) {
                if (block.get(i) == '\n') {
                    return start + i + 1;
                }
            }
            end = start;
        }
        return 0;
    }

    /// Appends `value` (a map, a record, a Jackson node: whatever Jackson turns into JSON) as one line.
    public synchronized void append(Object value) throws IOException {
        var line = JsonLines.MAPPER.writeValueAsString(value) + '\n';
        var bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            end += bytes.capacity();
        } catch (IOException e) {
            Channels.cutBack(channel, end, e);
            throw new IOException("[jsonl] could not write " + file + ": " + e.getMessage(), e);
        }
    }

    /// Waits until all lines are on the disk itself, to survive a power failure too.
    public synchronized void sync() throws IOException {
        channel.force(false);
    }

    @Override
    public synchronized void close() throws IOException {
        channel.close();
    }
}
