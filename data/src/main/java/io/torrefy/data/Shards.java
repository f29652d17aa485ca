package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The files that one data set is cut into: `train.tfrecord-00003-of-00010` is the fourth of ten.
@Export(value = "data.Shards", since = "0.1")
public final class Shards {
    private static final Pattern NAME = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})");
    private static final Pattern PATTERN = Pattern.compile("(.*)-\\?{5}-of-(\\d{5}|\\?{5})");

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

    /// The shards of `stem` in their order, or `stem` itself where it is a file. `stem` may also be TensorFlow's
    /// pattern of them, `NAME-?????-of-00010`.
    ///
    /// @throws IllegalArgumentException where there are none, where one is missing, or where there are sets of
    ///     several sizes and the pattern does not tell which
    public static List<Path> files(Path stem) throws IOException {
        if (Files.isRegularFile(stem)) {
            return List.of(stem);
        }
        Matcher pattern = PATTERN.matcher(String.valueOf(stem.getFileName()));
        boolean isPattern = pattern.matches();
        Path bare = isPattern ? stem.resolveSibling(pattern.group(1)) : stem;
        var sets = sets(bare);
        if (isPattern && !pattern.group(2).startsWith("?")) {
            sets.keySet().retainAll(Set.of(Integer.parseInt(pattern.group(2))));
        }
        if (sets.isEmpty()) {
            throw new IllegalArgumentException("[shards] expected " + (isPattern ? "" : "the file " + stem + " or ")
                    + "one set of shards " + (isPattern ? stem : stem + "-?????-of-?????") + "; got none.");
        }
        if (sets.size() > 1) {
            throw new IllegalArgumentException("[shards] expected one set of shards of " + bare + "; got sets of "
                    + sets.keySet() + ". Hint: " + bare.getFileName()
                    + String.format(Locale.ROOT, "-?????-of-%05d names one of them.", sets.lastKey()));
        }
        return complete(bare, sets.firstKey(), sets.firstEntry().getValue());
    }

    /// All shards of `stem` by the sizes of their sets, whole or not.
    ///
    /// @return files by size, each list in the order of the names; empty where there is no such folder
    public static SortedMap<Integer, List<Path>> sets(Path stem) throws IOException {
        var sets = new TreeMap<Integer, List<Path>>();
        Path folder = stem.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            return sets;
        }
        try (var files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
                if (name.matches() && name.group(1).equals(String.valueOf(stem.getFileName()))) {
                    sets.computeIfAbsent(Integer.parseInt(name.group(3)), _ -> new ArrayList<>())
                            .add(stem.resolveSibling(file.getFileName()));
                }
            }
        }
        return sets;
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
