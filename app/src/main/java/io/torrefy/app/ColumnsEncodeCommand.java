package io.torrefy.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.data.EncodedBatch;
import io.torrefy.data.EncodedColumn;
import io.torrefy.data.FeatureBatches;
import io.torrefy.data.FeatureColumn;
import io.torrefy.data.FittedSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `torrefy columns encode`.
@Command(
        name = "encode",
        description = {
            "Encodes tables with a fitted schema: a JSON object a line with the numbers and ids of each column.",
            "Weights of ids are in a field of their own, named after the column with \" weights\"."
        })
final class ColumnsEncodeCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

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
            description = "Where to write the lines. Default: standard output.")
    private Optional<Path> out = Optional.empty();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        if (common.json() && out.isEmpty()) {
            throw common.bad("Option '--json' needs '--out=FILE': the rows take standard output");
        }
        FittedSchema schema = FittedSchema.read(schemaFile);
        long rows;
        if (out.isPresent()) {
            rows = encodeInto(out.get(), schema);
        } else {
            rows = encode(schema, line -> common.out().println(JSON.writeValueAsString(line)));
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("rows", rows);
        json.put("fingerprint", schema.fingerprint());
        out.ifPresent(file -> json.put("file", file.toString()));
        common.result(json);
        return 0;
    }

    /// The file is there when all its lines are.
    private long encodeInto(Path file, FittedSchema schema) throws IOException {
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(file);
        Files.createDirectories(folder);
        Path unfinished = Files.createTempFile(folder, "." + file.getFileName(), ".unfinished");
        try {
            long rows;
            try (var writer = Files.newBufferedWriter(unfinished)) {
                rows = encode(
                        schema,
                        line -> writer.append(JSON.writeValueAsString(line)).append('\n'));
            }
            Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            return rows;
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /// Takes a line.
    private interface Sink {
        void write(ObjectNode line) throws IOException;
    }

    private long encode(FittedSchema schema, Sink sink) throws IOException {
        var progress = new RowProgress(common.err(), "encode");
        long rows = 0;
        try (var batches = Tables.open(tables, schema.schema().inputTypes())
                .batch(ColumnsCommand.BATCH)
                .iterator()) {
            while (batches.hasNext()) {
                var batch = FeatureBatches.of(batches.next(), schema.schema().inputTypes());
                var encoded = schema.encode(batch);
                for (int row = 0; row < encoded.rows(); row++) {
                    sink.write(line(schema.columns(), encoded, row));
                }
                rows += encoded.rows();
                progress.show(rows);
            }
        }
        progress.done();
        return rows;
    }

    private static ObjectNode line(List<FeatureColumn> columns, EncodedBatch encoded, int row) {
        var line = JsonNodeFactory.instance.objectNode();
        for (var column : columns) {
            if (encoded.column(column.name()) instanceof EncodedColumn.Ids ids) {
                int from = ids.rowSplits()[row];
                int to = ids.rowSplits()[row + 1];
                ArrayNode all = line.putArray(column.name());
                for (int i = from; i < to; i++) {
                    all.add(ids.ids()[i]);
                }
                if (ids.weights().length > 0) {
                    ArrayNode weights = line.putArray(column.name() + " weights");
                    for (int i = from; i < to; i++) {
                        weights.add(ids.weights()[i]);
                    }
                }
            } else {
                line.put(column.name(), encoded.dense(column.name()).values()[row]);
            }
        }
        return line;
    }
}
