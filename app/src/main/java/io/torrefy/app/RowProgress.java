package io.torrefy.app;

import java.io.PrintWriter;
import java.util.Locale;

/// How far a pass over rows is, on standard error: at most two lines a second.
final class RowProgress {
    private static final long PAUSE_NANOS = 500_000_000;

    private final PrintWriter err;
    private final String what;
    private final long start = System.nanoTime();
    private long shown = start;
    private long rows;

    RowProgress(PrintWriter err, String what) {
        this.err = err;
        this.what = what;
    }

    /// So many rows are done.
    void show(long done) {
        rows = done;
        if (System.nanoTime() - shown >= PAUSE_NANOS) {
            shown = System.nanoTime();
            print();
        }
    }

    /// All are done.
    void done() {
        print();
    }

    private void print() {
        double seconds = Math.max(1e-9, (System.nanoTime() - start) / 1e9);
        err.println(String.format(Locale.ROOT, "%s: %d rows, %.0f rows/s", what, rows, rows / seconds));
        err.flush();
    }
}
