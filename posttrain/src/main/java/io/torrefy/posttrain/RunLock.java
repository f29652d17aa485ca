package io.torrefy.posttrain;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// One run to a folder. The operating system holds the lock and lets go of it when the process ends, however it
/// ends; the file says who holds it.
final class RunLock implements AutoCloseable {
    /// Beyond the note, which must stay readable where locks are mandatory.
    private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

    /// Folders this process holds. Closing a second channel on a file would release the first one's lock (POSIX),
    /// so a folder that is held here must not be tried again.
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path folder;
    private final FileChannel channel;

    private RunLock(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /// @throws RunException where another run, of this process or another one, is in `folder`
    static RunLock acquire(Path folder) throws IOException {
        var real = folder.toRealPath();
        if (!HELD.add(real)) {
            throw taken(folder, holder());
        }
        FileChannel opened = null;
        try {
            opened = FileChannel.open(
                    real.resolve(".lock"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
            if (opened.tryLock(LOCKED_BYTE, 1, false) == null) {
                throw taken(folder, note(opened));
            }
            opened.truncate(0);
            opened.write(ByteBuffer.wrap(holder().getBytes(StandardCharsets.UTF_8)), 0);
            return new RunLock(real, opened);
        } catch (IOException | RuntimeException e) {
            HELD.remove(real);
            if (opened != null) {
                opened.close();
            }
            throw e;
        }
    }

    private static RunException taken(Path folder, String holder) {
        return new RunException("[run] expected a folder that no other run writes to; " + folder + " is held by "
                + holder + ". Hint: wait for that run, stop it, or choose another folder with --out.");
    }

    private static String holder() {
        return "process " + ProcessHandle.current().pid() + " on " + host() + " since "
                + Instant.now().truncatedTo(ChronoUnit.SECONDS);
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException _) {
            return "this machine";
        }
    }

    private static String note(FileChannel channel) throws IOException {
        var bytes = ByteBuffer.allocate(512);
        channel.read(bytes, 0);
        var text = StandardCharsets.UTF_8.decode(bytes.flip()).toString().strip();
        return text.isEmpty() ? "another process" : text;
    }

    /// The file stays: deleting it would let two runs lock two files of one name.
    @Override
    public void close() throws IOException {
        try (channel) {
            channel.truncate(0);
        } finally {
            HELD.remove(folder);
        }
    }
}
