package io.torrefy.app;

import io.torrefy.tensor.Threads;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options that every command has, and where it writes.
final class CommonOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads to compute with; by default one a core. Results do not depend on it.")
    private Optional<Integer> threads = Optional.empty();

    @Option(names = "--json", description = "Write one line of JSON at the end, the last one on standard output.")
    private boolean json;

    // Read by picocli alone.
    @SuppressWarnings("unused")
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    private boolean help;

    /// Applies `--threads`.
    void apply() {
        threads.ifPresent(n -> {
            check(n >= 1, "--threads", "at least 1", n);
            Threads.use(n);
        });
    }

    /// Standard output.
    PrintWriter out() {
        return command.commandLine().getOut();
    }

    /// Standard error.
    PrintWriter err() {
        return command.commandLine().getErr();
    }

    boolean json() {
        return json;
    }

    /// Writes the last line where `--json` asks for it.
    void result(Map<String, ?> values) {
        if (json) {
            out().println(Json.line(values));
        }
        out().flush();
    }

    /// Bad usage (exit code 2) unless a value is as it must be.
    void check(boolean fine, String option, String expected, Object got) {
        if (!fine) {
            throw bad("Invalid value for option '" + option + "': expected " + expected + "; got " + got);
        }
    }

    /// Bad usage, exit code 2.
    ParameterException bad(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
