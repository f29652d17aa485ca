package io.torrefy.app;

import java.io.PrintWriter;
import java.util.Locale;

/// How far a search is, as a [ProgressLine].
final class SearchProgress {
    private final ProgressLine line;
    private final String search;
    private final int problems;
    private int over;
    private long tokens;

    SearchProgress(PrintWriter err, String search, int problems) {
        this.line = ProgressLine.of(err);
        this.search = search;
        this.problems = problems;
    }

    /// So many problems are done, with so many tokens.
    void show(int problemsOver, long tokensSoFar) {
        over = problemsOver;
        tokens = tokensSoFar;
        if (line.due()) {
            line.write(text());
        }
    }

    /// The search is over.
    void done() {
        line.end(text());
    }

    private String text() {
        return String.format(
                Locale.ROOT,
                "%s: %d of %d problems, %,d tokens, %,.0f tokens/s",
                search,
                over,
                problems,
                tokens,
                tokens / line.seconds());
    }
}
