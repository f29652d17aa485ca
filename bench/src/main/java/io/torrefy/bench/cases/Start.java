package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.bench.Case;
import java.io.IOException;
import java.nio.file.Path;

/// The launcher from its first line to the end of `--version`: what every command pays before its work.
public final class Start implements Case {
    private final ProcessBuilder command;

    public Start(JsonNode args, int threads) {
        String launcher =
                Path.of(System.getProperty("torrefy.home", "."), "torrefy").toString();
        command = new ProcessBuilder(launcher, "--version")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
    }

    @Override
    public Work work() {
        return new Work(1, "starts");
    }

    @Override
    public void run() throws IOException, InterruptedException {
        int code = command.start().waitFor();
        if (code != 0) {
            throw new IOException("[start] expected the launcher to end well; got exit code " + code);
        }
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
