package io.torrefy.app;

import io.torrefy.data.Compression;
import io.torrefy.data.FieldType;
import io.torrefy.data.FittedSchema;
import io.torrefy.data.TfRecordWriter;
import io.torrefy.data.UnfinishedFiles;
import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `torrefy columns encode`.
@Command(
        name = "encode",
        description = {
            "Encodes tables with a fitted schema: the numbers and ids of each column, and weights of ids in a field of"
                    + " their own, named after the column with \" weights\".",
            "The end of --out tells the format: .tfrecord for tf.Examples; .safetensors for one tensor a column, ids as"
                    + " NAME.ids and NAME.row_splits, gathered in memory; anything else a JSON object a line."
        })
final class ColumnsEncodeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "TABLE", arity = "1..*", description = "The tables, read one after the other.")
    private List<Path> tables = List.of();

    @Option(
            names = "--schema",
            paramLabel = "FILE",
            required = true,
            description = "The fitted schema that `torrefy columns fit` wrote.")
    private Path schemaFile;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "Where to write; the file is there whole or not at all. Default: lines on standard output.")
    private Optional<Path> out = Optional.empty();

    @Option(
            names = "--labels",
            description =
                    "Write what is to be predicted too, as \"label\": the number of the class, -1 where there is none"
                            + " that is known; or the number itself.")
    private boolean labels;

    @Option(
            names = "--allow-missing",
            description = "Take inputs that no row has for missing. Without it they are a mistake.")
    private boolean allowMissing;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        if (common.json() && out.isEmpty()) {
            throw common.bad("Option '--json' needs '--out=FILE': the rows take standard output");
        }
        FittedSchema schema = FittedSchema.read(schemaFile);
        if (labels && schema.schema().label().isEmpty()) {
            throw common.bad("Option '--labels' needs a schema with a label");
        }
        long rows = out.isPresent() ? encodeInto(out.get(), schema) : encodeToOutput(schema);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("rows", rows);
        json.put("fingerprint", schema.fingerprint());
        out.ifPresent(file -> json.put("file", file.toString()));
        common.result(json);
        return 0;
    }

    private long encodeToOutput(FittedSchema schema) throws IOException {
        return encode(schema, rows -> {
            for (int row = 0; row < rows.encoded().rows(); row++) {
                common.out().println(Json.line(rows.json(row)));
            }
        });
    }

    private long encodeInto(Path file, FittedSchema schema) throws IOException {
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(file);
        Files.createDirectories(folder);
        String name = file.toString();
        return name.endsWith(".safetensors")
                ? encodeTensors(file, schema)
                : name.endsWith(".tfrecord") ? encodeExamples(file, schema) : encodeLines(file, schema);
    }

    private long encodeTensors(Path file, FittedSchema schema) throws IOException {
        var tensors = new EncodedTensors();
        encode(schema, tensors::add);
        try (var _ = Scope.open()) {
            Safetensors.write(file, tensors.join(), Map.of("schema", schema.fingerprint()));
        }
        return tensors.rows();
    }

    private long encodeExamples(Path file, FittedSchema schema) throws IOException {
        return TfRecordWriter.write(
                file,
                Compression.NONE,
                records -> encode(schema, rows -> {
                    for (int row = 0; row < rows.encoded().rows(); row++) {
                        records.write(rows.example(row).toBytes());
                    }
                }));
    }

    private long encodeLines(Path file, FittedSchema schema) throws IOException {
        return UnfinishedFiles.write(file, unfinished -> {
            try (var writer = Files.newBufferedWriter(unfinished)) {
                return encode(schema, rows -> {
                    for (int row = 0; row < rows.encoded().rows(); row++) {
                        writer.append(Json.line(rows.json(row))).append('\n');
                    }
                });
            }
        });
    }

    /// Takes the rows of a batch.
    private interface Sink {
        void write(EncodedRows rows) throws IOException;
    }

    private long encode(FittedSchema schema, Sink sink) throws IOException {
        var progress = FileProgress.of(common.err(), "encode", "rows", tables);
        Map<String, FieldType> types =
                labels ? schema.schema().types() : schema.schema().inputTypes();
        Set<String> names = new LinkedHashSet<>();
        long rows = 0;
        try (var batches = Tables.open(tables, types, progress::at)
                .batch(ColumnsCommand.BATCH)
                .iterator()) {
            while (batches.hasNext()) {
                var some = batches.next();
                some.forEach(row -> names.addAll(row.values().keySet()));
                var known = labels
                        ? Optional.of(EncodedRows.Labels.of(schema, some))
                        : Optional.<EncodedRows.Labels>empty();
                sink.write(new EncodedRows(schema, schema.encode(some), known));
                rows += some.size();
                progress.show(rows);
            }
        }
        if (rows > 0 && !allowMissing) {
            schema.checkInputs(names);
        }
        progress.done();
        return rows;
    }
}
