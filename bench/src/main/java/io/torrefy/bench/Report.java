package io.torrefy.bench;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The table for people.
final class Report {
    private static final String FORM = "%-60s %3s  %-19s %-38s %-20s %-19s %s";

    private final PrintWriter out;

    Report(PrintWriter out) {
        this.out = out;
    }

    private static String format(String form, Object... values) {
        return String.format(Locale.ROOT, form, values);
    }

    /// @param run that begins
    void header(Run run) {
        String commit = run.commit();
        out.println(format(
                "%s, %d cores; JDK %s; %s; %s",
                run.cpu(),
                run.cores(),
                run.jdk(),
                run.os(),
                commit == null
                        ? "no commit"
                        : "commit " + commit.substring(0, Math.min(10, commit.length()))
                                + (run.dirty() ? " with changes" : "")));
        out.println(format(FORM, "work", "thr", "who", "median (quartiles)", "first, steady after", "ratio", "target"));
        out.flush();
    }

    void row(Result result) {
        String best = result.bestPeer().map(e -> e.who().name()).orElse("");
        for (Result.Entry entry : result.entries()) {
            boolean ours = entry.who().name().equals(Contender.OURS);
            String ratio = ours ? "" : result.ratio(entry).map(Report::ratio).orElse("");
            boolean decides = entry.who().name().equals(best);
            out.println(format(
                            FORM,
                            ours ? result.row().title() : "",
                            ours ? result.threads() : "",
                            entry.who().name(),
                            entry.ran() ? value(result, entry) : "- " + entry.why(),
                            warmUp(entry),
                            ratio,
                            decides ? target(result) : "")
                    .stripTrailing());
        }
        out.flush();
    }

    /// The lines below the table, one a suite and number of threads.
    void suites(List<Suite> suites) {
        for (Suite suite : suites) {
            String count = suite.rows() == suite.of() ? "" + suite.of() : suite.rows() + " of " + suite.of();
            Double ratio = suite.ratio();
            out.println(format(
                            FORM,
                            "Geometric mean of " + count + " rows of " + suite.name(),
                            suite.threads(),
                            "best peers",
                            ratio == null ? "- none of them ran" : "",
                            "",
                            ratio == null ? "" : format("%.2f", ratio),
                            suite.target() == null ? "" : target(">=", suite.target(), suite.met()))
                    .stripTrailing());
        }
        out.flush();
    }

    /// What got slower than in the history.
    void verdict(Regression.Verdict verdict) {
        for (Regression.Change change : verdict.worse()) {
            out.println(format(
                    "%s than the last %s: %s, %d %s: %s then, %s now",
                    change.memory() ? "more memory" : "slower",
                    change.runs() == 1 ? "run" : change.runs() + " runs",
                    change.row(),
                    change.threads(),
                    change.threads() == 1 ? "thread" : "threads",
                    value(change, change.then()),
                    value(change, change.now())));
        }
        if (verdict.worse().isEmpty()) {
            out.println(format(
                    "no row got slower (%d of %d have a history on this processor)",
                    verdict.compared(), verdict.rows()));
        }
        out.flush();
    }

    private static String value(Regression.Change change, Stats s) {
        if (change.peer() != null) {
            return ratio(s) + " x " + change.peer();
        }
        return change.memory() ? format("%.0f MB", s.median() / 1e6) : speed(s.median(), change.unit());
    }

    private static String value(Result result, Result.Entry entry) {
        Stats seconds = entry.secondsPerRun();
        if (result.row().target().metric() == Target.Metric.MEMORY) {
            return format("%.0f MB", entry.peak() / 1e6);
        }
        return seconds == null
                ? ""
                : time(seconds) + " " + speed(Stats.of(entry.speeds()).median(), entry.unit());
    }

    /// What the first run cost, and how long it took to be as fast as in the end: compilers, caches, fresh memory.
    private static String warmUp(Result.Entry entry) {
        WarmUp.Cost cost = entry.warmUp();
        return cost == null ? "" : format("%.2g s, %.2g s", cost.first(), cost.steady());
    }

    private static String time(Stats s) {
        double scale = s.median() >= 1 ? 1 : s.median() >= 1e-3 ? 1e3 : 1e6;
        String unit = scale == 1 ? "s" : scale == 1e3 ? "ms" : "us";
        return format("%.3g %s (%.3g-%.3g)", s.median() * scale, unit, s.low() * scale, s.high() * scale);
    }

    private static String speed(double median, String unit) {
        return switch (unit) {
            case "flops" -> format("%.0f GF/s", median / 1e9);
            case "bytes" -> format("%.1f GB/s", median / 1e9);
            default ->
                median >= 1e6
                        ? format("%.1f M %s/s", median / 1e6, unit)
                        : format(median >= 100 ? "%.0f %s/s" : "%.3g %s/s", median, unit);
        };
    }

    private static String ratio(Stats r) {
        return format("%.2f (%.2f-%.2f)", r.median(), r.low(), r.high());
    }

    private static String target(Result result) {
        Target target = result.row().target();
        if (!target.exists()) {
            return "";
        }
        String sign = target.metric() == Target.Metric.SPEED ? ">=" : "<=";
        return target(sign, target.bound(result.threads()), result.met().orElse(null));
    }

    private static String target(String sign, double bound, @Nullable Boolean met) {
        return format("%s %.2f %s", sign, bound, met == null ? "?" : met ? "ok" : "MISSED");
    }
}
