package io.torrefy.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `torrefy columns`.
@Command(
        name = "columns",
        description =
                "Turns tables into what a model takes: learns a schema of columns, encodes rows with it, and explains"
                        + " what every number stands for. Tables are .jsonl, .csv, .tsv, .parquet or .tfrecord files.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {ColumnsFitCommand.class, ColumnsEncodeCommand.class, ColumnsExplainCommand.class},
        mixinStandardHelpOptions = true)
final class ColumnsCommand implements Runnable {
    /// How many rows are read at a time.
    static final int BATCH = 8192;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }
}
