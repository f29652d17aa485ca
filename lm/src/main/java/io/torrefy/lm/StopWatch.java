package io.torrefy.lm;

import org.jspecify.annotations.Nullable;

/// Decodes one sequence as it grows and watches for its stop strings.
final class StopWatch {
    private final Tokenizer.Stream text;
    private final StopStrings.Scanner scanner;

    private StopWatch(Tokenizer.Stream text, StopStrings.Scanner scanner) {
        this.text = text;
        this.scanner = scanner;
    }

    /// Null where there is nothing to watch for.
    static @Nullable StopWatch of(@Nullable Tokenizer tokenizer, Sampling sampling) {
        if (tokenizer == null || sampling.stopStrings().isEmpty()) {
            return null;
        }
        return new StopWatch(
                tokenizer.stream(false), StopStrings.of(sampling.stopStrings()).scanner());
    }

    /// Whether a stop string ends in this token.
    boolean seen(int id) {
        scanner.accept(text.accept(id));
        return scanner.stopped();
    }
}
