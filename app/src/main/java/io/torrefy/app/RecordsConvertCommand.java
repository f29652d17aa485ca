package io.torrefy.app;

import io.torrefy.data.Compression;
import io.torrefy.data.CsvTable;
import io.torrefy.data.Datasets;
import io.torrefy.data.ExampleRows;
import io.torrefy.data.FieldKinds;
import io.torrefy.data.FieldType;
import io.torrefy.data.ParquetTable;
import io.torrefy.data.RecordFormat;
import io.torrefy.data.RowFormat;
import io.torrefy.data.Shards;
import io.torrefy.data.TfRecordFormat;
import io.torrefy.data.TfRecordReader;
import io.torrefy.data.TfRecordReader.OnCorruption;
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
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `torrefy records convert`.
@Command(
        name = "convert",
        description = {
            "Converts between TFRecord and tables (.jsonl, .csv, .tsv, .parquet), by the ends of the names.",
            "TFRecord to TFRecord copies the records as they are, whatever they hold. A Parquet column M of maps becomes"
                    + " objects in JSONL and two lists elsewhere, M.key and M.value; a SequenceExample's lists become"
                    + " lists of lists in JSONL."
        })
final class RecordsConvertCommand implements Callable<Integer> {
    @Parameters(
            arity = "2..*",
            paramLabel = "FILE",
            description = "Input files, and the output file last. NAME stands for its shards.")
    private List<Path> files = List.of();

    @Option(
            names = "--features",
            paramLabel = "NAME:KIND,...",
            description = "The features to convert and their kinds: string, float32 or int64. Default: all, with kinds"
                    + " found in a first pass over the input.")
    private Optional<String> features = Optional.empty();

    @Option(
            names = "--allow-missing",
            description = "Take features that no row has for missing. Without it they are a mistake.")
    private boolean allowMissing;

    @Option(
            names = "--from",
            paramLabel = "FORMAT",
            description = "The format of the input, where names and first bytes do not tell: tfrecord, jsonl, csv, tsv"
                    + " or parquet.")
    private Optional<String> from = Optional.empty();

    @Option(
            names = "--to",
            paramLabel = "FORMAT",
            description = "The format of the output, where its name does not tell.")
    private Optional<String> to = Optional.empty();

    @Option(
            names = "--compression",
            paramLabel = "NAME",
            description =
                    "none, gzip or zlib, for TFRecord output. Default: gzip for a name that ends in .gz, else none.")
    private Optional<Compression> compression = Optional.empty();

    @Option(names = "--shards", paramLabel = "N", description = "TFRecord files to write. Default: ${DEFAULT-VALUE}.")
    private int shards = 1;

    @Option(
            names = "--resync",
            description = "At damage in TFRecord input go on at the next sound record, and tell what was left out.")
    private boolean resync;

