package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.io.Console;
import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// What a display needs to know of the place it is shown in.
///
/// @param live whether lines can be redrawn; without it a display writes plain lines, as for a log file
/// @param color whether colours are wanted
/// @param unicode whether block characters can be shown
/// @param columns width, asked anew as it may change; empty where only the operating system knows
@Export(value = "posttrain.Terminal", since = "0.1")
public record Terminal(boolean live, boolean color, boolean unicode, Optional<Integer> columns) {
    private static final int DEFAULT_COLUMNS = 100;

    /// The terminal of this process. Honours `NO_COLOR` (no-color.org), `COLUMNS` and `TERM=dumb`.
    public static Terminal detect() {
        boolean terminal =
                Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
        return detect(terminal, System.getenv(), charset());
    }

    /// Plain lines, for logs and pipes.
    public static Terminal plain() {
        return new Terminal(false, false, true, Optional.empty());
    }

    static Terminal detect(boolean terminal, Map<String, String> environment, Charset charset) {
        boolean dumb = environment.getOrDefault("TERM", "").equals("dumb");
        boolean live = terminal && !dumb;
        boolean color = live && environment.getOrDefault("NO_COLOR", "").isEmpty();
        return new Terminal(
                live, color, charset.equals(StandardCharsets.UTF_8), number(environment.getOrDefault("COLUMNS", "")));
    }

    private static Charset charset() {
        var name = System.getProperty("stdout.encoding", "");
        return name.isEmpty() || !Charset.isSupported(name) ? Charset.defaultCharset() : Charset.forName(name);
    }

    /// The width in columns now: as told, else as `stty` says, else 100.
    int width() {
        return columns.or(Terminal::sttyColumns).orElse(DEFAULT_COLUMNS);
    }

    private static Optional<Integer> sttyColumns() {
        var terminal = new File("/dev/tty");
        if (!terminal.exists()
                || System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows")) {
            return Optional.empty();
        }
        try {
            var stty = new ProcessBuilder("stty", "size")
                    .redirectInput(terminal)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (var out = stty.inputReader(StandardCharsets.US_ASCII)) {
                // rows columns
                var words = Optional.ofNullable(out.readLine()).orElse("").split(" ", -1);
                boolean ended = stty.waitFor(1, TimeUnit.SECONDS);
                return ended && words.length == 2 ? number(words[1]) : Optional.empty();
            }
        } catch (IOException _) {
            return Optional.empty();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private static Optional<Integer> number(String text) {
        return text.matches("\\d{1,4}") ? Optional.of(Integer.parseInt(text)).filter(n -> n > 0) : Optional.empty();
    }
}
