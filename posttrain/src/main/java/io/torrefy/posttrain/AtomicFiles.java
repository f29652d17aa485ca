package io.torrefy.posttrain;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// Files and folders that are there whole or not at all, also after a kill or a power failure: written beside their
/// place, forced to the disk, then renamed.
final class AtomicFiles {
    /// What is half written, or half deleted, has a name that starts so; [#sweep] clears it away.
    private static final String SCRATCH = ".scratch-";

    private static final String NEW = SCRATCH + "new-";
    private static final String OLD = SCRATCH + "old-";

    private AtomicFiles() {}

    /// Writes the contents of a folder.
    @FunctionalInterface
    interface FolderWriter {
        void write(Path folder) throws IOException;
    }

    /// Replaces `file` by `bytes`.
    static void write(Path file, byte[] bytes) throws IOException {
        var scratch = scratch(file);
        try {
            try (var channel = FileChannel.open(
                    scratch,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                var buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            Files.move(scratch, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            syncFolder(parent(file));
        } catch (IOException e) {
            discard(scratch, e);
            throw e;
        }
    }

    /// Replaces `folder` by what `writer` writes into the empty folder it is given. Where the writer fails, the old
    /// folder stays as it was.
    static void writeFolder(Path folder, FolderWriter writer) throws IOException {
        var scratch = scratch(folder);
        try {
            deleteTree(scratch);
            Files.createDirectories(scratch);
            writer.write(scratch);
            syncTree(scratch);
            var old = folder.resolveSibling(OLD + name(folder));
            deleteTree(old);
            if (Files.exists(folder)) {
                Files.move(folder, old, StandardCopyOption.ATOMIC_MOVE);
            }
            Files.move(scratch, folder, StandardCopyOption.ATOMIC_MOVE);
            syncFolder(parent(folder));
            deleteTree(old);
        } catch (IOException | RuntimeException e) {
            discard(scratch, e);
            throw e;
        }
    }

    /// Deletes a folder in one step as far as its name is concerned.
    static void delete(Path folder) throws IOException {
        var trash = folder.resolveSibling(SCRATCH + "gone-" + name(folder));
        deleteTree(trash);
        Files.move(folder, trash, StandardCopyOption.ATOMIC_MOVE);
        deleteTree(trash);
    }

    /// Clears what a killed process left half done directly in `folder`: an old folder whose successor did not get
    /// its name is put back, everything else is deleted.
    static void sweep(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        List<Path> leftovers;
        try (var entries = Files.list(folder)) {
            leftovers = entries.filter(entry -> name(entry).startsWith(SCRATCH)).toList();
        }
        for (var leftover : leftovers) {
            if (name(leftover).startsWith(OLD) && !Files.exists(successor(leftover))) {
                Files.move(leftover, successor(leftover), StandardCopyOption.ATOMIC_MOVE);
            } else {
                deleteTree(leftover);
            }
        }
    }

    static void deleteTree(Path root) throws IOException {
        List<Path> paths;
        try (var walk = Files.walk(root)) {
            paths = walk.sorted(Comparator.reverseOrder()).toList();
        } catch (NoSuchFileException _) {
            return;
        }
        for (var path : paths) {
            Files.deleteIfExists(path);
        }
    }

    /// The regular files below `root`, in the order of their names.
    static List<Path> filesBelow(Path root) throws IOException {
        try (var walk = Files.walk(root)) {
            return walk.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static Path successor(Path old) {
        return old.resolveSibling(name(old).substring(OLD.length()));
    }

    static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    private static Path scratch(Path target) {
        return target.resolveSibling(NEW + name(target));
    }

    private static Path parent(Path path) {
        return path.resolveSibling(".");
    }

    private static void discard(Path scratch, Exception cause) {
        try {
            deleteTree(scratch);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private static void syncTree(Path root) throws IOException {
        for (var file : filesBelow(root)) {
            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
        }
        List<Path> folders;
        try (var walk = Files.walk(root)) {
            folders = walk.filter(Files::isDirectory).toList();
        }
        for (var folder : folders) {
            syncFolder(folder);
        }
    }

    /// A renamed file is on the disk only when its folder is. Windows cannot open folders and orders renames
    /// itself.
    private static void syncFolder(Path folder) throws IOException {
        if (System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows")) {
            return;
        }
        try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
