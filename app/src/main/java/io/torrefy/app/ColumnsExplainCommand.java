package io.torrefy.app;

import io.torrefy.data.FittedSchema;
import io.torrefy.data.RowExplanation;
import io.torrefy.data.Slot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `torrefy columns explain`.
@Command(
        name = "explain",
        description =
                "Says what the numbers of a fitted schema stand for: all slots, one of them, or those of one row of a"
                        + " table.")
final class ColumnsExplainCommand implements Callable<Integer> {
    @Option(
            names = "--schema",
            paramLabel = "FILE",
            required = true,
            description = "The fitted schema that `torrefy columns fit` wrote.")
    private Path schemaFile;

    @Option(names = "--slot", paramLabel = "N", description = "Only this slot, from 0 on.")
    private Optional<Long> slot = Optional.empty();

    @Option(names = "--table", paramLabel = "FILE", description = "Explain a row of this table.")
    private Optional<Path> table = Optional.empty();

    @Option(names = "--row", paramLabel = "N", description = "Which row, from 1 on. Default: ${DEFAULT-VALUE}.")
    private long row = 1;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "Slots to list at most; the schema may have millions. Default: ${DEFAULT-VALUE}.")
    private long limit = 1000;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        common.check(row >= 1, "--row", "at least 1", row);
        common.check(limit >= 1, "--limit", "at least 1", limit);
        if (slot.isPresent() && table.isPresent()) {
            throw common.bad("Options '--slot' and '--table' exclude each other");
        }
        FittedSchema schema = FittedSchema.read(schemaFile);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("fingerprint", schema.fingerprint());
        if (table.isPresent()) {
            json.put("columns", explain(schema, table.get()));
        } else {
            json.put("slots", list(schema));
            json.put("slot_count", schema.slotCount());
        }
        common.result(json);
        return 0;
    }

    private List<Slot> list(FittedSchema schema) {
        List<Slot> slots = slot.map(n -> Stream.of(schema.explain(n)))
                .orElseGet(() -> schema.slots().limit(limit))
                .toList();
        slots.forEach(s -> common.out().println(s.index() + "  " + s.column() + "[" + s.id() + "]  " + s.text()));
        if (slot.isEmpty() && slots.size() < schema.slotCount()) {
            common.out().println("... and " + (schema.slotCount() - slots.size()) + " more: --limit, --slot N");
        }
        return slots;
    }

    private List<RowExplanation.Column> explain(FittedSchema schema, Path file) throws IOException {
        var rows = Tables.open(List.of(file), schema.schema().inputTypes())
                .skip(row - 1)
                .take(1)
                .toList();
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("[columns] " + file + ": expected a row " + row + "; got fewer.");
        }
        var columns = schema.explain(rows.getFirst()).columns();
        for (var column : columns) {
            common.out().println(column.name() + ": " + column.raw());
            if (column.slots().isEmpty()) {
                common.out().println("    no slot: missing or unknown");
            }
            for (var use : column.slots()) {
                common.out()
                        .println("    slot " + use.slot().index() + " = " + use.value() + "  "
                                + use.slot().text());
            }
        }
        return columns;
    }
}
