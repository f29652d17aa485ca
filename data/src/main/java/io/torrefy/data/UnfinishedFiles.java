package io.torrefy.data;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/// Files that are written beside the one they will be, and take its name when they are whole.
final class UnfinishedFiles {
    private UnfinishedFiles() {}

    /// A new empty file in the folder of `file`, which is made where it is not there.
    static Path beside(Path file) throws IOException {
        var folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(file);
        Files.createDirectories(folder);
        return Files.createTempFile(folder, "." + file.getFileName(), ".unfinished");
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
