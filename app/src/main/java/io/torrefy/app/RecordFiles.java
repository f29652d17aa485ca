package io.torrefy.app;

import io.torrefy.data.Shards;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Parameters;

/// The files that a records command is given.
final class RecordFiles {
    @Parameters(
            arity = "1..*",
            paramLabel = "FILE",
            description = "TFRecord files, compressed or not; NAME stands for all of NAME-?????-of-?????, and a pipe"
                    + " (/dev/stdin) is read as it comes.")
    private List<Path> names = List.of();

    /// The files, with sets of shards taken apart.
    List<Path> all() throws IOException {
        return expand(names);
    }

    /// Each of `names` itself, or its shards.
    static List<Path> expand(List<Path> names) throws IOException {
        var all = new ArrayList<Path>();
        for (Path name : names) {
            if (Files.isDirectory(name)) {
                throw new IllegalArgumentException("[records] expected files; got the directory " + name
                        + ". Hint: name its files, or the stem of a set of shards.");
            }
            all.addAll(Files.exists(name) ? List.of(name) : Shards.files(name));
        }
        return all;
    }

    /// What is done with a file.
    @FunctionalInterface
    interface Work {
        void on(Path file, FileProgress progress) throws IOException;
    }

    /// Does `work` on each file, with one progress over them all.
    void each(PrintWriter err, String what, Work work) throws IOException {
        List<Path> files = all();
        var progress = FileProgress.of(err, what, "records", files);
        for (Path file : files) {
            progress.begin(file);
            work.on(file, progress);
        }
        progress.end();
    }
}
