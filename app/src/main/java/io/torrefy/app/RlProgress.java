package io.torrefy.app;

import java.io.PrintWriter;
import java.util.Locale;

/// How far learning is, on standard error: a line that is written anew where somebody watches, one now and then
/// elsewhere.
final class RlProgress {
    private static final long DRAW_NANOS = 100_000_000;
    private static final long PRINT_NANOS = 2_000_000_000;

    private final PrintWriter err;
    private final String name;
    private final boolean watched = Boolean.getBoolean("torrefy.terminal");
    private final long start = System.nanoTime();
    private long shown = start;
    private long done;
    private long all;
    private double value;

    RlProgress(PrintWriter err, String name) {
        this.err = err;
        this.name = name;
    }

    /// So much of it is done.
    ///
    /// @param latest the last return, or a mean of returns
    void show(long doneSoFar, long ofAll, double latest) {
        done = doneSoFar;
        all = ofAll;
        value = latest;
        if (System.nanoTime() - shown >= (watched ? DRAW_NANOS : PRINT_NANOS)) {
            shown = System.nanoTime();
            print("");
        }
    }

    /// It is over.
    void done() {
        print(watched ? System.lineSeparator() : "");
    }

    private void print(String end) {
        double seconds = Math.max(1e-9, (System.nanoTime() - start) / 1e9);
        String text = String.format(
                Locale.ROOT, "%s: %,d of %,d, return %.2f, %,.0f a second", name, done, all, value, done / seconds);
        if (watched) {
            err.print("\r\u001b[K" + text + end);
        } else {
            err.println(text);
        }
        err.flush();
    }
}
