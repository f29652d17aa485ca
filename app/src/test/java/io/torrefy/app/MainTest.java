package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void helpIsPrintedToStandardOutput() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).startsWith("Usage: torrefy").contains("Commands:");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void theVersionNamesTheProgramAndTheJava() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString()).startsWith("torrefy").contains("Java " + System.getProperty("java.version"));
    }

    @Test
    void badUsageIsExitCodeTwo() {
        assertThat(run()).isEqualTo(2);
        assertThat(run("no-such-command")).isEqualTo(2);
        assertThat(run("--no-such-option")).isEqualTo(2);
        assertThat(err.toString()).contains("Missing command", "no-such-command", "--no-such-option");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aFailureIsOneLineAndExitCodeOne() {
        assertThat(runFailing(new IllegalArgumentException("[load] expected a folder; got x. Hint: make one.")))
                .isOne();
        assertThat(err.toString().lines()).containsExactly("torrefy: [load] expected a folder; got x. Hint: make one.");
    }

    @Test
    void aDefectShowsItsTrace() {
        assertThat(runFailing(new IndexOutOfBoundsException("Index 3 out of bounds for length 3")))
                .isOne();
        assertThat(err.toString()).contains("torrefy: Index 3 out of bounds", "at io.torrefy.app");
    }

    @Test
    void everyCommandHasHelp() {
        for (CommandLine command : Main.commandLine().getSubcommands().values()) {
            assertThat(command.getCommandSpec().usageMessage().description())
                    .as("description of %s", command.getCommandName())
                    .isNotEmpty();
        }
    }

    private int run(String... arguments) {
        return with(Main.commandLine()).execute(arguments);
    }

    private int runFailing(RuntimeException failure) {
        CommandLine failing = new CommandLine(CommandLine.Model.CommandSpec.wrapWithoutInspection((Runnable) () -> {
            throw failure;
        }));
        return with(Main.commandLine().addSubcommand("failing", failing)).execute("failing");
    }

    private CommandLine with(CommandLine line) {
        return line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    }

    @Test
    void aMissingFileIsSaidToBeMissing() {
        CommandRun run = new CommandRun();
        assertThat(run.execute("columns", "explain", "--schema", "no-such.json", "--slot", "0"))
                .isOne();
        assertThat(run.err()).contains("there is none", "no-such.json");
    }
}
