package io.torrefy.app;

import io.torrefy.data.Shards;
import io.torrefy.posttrain.RunException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Files of data as they are named on the command line.
final class DataFiles {
    private DataFiles() {}

    /// The files, and for a name that is none the shards of that name: `train.tfrecord` for
    /// `train.tfrecord-00000-of-00002` and its sister.
    static List<Path> expand(List<Path> names) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path name : names) {
            Path folder = name.toAbsolutePath().getParent();
            if (Files.isDirectory(name) || folder == null || !Files.isDirectory(folder)) {
                throw new RunException("[data] could not read " + name + ": "
                        + (Files.isDirectory(name) ? "it is a folder." : "no such file."));
            }
            try {
                files.addAll(Shards.files(name));
            } catch (IllegalArgumentException e) {
                throw new RunException("[data] could not read " + name + ": no such file, and " + e.getMessage());
            }
        }
        return files;
    }
}
