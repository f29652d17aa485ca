package io.torrefy.app;

import io.torrefy.data.FeatureSchema;
import io.torrefy.data.FitOptions;
import io.torrefy.data.FittedSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `torrefy columns fit`.
@Command(
        name = "fit",
        description = {
            "Learns means, boundaries and vocabularies from tables, in one pass and in bounded memory, and writes them with"
                    + " the columns they make into one JSON file.",
            "Without --schema, what to do with each input is inferred from the first rows; --declare writes that, to be"
                    + " changed by hand."
        })
final class ColumnsFitCommand implements Callable<Integer> {
    @Parameters(paramLabel = "TABLE", arity = "1..*", description = "The tables, read one after the other.")
    private List<Path> tables = List.of();

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "Where to write the fitted schema. Default: ${DEFAULT-VALUE}.")
    private Path out = Path.of("schema.json");

    @Option(
            names = "--schema",
            paramLabel = "FILE",
            description = "What to do with each input, as --declare writes it.")
    private Optional<Path> declared = Optional.empty();

    @Option(names = "--label", paramLabel = "NAME", description = "The input to predict, where the schema is inferred.")
    private Optional<String> label = Optional.empty();

    @Option(
            names = "--column",
            paramLabel = "NAME=KIND[:ARGUMENT]",
            description = "Do this with an input in place of what is inferred; repeatable, several times for one input"
                    + " too. KIND: numeric, standardize, minmax, log1p, quantiles:N, boundaries:A,B,..., vocabulary[:MOST],"
                    + " hash:N, identity[:N], none; NAME*NAME=cross:N crosses inputs.")
    private List<String> choices = List.of();

    @Option(names = "--declare", paramLabel = "FILE", description = "Write the schema before it is fitted, too.")
    private Optional<Path> declaration = Optional.empty();

    @Option(
            names = "--sample",
            paramLabel = "N",
            description = "How many first rows a schema is inferred from. Default: ${DEFAULT-VALUE}.")
    private int sample = 10_000;

    @Option(
            names = "--max-values",
            paramLabel = "N",
            description = "Different values of an input to count at a time; counts are exact up to there. Default:"
                    + " ${DEFAULT-VALUE}.")
    private int maxValues = FitOptions.DEFAULT.maxValues();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        common.check(sample >= 1, "--sample", "at least 1", sample);
        common.check(maxValues >= 2, "--max-values", "at least 2", maxValues);
        if (declared.isPresent() && label.isPresent()) {
            throw common.bad("Option '--label' is for a schema that is inferred; '--schema' states its own");
        }
        if (declared.isPresent() && !choices.isEmpty()) {
            throw common.bad("Option '--column' is for a schema that is inferred; '--schema' states its own");
        }
        long start = System.nanoTime();
        FeatureSchema schema = declared.isPresent() ? FeatureSchema.read(declared.get()) : infer();
        if (declaration.isPresent()) {
            schema.write(declaration.get());
        }
        FittedSchema fitted = fit(schema);
        fitted.write(out);
        report(fitted, (System.nanoTime() - start) / 1e9);
        return 0;
    }

    private FeatureSchema infer() throws IOException {
        var rows = Tables.open(tables, Map.of()).take(sample).toList();
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("[columns] expected rows in " + tables + "; got none.");
        }
        var known = SampleRows.of(rows, choices);
        known.warnings().forEach(w -> common.err().println("warning: " + w));
        var batch = known.batch();
        var inferred = label.isPresent() ? FeatureSchema.infer(batch, label.get()) : FeatureSchema.infer(batch);
        var others = choices.stream()
                .filter(c -> known.leftOut().stream().noneMatch(name -> c.equals(name + "=none")))
                .toList();
        return ColumnChoices.apply(inferred, others, batch);
    }

    private FittedSchema fit(FeatureSchema schema) throws IOException {
        var progress = FileProgress.of(common.err(), "fit", "rows", tables);
        var fitter = schema.fitter(FitOptions.DEFAULT.withMaxValues(maxValues));
        long rows = 0;
        try (var batches = Tables.open(tables, schema.types(), progress::at)
                .batch(ColumnsCommand.BATCH)
                .iterator()) {
            while (batches.hasNext()) {
                var batch = batches.next();
                fitter.add(batch);
                rows += batch.size();
                progress.show(rows);
            }
        }
        FittedSchema fitted = fitter.finish();
        progress.done();
        return fitted;
    }

    private void report(FittedSchema fitted, double seconds) {
        fitted.warnings().forEach(w -> common.err().println("warning: " + w));
        common.err().flush();
        common.out()
                .println(String.format(
                        Locale.ROOT,
                        "%d rows, %d columns of %d slots, fingerprint %s, in %s.",
                        fitted.rows(),
                        fitted.columns().size(),
                        fitted.slotCount(),
                        fitted.fingerprint(),
                        out));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("file", out.toString());
        json.put("fingerprint", fitted.fingerprint());
        json.put("rows", fitted.rows());
        json.put("columns", fitted.columns().stream().map(c -> c.name()).toList());
        json.put("slots", fitted.slotCount());
        json.put("warnings", fitted.warnings());
        json.put("seconds", seconds);
        common.result(json);
    }
}