    @Option(names = "--overwrite", description = "Replace an output that exists, all of its shards.")
    private boolean overwrite;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.check(shards >= 1 && shards <= 99_999, "--shards", "1 to 99999", shards);
        Path output = files.getLast();
        RowFormat target = target(output);
        Optional<Map<String, ValueKind>> chosen = features.map(this::parse);
        List<Path> inputs = RecordFiles.expand(files.subList(0, files.size() - 1));
        List<Path> written = outputs(output);
        List<Path> stale = existing(output);
        if (!overwrite && !stale.isEmpty()) {
            throw new IllegalArgumentException(
                    "[convert] expected no file " + stale.getFirst() + "; there is one. Hint: --overwrite.");
        }
        var rows = new RecordRows(common.err(), file -> open(file, target));
        boolean copies = chosen.isEmpty() && inputs.stream().allMatch(this::isTfRecord);
        long count = copies && target instanceof TfRecordFormat records
                ? copy(rows, inputs, output, records.compression())
                : convert(rows, inputs, chosen, output, target);
        // Shards of another number beside the new ones would be a second set.
        for (Path file : stale) {
            if (!written.contains(file)) {
                Files.deleteIfExists(file);
            }
        }
        report(count, output, rows);
        return 0;
    }

    private void report(long count, Path output, RecordRows rows) {
        rows.skipped()
                .forEach(bytes -> common.err()
                        .printf(
                                Locale.ROOT,
                                "left out bytes %d to %d of %s: %s%n",
                                bytes.from(),
                                bytes.to(),
                                bytes.file(),
                                bytes.why()));
        common.err().flush();
        common.out().printf(Locale.ROOT, "%d records in %s%n", count, output);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("records", count);
        json.put("output", output.toString());
        json.put(
                "skipped",
                rows.skipped().stream().map(RecordsVerifyCommand::describe).toList());
        common.result(json);
    }

    private RowFormat target(Path output) {
        var table = format(output, to, false).table();
        if (table.isEmpty()) {
            throw common.bad("Expected an output format that is written, not only read; got " + output);
        }
        if (table.get() instanceof TfRecordFormat) {
            var named = output.toString().endsWith(".gz") ? Compression.GZIP : Compression.NONE;
            return new TfRecordFormat(reading(), compression.orElse(named), shards);
        }
        if (shards > 1) {
            throw common.bad("Option '--shards' is for TFRecord output; got " + output);
        }
        if (compression.isPresent()) {
            throw common.bad("Option '--compression' is for TFRecord output; got " + output);
        }
        return table.get();
    }

    private TfRecordReader.Options reading() {
        return TfRecordReader.Options.DEFAULT.onCorruption(resync ? OnCorruption.RESYNC : OnCorruption.FAIL);
    }

    /// The rows of `file`; maps as objects where the target can hold them.
    private RowFormat.Source open(Path file, RowFormat target) throws IOException {
        RecordFormat format = format(file, from, true);
        if (format.table().isEmpty()) {
            return RowFormat.open(format.rows(), file);
        }
        RowFormat table = switch (format.table().get()) {
            case TfRecordFormat _ -> new TfRecordFormat(reading(), Compression.NONE, 1);
            case ParquetTable _ -> new ParquetTable(!target.takesAnyValue());
            case CsvTable csv -> new CsvTable(csv.format().types(cellTypes()));
            case RowFormat other -> other;
        };
        return table.open(file);
    }

    private boolean isTfRecord(Path file) {
        return format(file, from, true).suffixes().contains(".tfrecord");
    }

    private Map<String, FieldType> cellTypes() {
        Map<String, FieldType> types = new LinkedHashMap<>();
        features.map(this::parse)
                .ifPresent(kinds -> kinds.forEach((name, kind) -> types.put(
                        name,
                        switch (kind) {
                            case STRING -> FieldType.STRING;
                            case INT64 -> FieldType.LONG;
                            case FLOAT32 -> FieldType.DOUBLE;
                        })));
        return types;
    }

    private RecordFormat format(Path file, Optional<String> stated, boolean byContents) {
        if (stated.isPresent()) {
            return Datasets.formats().stream()
                    .filter(format -> format.suffixes().contains("." + stated.get()))
                    .findFirst()
                    .orElseThrow(() -> common.bad("Expected a format of " + suffixes() + "; got " + stated.get()));
        }
        String name = String.valueOf(file.getFileName());
        return (byContents ? Datasets.format(file) : Datasets.named(name))
                .orElseThrow(() -> common.bad("Expected a file that ends in one of " + suffixes() + "; got " + file
                        + (name.endsWith(".gz")
                                ? ". Of compressed files only TFRecords are read and written"
                                : byContents ? ". --from says what it is" : ". --to says what it is to be")));
    }

    private static String suffixes() {
        var suffixes = new TreeSet<String>();
        Datasets.formats().forEach(format -> suffixes.addAll(format.suffixes()));
        return String.join(", ", suffixes);
    }

    private List<Path> outputs(Path output) {
        List<Path> all = new ArrayList<>();
        for (int i = 0; i < shards; i++) {
            all.add(shards == 1 ? output : Shards.file(output, i, shards));
        }
        return all;
    }

    /// What readers of `output` would find there: the file or shards.
    private static List<Path> existing(Path output) throws IOException {
        List<Path> all = new ArrayList<>();
        if (Files.exists(output)) {
            all.add(output);
        }
        Shards.sets(output).values().forEach(all::addAll);
        return all;
    }

    private long copy(RecordRows rows, List<Path> inputs, Path output, Compression kind) throws IOException {
        TfRecordWriter.Body body = sink -> rows.copy(inputs, reading(), sink);
        return shards == 1 ? TfRecordWriter.write(output, kind, body) : Shards.write(output, shards, kind, body);
    }

    private long convert(
            RecordRows rows, List<Path> inputs, Optional<Map<String, ValueKind>> chosen, Path output, RowFormat target)
            throws IOException {
        if (chosen.isEmpty()) {
            var fields = target.takesAnyValue() ? Map.<String, ValueKind>of() : infer(rows, inputs, output, target);
            return target.write(output, fields, sink -> rows.each("convert", inputs, (row, _) -> sink.write(row)));
        }
        Map<String, ValueKind> fields = chosen.get();
        return target.write(output, fields, sink -> {
            var missing = new TreeSet<>(fields.keySet());
            var met = new TreeSet<String>();
            rows.each("convert", inputs, (row, place) -> {
                missing.removeAll(row.keySet());
                met.addAll(missing.isEmpty() ? List.of() : row.keySet());
                sink.write(ExampleRows.chosen(row, fields, place));
            });
            if (!missing.isEmpty() && !met.isEmpty() && !allowMissing) {
                throw new IllegalArgumentException("[convert] expected features among " + met + "; got " + missing
                        + ", which no row has. Hint: --allow-missing takes them for missing.");
            }
        });
    }

    private Map<String, ValueKind> infer(RecordRows rows, List<Path> inputs, Path output, RowFormat target)
            throws IOException {
        var kinds = new FieldKinds(target.takesNullElements());
        rows.each("find kinds", inputs, kinds::add);
        for (String name : kinds.valueless()) {
            common.err()
                    .println("warning: no row has a value in field \"" + name + "\", which is left out. --features "
                            + name + ":KIND,... keeps it.");
        }
        if (kinds.kinds().isEmpty() && !(target instanceof TfRecordFormat)) {
            throw new IllegalArgumentException("[convert] expected rows with values, to find the columns of " + output
                    + "; got none. Hint: --features NAME:KIND,... states them.");
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
                var kind = ValueKind.named(field.substring(colon + 1).strip());
                String name = field.substring(0, colon).strip();
                if (fields.put(name, kind) != null) {
                    throw new IllegalArgumentException("expected each name once; got " + name + " again");
                }
            } catch (IllegalArgumentException e) {
                throw common.bad("Invalid value for option '--features': " + e.getMessage());
            }
        });
        return fields;
    }
}
