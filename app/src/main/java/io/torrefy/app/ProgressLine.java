package io.torrefy.app;

import java.io.PrintWriter;

/// How far something is, on standard error: a line that is written anew where somebody watches, one now and then
/// elsewhere.
final class ProgressLine {
    private static final long DRAW_NANOS = 100_000_000;
    private static final long PRINT_NANOS = 2_000_000_000;

    private final PrintWriter err;
    private final boolean watched;
    private final long start = System.nanoTime();
    private long shown = start;

    ProgressLine(PrintWriter err, boolean watched) {
        this.err = err;
        this.watched = watched;
    }

    /// Watched where the launcher found a terminal.
    static ProgressLine of(PrintWriter err) {
        return new ProgressLine(err, Boolean.getBoolean("torrefy.terminal"));
    }

    boolean watched() {
        return watched;
    }

    /// Since it began; above 0.
    double seconds() {
        return Math.max(1e-9, (System.nanoTime() - start) / 1e9);
    }

    /// Whether it is time for another line, which is then to be written.
    boolean due() {
        boolean due = System.nanoTime() - shown >= (watched ? DRAW_NANOS : PRINT_NANOS);
        if (due) {
            shown = System.nanoTime();
        }
        return due;
    }

    /// Whether a line was due so far.
    boolean begun() {
        return shown != start;
    }

    void write(String text) {
        print(text, "");
    }

    /// Writes the last line.
    void end(String text) {
        print(text, System.lineSeparator());
    }

    private void print(String text, String end) {
        if (watched) {
            err.print("\r\u001b[K" + text + end);
        } else {
            err.println(text);
        }
        err.flush();
    }
}
