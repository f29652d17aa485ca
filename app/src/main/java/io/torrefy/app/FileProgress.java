package io.torrefy.app;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// How far a pass over files is, on standard error: a bar that is drawn anew in its line where somebody watches, a line
/// now and then elsewhere.
final class FileProgress {
    private static final long DRAW_NANOS = 100_000_000;
    private static final long PRINT_NANOS = 2_000_000_000;
    private static final int WIDTH = 30;

    private final PrintWriter err;
    private final String what;
    private final String unit;
    private final boolean watched;
    private final long bytes;
    private final long start = System.nanoTime();
    private long shown = start;
    private long before;
    private long size;
    private long doneBefore;
    private long place;
    private long done;

    /// @param what the pass is, for the head of the line
    /// @param unit of what is counted: rows, records
    /// @param bytes of all that is to be read; 0 where nobody knows
    FileProgress(PrintWriter err, String what, String unit, boolean watched, long bytes) {
        this.err = err;
        this.what = what;
        this.unit = unit;
        this.watched = watched;
        this.bytes = bytes;
    }

    /// Of a pass over `files`. A pipe has no size, and then none is told.
    static FileProgress of(PrintWriter err, String what, String unit, List<Path> files) throws IOException {
        boolean watched = Boolean.getBoolean("torrefy.terminal");
        long bytes = 0;
        for (Path file : files) {
            if (!Files.isRegularFile(file)) {
                return new FileProgress(err, what, unit, watched, 0);
            }
            bytes += Tables.size(file);
        }
        return new FileProgress(err, what, unit, watched, bytes);
    }

    /// `file` is read now; places and counts are its own from here on.
    void begin(Path file) throws IOException {
        before += size;
        size = Files.isRegularFile(file) ? Tables.size(file) : 0;
        doneBefore = done;
        place = before;
    }

    /// So many bytes of the file are read and so many of its rows or records are done.
    void at(long offset, long count) {
        at(offset);
        show(count);
    }

    /// So much is read, of what all there is is counted in.
    void at(long offset) {
        place = before + offset;
    }

    /// So many rows or records are done.
    void show(long count) {
        done = doneBefore + count;
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

    /// All are done, which is worth no line where it took no time.
    void end() {
        if (shown != start) {
            done();
        }
    }

    private void print(double share, boolean last) {
        double seconds = Math.max(1e-9, (System.nanoTime() - start) / 1e9);
        String numbers = String.format(
                Locale.ROOT,
                "%s: %,d %s, %,.0f %s/s%s",
                what,
                done,
                unit,
                done / seconds,
                unit,
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
