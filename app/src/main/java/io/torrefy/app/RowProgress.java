package io.torrefy.app;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// How far a pass over tables is, on standard error: a bar that is drawn anew in its line where somebody watches, a
/// line now and then elsewhere.
final class RowProgress {
    private static final long DRAW_NANOS = 100_000_000;
    private static final long PRINT_NANOS = 2_000_000_000;
    private static final int WIDTH = 30;

    private final PrintWriter err;
    private final String what;
    private final boolean watched;
    private final long bytes;
    private final long start = System.nanoTime();
    private long shown = start;
    private long rows;
    private long place;

    /// @param bytes of all that is to be read; 0 where nobody knows
    RowProgress(PrintWriter err, String what, boolean watched, long bytes) {
        this.err = err;
        this.what = what;
        this.watched = watched;
        this.bytes = bytes;
    }

    /// Of tables. Compressed ones tell no share: they are read further than they are long.
    static RowProgress of(PrintWriter err, String what, List<Path> tables) throws IOException {
        long all = 0;
        for (Path table : tables) {
            if (!Files.exists(table)) {
                return new RowProgress(err, what, Boolean.getBoolean("torrefy.terminal"), 0);
            }
            all += Tables.size(table);
        }
        return new RowProgress(err, what, Boolean.getBoolean("torrefy.terminal"), all);
    }

    /// So much is read, of what all there is is counted in.
    void at(long offset) {
        place = offset;
    }

    /// So many rows are done.
    void show(long done) {
        rows = done;
        if (System.nanoTime() - shown >= (watched ? DRAW_NANOS : PRINT_NANOS)) {
            shown = System.nanoTime();
            print(share(), false);
        }
    }

    private double share() {
        return bytes == 0 || place > bytes ? Double.NaN : (double) place / bytes;
    }

    /// All are done.
    void done() {
        print(bytes == 0 ? Double.NaN : 1, true);
    }

    private void print(double share, boolean last) {
        double seconds = Math.max(1e-9, (System.nanoTime() - start) / 1e9);
        String numbers = String.format(
                Locale.ROOT,
                "%s: %,d rows, %,.0f rows/s%s",
                what,
                rows,
                rows / seconds,
                Double.isNaN(share) ? "" : bar(share));
        if (watched) {
            err.print("\r\u001b[K" + numbers + (last ? System.lineSeparator() : ""));
        } else {
            err.println(numbers);
        }
        err.flush();
    }

    private String bar(double share) {
        int full = (int) (share * WIDTH);
        String percent = String.format(Locale.ROOT, "%.0f %%", 100 * share);
        return watched ? "  [" + "#".repeat(full) + "-".repeat(WIDTH - full) + "] " + percent : ", " + percent;
    }
}
