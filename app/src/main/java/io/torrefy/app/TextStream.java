package io.torrefy.app;

import io.torrefy.lm.Completion;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.StopStrings;
import io.torrefy.lm.Tokenizer;
import java.util.Set;

/// The text of one sequence as its tokens come: without control tokens, and without the stop string that ends it.
final class TextStream {
    private final Tokenizer.Stream decoder;
    private final StopStrings.Scanner scanner;
    private final Set<Integer> stopIds;
    private final StringBuilder text = new StringBuilder();

    TextStream(Tokenizer tokenizer, Sampling sampling) {
        decoder = tokenizer.stream(true);
        scanner = StopStrings.of(sampling.stopStrings()).scanner();
        stopIds = sampling.stopIds();
    }

    /// The text of a finished completion.
    static String text(Tokenizer tokenizer, Sampling sampling, Completion completion) {
        TextStream stream = new TextStream(tokenizer, sampling);
        for (int id : completion.ids()) {
            stream.accept(id);
        }
        stream.finish();
        return stream.text();
    }

    /// What can be shown after this token.
    String accept(int id) {
        return stopIds.contains(id) ? "" : add(scanner.accept(decoder.accept(id)));
    }

    /// What was held back, when no more tokens come.
    String finish() {
        String rest = scanner.accept(decoder.finish());
        return add(rest + (scanner.stopped() ? "" : scanner.finish()));
    }

    /// Everything so far.
    String text() {
        return text.toString();
    }

    private String add(String piece) {
        text.append(piece);
        return piece;
    }
}
