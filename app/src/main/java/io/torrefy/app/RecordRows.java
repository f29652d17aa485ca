package io.torrefy.app;

import io.torrefy.data.ExampleException;
import io.torrefy.data.RecordSink;
import io.torrefy.data.RowFormat;
import io.torrefy.data.TfRecordReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Passes over the input of a conversion, with progress, and what the last one left out.
final class RecordRows {
    private final PrintWriter err;
    private final Input input;
    private final Set<Path> readOnce = new HashSet<>();
    private final List<TfRecordReader.Skipped> skipped = new ArrayList<>();

    RecordRows(PrintWriter err, Input input) {
        this.err = err;
        this.input = input;
    }

    /// Opens a file in its format.
    @FunctionalInterface
    interface Input {
        RowFormat.Source open(Path file) throws IOException;
    }

    /// Takes a row and the place it was read at.
    @FunctionalInterface
    interface Use {
        void take(Map<String, @Nullable Object> row, String place) throws IOException;
    }

    /// Gives `use` all rows of `files`.
    void each(String what, List<Path> files, Use use) throws IOException {
        begin(files);
        var progress = FileProgress.of(err, what, "rows", files);
        for (Path file : files) {
            progress.begin(file);
            try (RowFormat.Source source = input.open(file)) {
                long count = 0;
                for (var row = source.next(); row.isPresent(); row = source.next()) {
                    take(use, row.get(), source.place());
                    progress.at(source.bytesRead(), ++count);
                }
                skipped.addAll(source.skipped());
            }
        }
        progress.end();
    }

    /// Writers know the number of a row that they refuse, and not where it came from.
    private static void take(Use use, Map<String, @Nullable Object> row, String place) throws IOException {
        try {
            use.take(row, place);
        } catch (ExampleException | IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            throw message.contains(place) ? e : new IllegalArgumentException(message + " It is " + place + ".", e);
        }
    }

    /// Gives `sink` all records of `files` as they are.
    void copy(List<Path> files, TfRecordReader.Options reading, RecordSink sink) throws IOException {
        begin(files);
        var progress = FileProgress.of(err, "copy", "records", files);
        for (Path file : files) {
            progress.begin(file);
            try (TfRecordReader reader = TfRecordReader.open(file, reading)) {
                while (reader.next()) {
                    sink.write(reader.record());
                    progress.at(reader.bytesRead(), reader.number());
                }
                skipped.addAll(reader.skipped());
            }
        }
        progress.end();
    }

    private void begin(List<Path> files) {
        skipped.clear();
        for (Path file : files) {
            if (Files.exists(file) && !Files.isRegularFile(file) && !readOnce.add(file)) {
                throw new IllegalArgumentException("[convert] expected a file that can be read twice, to find kinds or"
                        + " columns first; got " + file
                        + ". Hint: --features NAME:KIND,... spares the first pass, and JSONL output needs none.");
            }
        }
    }

    /// What was left out of the files in the last pass.
    List<TfRecordReader.Skipped> skipped() {
        return List.copyOf(skipped);
    }
}
