package io.torrefy.app;

import io.torrefy.data.Shards;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Parameters;

/// The files that a records command is given, and how far it has come in them.
final class RecordFiles {
    @Parameters(
            arity = "1..*",
            paramLabel = "FILE",
            description = "TFRecord files, compressed or not; NAME stands for all of NAME-?????-of-?????.")
    private List<Path> names = List.of();

    /// The files, with sets of shards taken apart.
    List<Path> all() throws IOException {
        var all = new ArrayList<Path>();
        for (Path name : names) {
            all.addAll(expand(name));
        }
        return all;
    }

    /// `name` itself, or its shards.
    static List<Path> expand(Path name) throws IOException {
        return Files.exists(name) ? List.of(name) : Shards.files(name);
    }

    /// Says on standard error, every few seconds, where a pass over a file is.
    static final class Progress {
        private static final long INTERVAL = Duration.ofSeconds(2).toNanos();

        private final PrintWriter err;
        private final Path file;
        private final long size;
        private long last = System.nanoTime();

        Progress(PrintWriter err, Path file) throws IOException {
            this.err = err;
            this.file = file;
            this.size = Math.max(1, Files.size(file));
        }

        /// @param bytes of the file that were read; more than it has where it is compressed, which shows no
        ///     share then
        void at(long bytes, long records) {
            long now = System.nanoTime();
            if (now - last < INTERVAL) {
                return;
            }
            last = now;
            String share = bytes <= size ? String.format(Locale.ROOT, "  %.0f %%", 100.0 * bytes / size) : "";
            err.printf(Locale.ROOT, "%s  %,d records%s%n", file.getFileName(), records, share);
            err.flush();
        }
    }
}
