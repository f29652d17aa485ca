package io.torrefy.app;

import java.io.PrintWriter;
import java.util.Locale;

/// How far a search is, on standard error: a line that is written anew where somebody watches, one now and then
/// elsewhere.
final class SearchProgress {
    private static final long DRAW_NANOS = 100_000_000;
    private static final long PRINT_NANOS = 2_000_000_000;

    private final PrintWriter err;
    private final String search;
    private final int problems;
    private final boolean watched = Boolean.getBoolean("torrefy.terminal");
    private final long start = System.nanoTime();
    private long shown = start;
    private int over;
    private long tokens;

    SearchProgress(PrintWriter err, String search, int problems) {
        this.err = err;
        this.search = search;
        this.problems = problems;
    }

    /// So many problems are done, with so many tokens.
    void show(int problemsOver, long tokensSoFar) {
        over = problemsOver;
        tokens = tokensSoFar;
        if (System.nanoTime() - shown >= (watched ? DRAW_NANOS : PRINT_NANOS)) {
            shown = System.nanoTime();
            print("");
        }
    }

    /// The search is over.
    void done() {
        print(watched ? System.lineSeparator() : "");
    }

    private void print(String end) {
        double seconds = Math.max(1e-9, (System.nanoTime() - start) / 1e9);
        String text = String.format(
                Locale.ROOT,
                "%s: %d of %d problems, %,d tokens, %,.0f tokens/s",
                search,
                over,
                problems,
                tokens,
                tokens / seconds);
        if (watched) {
            err.print("\r\u001b[K" + text + end);
        } else {
            err.println(text);
        }
        err.flush();
    }
}
