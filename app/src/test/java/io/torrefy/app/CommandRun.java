package io.torrefy.app;

import java.io.PrintWriter;
import java.io.StringWriter;

/// One run of the command line, with what it wrote.
final class CommandRun {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    int execute(String... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    String out() {
        return out.toString();
    }

    String err() {
        return err.toString();
    }

    String lastLine() {
        return out().lines().reduce("", (_, line) -> line);
    }
}
