package io.torrefy.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Results as if measured.
final class Made {
    static final Contender BLAS = Contender.java("BLAS", "x");
    static final Contender TORCH = Contender.python("torch", "kernels");

    private Made() {}

    /// A row with both peers on one and two threads.
    static Row row(String name) {
        return Row.of(name, "Work " + name, "x", Map.of()).against(BLAS, TORCH);
    }

    /// Entries for the row's contenders in their order; a null array is a peer that failed.
    static Result result(Row row, int threads, double @Nullable []... speeds) {
        var entries = new ArrayList<Result.Entry>();
        for (int i = 0; i < speeds.length; i++) {
            Contender who = row.contenders().get(i);
            double[] each = speeds[i];
            entries.add(
                    each == null
                            ? Result.Entry.failed(who, "needs --python PYTHON")
                            : new Result.Entry(who, "flops", each, new Stats(0.0019, 0.002, 0.0021), 0, null, null));
        }
        return new Result(row, threads, entries);
    }

    /// A row that compares peak bytes: ours, then the peers'; 0 is not known.
    static Result memory(Row row, int threads, long... peaks) {
        var entries = new ArrayList<Result.Entry>();
        for (int i = 0; i < peaks.length; i++) {
            entries.add(new Result.Entry(
                    row.contenders().get(i), "tokens", new double[] {100}, Stats.of(1), peaks[i], null, null));
        }
        return new Result(row, threads, entries);
    }

    static double[] speeds(double... each) {
        return each;
    }

    /// A run on a processor of that name.
    static Run run(String cpu, boolean quick, List<Run.Measured> rows) {
        return new Run("2026-01-02T03:04:05Z", "abc", false, cpu, 2, "25", "Linux", 7, quick, rows, List.of());
    }
}
