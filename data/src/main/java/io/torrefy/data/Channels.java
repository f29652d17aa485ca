package io.torrefy.data;

import java.io.IOException;
import java.nio.channels.FileChannel;

/// What the writers of this package share.
final class Channels {
    private Channels() {}

    /// After a write that failed half way: ends the file at `size` again, so that it holds whole records only.
    /// A failure to do so is noted on `cause`.
    static void cutBack(FileChannel channel, long size, IOException cause) {
        try {
            if (channel.size() > size) {
                channel.truncate(size);
            }
            channel.position(size);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }
}
