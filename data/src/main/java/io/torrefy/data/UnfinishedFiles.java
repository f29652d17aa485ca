package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;

/// Files that are written beside the one they will be, and take its name when they are whole.
@Export(value = "data.UnfinishedFiles", since = "0.1")
public final class UnfinishedFiles {
    private UnfinishedFiles() {}

    /// Writes what is to become a file.
    @FunctionalInterface
    public interface Body {
        /// @return the number of records
        long write(Path unfinished) throws IOException;
    }

    /// Writes `file` whole or not at all: where `body` throws, it is what it was. Folders that are not there are
    /// made.
    ///
    /// @return what `body` returns
    public static long write(Path file, Body body) throws IOException {
        Path unfinished = beside(file);
        try {
            long records = body.write(unfinished);
            move(unfinished, file);
            return records;
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /// A new empty file in the folder of `file`, which is made where it is not there. (A temporary file of the JDK
    /// would be its owner's alone, and stay so under its final name.)
    static Path beside(Path file) throws IOException {
        var folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(file);
        Files.createDirectories(folder);
        return Files.createFile(folder.resolve("." + file.getFileName() + "-" + UUID.randomUUID() + ".unfinished"));
    }

    /// Gives `unfinished` the name of `file`, in the place of one that was there.
    static void move(Path unfinished, Path file) throws IOException {
        try {
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException _) {
            Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
