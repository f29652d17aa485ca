package io.torrefy.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `torrefy records`.
@Command(
        name = "records",
        description = "Looks into TFRecord files, verifies, indexes and converts them.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            RecordsHeadCommand.class,
            RecordsCountCommand.class,
            RecordsStatsCommand.class,
            RecordsVerifyCommand.class,
            RecordsConvertCommand.class,
            RecordsIndexCommand.class
        })
final class RecordsCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    // Read by picocli alone.
    @SuppressWarnings("unused")
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    private boolean help;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command of `torrefy records`");
    }
}
