package io.torrefy.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `torrefy api`: the exported names.
@Command(
        name = "api",
        description = "Shows the names that configurations, recipes and models may use, and compares versions of them.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {ApiListCommand.class, ApiShowCommand.class, ApiDiffCommand.class, ApiDocsCommand.class})
final class ApiCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }
}
