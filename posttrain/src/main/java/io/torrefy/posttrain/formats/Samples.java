package io.torrefy.posttrain.formats;

import io.torrefy.data.Dataset;
import io.torrefy.data.Datasets;
import io.torrefy.data.MalformedDataException;
import io.torrefy.data.Row;
import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// Samples from files: JSONL, Parquet, and whatever else [Datasets#texts] reads.
@Export(value = "posttrain.formats.Samples", since = "0.1")
public final class Samples {
    private static final int MAX_REPORTED = 10;

    private Samples() {}

    /// The samples as they are read, one after the other, not all held.
    ///
    /// @param seed of the order in which files are read, another one in every epoch; empty: as listed
    /// @throws IllegalArgumentException for a file of an unknown format
    public static Dataset<Sample> stream(List<Path> files, SampleFormat format, OptionalLong seed) {
        return Datasets.texts(seed, files).map(format::read);
    }

    /// All samples, of the format that the first one's columns tell.
    ///
    /// @throws IOException if a file cannot be read
    /// @throws IllegalArgumentException if records are wrong or of another format; ten are named
    public static List<Sample> load(List<Path> files) throws IOException {
        return load(files, new ArrayList<>());
    }

    /// All samples, of one format.
    ///
    /// @throws IOException if a file cannot be read
    /// @throws IllegalArgumentException if records are wrong; ten are named
    public static List<Sample> load(List<Path> files, SampleFormat format) throws IOException {
        return load(files, new ArrayList<>(List.of(format)));
    }

    /// @param format one, or none before the first record tells
    private static List<Sample> load(List<Path> files, List<SampleFormat> format) throws IOException {
        for (Path file : files) {
            if (!Files.exists(file)) {
                throw new NoSuchFileException(file.toString());
            }
        }
        boolean detected = format.isEmpty();
        List<Sample> samples = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        Datasets.texts(OptionalLong.empty(), files).forEach(row -> {
            try {
                samples.add(read(row, format, detected));
            } catch (MalformedDataException e) {
                wrong.add(String.valueOf(e.getMessage()));
            }
        });
        if (!wrong.isEmpty() || samples.isEmpty()) {
            int shown = Math.min(MAX_REPORTED, wrong.size());
            throw new IllegalArgumentException("[formats] expected samples of one format in " + files + "; got "
                    + (wrong.isEmpty() ? "none" : wrong.size() + " records that are not:\n  ")
                    + String.join("\n  ", wrong.subList(0, shown))
                    + (wrong.size() > shown ? "\n  … and " + (wrong.size() - shown) + " more" : ""));
        }
        return samples;
    }

    private static Sample read(Row row, List<SampleFormat> format, boolean detected) {
        if (detected) {
            SampleFormat found = SampleFormat.detect(row);
            if (format.isEmpty()) {
                format.add(found);
            } else if (format.getFirst() != found) {
                throw row.bad("expected " + format.getFirst().label() + ", as the records before; got " + found.label()
                        + " in fields " + row.values().keySet());
            }
        }
        return format.getFirst().read(row);
    }
}
