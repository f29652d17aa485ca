package io.torrefy.app;

import io.torrefy.data.Compression;
import io.torrefy.data.CsvTable;
import io.torrefy.data.FieldKinds;
import io.torrefy.data.JsonLinesFormat;
import io.torrefy.data.ParquetTable;
import io.torrefy.data.RowFormat;
import io.torrefy.data.Shards;
import io.torrefy.data.TfRecordFormat;
import io.torrefy.data.TfRecordReader;
import io.torrefy.data.TfRecordWriter;
import io.torrefy.data.ValueKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `torrefy records convert`.
@Command(
        name = "convert",
        description = {
            "Converts between TFRecord and tables, by the ends of the names (.tfrecord, .jsonl).",
            "TFRecord to TFRecord copies the records as they are, whatever they hold."
        })
final class RecordsConvertCommand implements Callable<Integer> {
    @Parameters(
            arity = "2..*",
            paramLabel = "FILE",
            description = "Input files of one format, and the output file last. NAME stands for its shards.")
    private List<Path> files = List.of();

    @Option(
            names = "--features",
            paramLabel = "NAME:KIND,...",
            description = "The features to convert and their kinds: string, float32 or int64. Default: all, with kinds"
                    + " found in a first pass over the input.")
    private Optional<String> features = Optional.empty();

    @Option(
            names = "--compression",
            paramLabel = "NAME",
            description = "none, gzip or zlib, for TFRecord output. Default: none.")
    private Compression compression = Compression.NONE;

    @Option(names = "--shards", paramLabel = "N", description = "TFRecord files to write. Default: ${DEFAULT-VALUE}.")
    private int shards = 1;

    @Option(names = "--overwrite", description = "Replace an output that exists.")
    private boolean overwrite;

    @Mixin
    private CommonOptions common = new CommonOptions();

    /// The formats of rows by the ends of file names.
    private Map<String, Supplier<RowFormat>> formats() {
        Map<String, Supplier<RowFormat>> formats = new TreeMap<>();
        formats.put("tfrecord", () -> new TfRecordFormat(TfRecordReader.Options.DEFAULT, compression, shards));
        formats.put("jsonl", JsonLinesFormat::new);
        formats.put("csv", CsvTable::new);
        formats.put("parquet", ParquetTable::new);
        return formats;
    }

    private RowFormat format(String ending) {
        return Optional.ofNullable(formats().get(ending)).orElseThrow().get();
    }

    @Override
    public Integer call() throws IOException {
        common.check(shards >= 1 && shards <= 99_999, "--shards", "1 to 99999", shards);
        Path output = files.getLast();
        List<Path> inputs = new ArrayList<>();
        for (Path name : files.subList(0, files.size() - 1)) {
            inputs.addAll(RecordFiles.expand(name));
        }
        String from = ending(inputs.getFirst());
        String to = ending(output);
        if (shards > 1 && !to.equals("tfrecord")) {
            throw common.bad("Option '--shards' is for TFRecord output; got " + output);
        }
        Path first = shards == 1 ? output : Shards.file(output, 0, shards);
        if (!overwrite && Files.exists(first)) {
            throw new IllegalArgumentException(
                    "[convert] expected no file " + first + "; there is one. Hint: --overwrite.");
        }
        boolean copies = from.equals("tfrecord") && to.equals("tfrecord") && features.isEmpty();
        long rows = copies ? copy(inputs, output) : convert(inputs, from, output, to);
        common.out().printf(Locale.ROOT, "%d records in %s%n", rows, output);
        common.result(Map.of("records", rows, "output", output.toString()));
        return 0;
    }

    /// The format that a name's end says; `x.tfrecord-00000-of-00010` and `x.tfrecord.gz` are TFRecord.
    private String ending(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        String bare = name.replaceAll("-\\d{5}-of-\\d{5}$", "").replaceAll("\\.gz$", "");
        String ending = bare.substring(bare.lastIndexOf('.') + 1).replace("tfrecords", "tfrecord");
        if (!formats().containsKey(ending)) {
            throw common.bad("Expected files that end in ."
                    + String.join(", .", formats().keySet()) + "; got " + file);
        }
        return ending;
    }

    private long copy(List<Path> inputs, Path output) throws IOException {
        TfRecordWriter.Body body = sink -> {
            for (Path input : inputs) {
                var progress = new RecordFiles.Progress(common.err(), input);
                try (TfRecordReader reader = TfRecordReader.open(input)) {
                    while (reader.next()) {
                        sink.write(reader.record());
                        progress.at(reader.offset(), reader.number());
                    }
                }
            }
        };
        return shards == 1
                ? TfRecordWriter.write(output, compression, body)
                : Shards.write(output, shards, compression, body);
    }

    private long convert(List<Path> inputs, String from, Path output, String to) throws IOException {
        RowFormat source = format(from);
        Map<String, ValueKind> fields = features.isPresent() ? parse(features.get()) : infer(inputs, source);
        return format(to).write(output, fields, sink -> {
            for (Path input : inputs) {
                try (RowFormat.Source rows = source.open(input)) {
                    for (var row = rows.next(); row.isPresent(); row = rows.next()) {
                        sink.write(features.isEmpty() ? row.get() : chosen(row.get(), fields));
                    }
                }
            }
        });
    }

    private static Map<String, Object> chosen(Map<String, ?> row, Map<String, ValueKind> fields) {
        Map<String, Object> chosen = new LinkedHashMap<>();
        fields.keySet().forEach(name -> Optional.ofNullable(row.get(name)).ifPresent(v -> chosen.put(name, v)));
        return chosen;
    }

    private Map<String, ValueKind> infer(List<Path> inputs, RowFormat source) throws IOException {
        var kinds = new FieldKinds();
        for (Path input : inputs) {
            var progress = new RecordFiles.Progress(common.err(), input);
            long rows = 0;
            try (RowFormat.Source all = source.open(input)) {
                for (var row = all.next(); row.isPresent(); row = all.next()) {
                    kinds.add(row.get(), all.place());
                    progress.at(Long.MAX_VALUE, ++rows);
                }
            }
        }
        return kinds.kinds();
    }

    private Map<String, ValueKind> parse(String text) {
        Map<String, ValueKind> fields = new LinkedHashMap<>();
        Arrays.stream(text.split(",")).forEach(field -> {
            int colon = field.lastIndexOf(':');
            if (colon < 1) {
                throw common.bad("Invalid value for option '--features': expected NAME:KIND,...; got " + field);
            }
            try {
                fields.put(field.substring(0, colon), ValueKind.named(field.substring(colon + 1)));
            } catch (IllegalArgumentException e) {
                throw common.bad("Invalid value for option '--features': " + e.getMessage());
            }
        });
        return fields;
    }
}
