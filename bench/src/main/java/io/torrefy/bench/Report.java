package io.torrefy.bench;

import java.io.PrintWriter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The table for people.
final class Report {
    private final PrintWriter out;

    Report(PrintWriter out) {
        this.out = out;
    }

    private static String format(String form, Object... values) {
        return String.format(Locale.ROOT, form, values);
    }

    void header() {
        out.println(format(
                "%-46s %3s  %-12s %-34s %-22s %s", "work", "thr", "who", "median (quartiles)", "ratio", "target"));
        out.flush();
    }

    void row(Result result) {
        String best = result.bestPeer().map(e -> e.who().name()).orElse("");
        for (Result.Entry entry : result.entries()) {
            boolean ours = entry.who().name().equals(Contender.OURS);
            String ratio = ours ? "" : result.ratio(entry).map(Report::ratio).orElse("");
            boolean decides = entry.who().name().equals(best);
            out.println(format(
                            "%-46s %3s  %-12s %-34s %-22s %s",
                            ours ? result.row().title() : "",
                            ours ? result.threads() : "",
                            entry.who().name(),
                            entry.ran() ? value(result, entry) : "- " + entry.why(),
                            ratio,
                            decides ? target(result) : "")
                    .stripTrailing());
        }
        out.flush();
    }

    private static String value(Result result, Result.Entry entry) {
        Stats seconds = entry.secondsPerRun();
        if (result.row().target().metric() == Target.Metric.MEMORY) {
            return format("%.0f MB", entry.peak() / 1e6);
        }
        return seconds == null ? "" : time(seconds) + speed(entry);
    }

    private static String time(Stats s) {
        double scale = s.median() >= 1 ? 1 : s.median() >= 1e-3 ? 1e3 : 1e6;
        String unit = scale == 1 ? "s" : scale == 1e3 ? "ms" : "us";
        return format("%.3g %s (%.3g-%.3g)", s.median() * scale, unit, s.low() * scale, s.high() * scale);
    }

    private static String speed(Result.Entry entry) {
        double median = Stats.of(entry.speeds()).median();
        return switch (entry.unit()) {
            case "flops" -> format(" %.0f GF/s", median / 1e9);
            case "bytes" -> format(" %.1f GB/s", median / 1e9);
            default ->
                median >= 1e6
                        ? format(" %.1f M %s/s", median / 1e6, entry.unit())
                        : format(" %.0f %s/s", median, entry.unit());
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
        @Nullable Boolean met = result.met().orElse(null);
        return format("%s %.2f %s", sign, target.bound(result.threads()), met == null ? "?" : met ? "ok" : "MISSED");
    }
}
