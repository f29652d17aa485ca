package io.torrefy.app;

import java.io.PrintWriter;
import java.util.Locale;

/// How far learning is, as a [ProgressLine].
final class RlProgress {
    private final ProgressLine line;
    private final String name;
    private long done;
    private long all;
    private double value;

    RlProgress(PrintWriter err, String name) {
        this.line = ProgressLine.of(err);
        this.name = name;
    }

    /// So much of it is done.
    ///
    /// @param latest the last return, or a mean of returns
    void show(long doneSoFar, long ofAll, double latest) {
        done = doneSoFar;
        all = ofAll;
        value = latest;
        if (line.due()) {
            line.write(text());
        }
    }

    /// It is over.
    void done() {
        line.end(text());
    }

    private String text() {
        return String.format(
                Locale.ROOT,
                "%s: %,d of %,d, return %.2f, %,.0f a second",
                name,
                done,
                all,
                value,
                done / line.seconds());
    }
}
