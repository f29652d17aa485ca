package io.torrefy.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `torrefy rl`.
@Command(
        name = "rl",
        description =
                "Reinforcement learning from the grid world up: plans, learns from samples with tables or networks, and draws"
                        + " what came of it.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {RlListCommand.class, RlRunCommand.class, RlCompareCommand.class},
        mixinStandardHelpOptions = true)
final class RlCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }
}
