package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The files that one data set is cut into: `train.tfrecord-00003-of-00010` is the fourth of ten.
@Export(value = "data.Shards", since = "0.1")
public final class Shards {
    private static final Pattern NAME = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})");

    private Shards() {}

    /// The file of shard `index` of `count`: `%s-%05d-of-%05d`, TensorFlow's `ShardedFilename`.
    public static Path file(Path stem, int index, int count) {
        if (count < 1 || index < 0 || index >= count) {
            throw new IllegalArgumentException(
                    "[shards] expected an index of 0 to count - 1; got " + index + " of " + count + ".");
        }
        return stem.resolveSibling(String.format(Locale.ROOT, "%s-%05d-of-%05d", stem.getFileName(), index, count));
    }

    /// The file name that `name` is a shard of; `name` itself where it is of none.
    static String stem(String name) {
        Matcher shard = NAME.matcher(name);
        return shard.matches() ? shard.group(1) : name;
    }

    /// The shards of `stem` in their order, or `stem` itself where it is a file.
    ///
    /// @throws IllegalArgumentException where there are none, where one is missing, or where there are sets of
    ///     several sizes
    public static List<Path> files(Path stem) throws IOException {
        if (Files.isRegularFile(stem)) {
            return List.of(stem);
        }
        var sets = new TreeMap<Integer, List<Path>>();
        try (var files = Files.list(stem.toAbsolutePath().getParent())) {
            for (Path file : files.sorted().toList()) {
                Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
                if (name.matches() && name.group(1).equals(String.valueOf(stem.getFileName()))) {
                    sets.computeIfAbsent(Integer.parseInt(name.group(3)), _ -> new ArrayList<>())
                            .add(stem.resolveSibling(file.getFileName()));
                }
            }
        }
        if (sets.size() != 1) {
            throw new IllegalArgumentException("[shards] expected " + stem + " or one set " + stem
                    + "-?????-of-?????; got " + (sets.isEmpty() ? "none" : "sets of " + sets.keySet()) + ".");
        }
        return complete(stem, sets.firstKey(), sets.firstEntry().getValue());
    }

    private static List<Path> complete(Path stem, int count, List<Path> found) {
        var missing = new ArrayList<Path>();
        for (int i = 0; i < count; i++) {
            if (!found.contains(file(stem, i, count))) {
                missing.add(file(stem, i, count).getFileName());
            }
        }
        if (!missing.isEmpty() || found.size() != count) {
            throw new IllegalArgumentException("[shards] expected " + count + " shards of " + stem + "; got "
                    + found.size() + ", without " + missing.subList(0, Math.min(5, missing.size())) + ".");
        }
        return found;
    }

    /// Writes records in turn into `count` shards. They appear after the last record is on the disk, and where
    /// `body` throws none does.
    ///
    /// @return the number of records
    public static long write(Path stem, int count, Compression compression, TfRecordWriter.Body body)
            throws IOException {
        var files = new ArrayList<Path>();
        for (int i = 0; i < Math.max(count, 1); i++) {
            files.add(file(stem, i, count));
        }
        return TfRecordWriter.write(files, compression, body);
    }
}
