package io.torrefy.app;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// How far a pass over files is, as a [ProgressLine] with a bar where somebody watches.
final class FileProgress {
    private static final int WIDTH = 30;

    private final ProgressLine line;
    private final String what;
    private final String unit;
    private final long bytes;
    private long before;
    private long size;
    private long doneBefore;
    private long place;
    private long done;

    /// @param what the pass is, for the head of the line
    /// @param unit of what is counted: rows, records
    /// @param bytes of all that is to be read; 0 where nobody knows
    FileProgress(PrintWriter err, String what, String unit, boolean watched, long bytes) {
        this.line = new ProgressLine(err, watched);
        this.what = what;
        this.unit = unit;
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
        if (line.due()) {
            line.write(text(share()));
        }
    }

    private double share() {
        return bytes == 0 || place > bytes ? Double.NaN : (double) place / bytes;
    }

    /// All are done.
    void done() {
        line.end(text(bytes == 0 ? Double.NaN : 1));
    }

    /// All are done, which is worth no line where it took no time.
    void end() {
        if (line.begun()) {
            done();
        }
    }

    private String text(double share) {
        return String.format(
                Locale.ROOT,
                "%s: %,d %s, %,.0f %s/s%s",
                what,
                done,
                unit,
                done / line.seconds(),
                unit,
                Double.isNaN(share) ? "" : bar(share));
    }

    private String bar(double share) {
        int full = (int) (share * WIDTH);
        String percent = String.format(Locale.ROOT, "%.0f %%", 100 * share);
        return line.watched() ? "  [" + "#".repeat(full) + "-".repeat(WIDTH - full) + "] " + percent : ", " + percent;
    }
}
