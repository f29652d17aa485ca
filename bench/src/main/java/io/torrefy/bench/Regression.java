package io.torrefy.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Whether rows got slower than they were on the same kind of processor. Ratios to a peer are compared where there are
/// any: they hold on a busy or a colder machine too. Memory counts like time in the rows that compare it.
final class Regression {
    /// So many runs back.
    private static final int RUNS = 5;
    /// A change below this part is noise on any machine; to it come the spreads of both sides.
    private static final double FLOOR = 0.05;

    private Regression() {}

    /// What came out.
    ///
    /// @param worse what got worse by more than noise
    /// @param compared how many rows the history knows
    /// @param rows how many rows ran
    record Verdict(List<Change> worse, int compared, int rows) {}

    /// A row then and now.
    ///
    /// @param runs how many runs `then` is of
    /// @param memory whether memory is meant instead of speed
    /// @param peer the numbers are ratios to this one; null for our own bytes, or units a second
    /// @param unit of the work
    /// @param then over those runs: the median of the medians, the lower quartile of the lower ones, the upper of
    ///     the upper ones
    record Change(
            String row,
            int threads,
            int runs,
            boolean memory,
            @Nullable String peer,
            String unit,
            Stats then,
            Stats now) {
        /// A relative change up to this one may be noise: 5 % and the distance of the quartiles of both.
        double noise() {
            return FLOOR + spread(then) + spread(now);
        }

        boolean worse() {
            return memory ? now.median() > then.median() * (1 + noise()) : now.median() < then.median() * (1 - noise());
        }

        private static double spread(Stats s) {
            return (s.high() - s.low()) / s.median();
        }
    }

    /// Holds each row against the last up to five runs that have a number to compare: first the ratio to the peer
    /// that is best now, else our own speed. Quick runs are no measure, of either side.
    ///
    /// @param history oldest first
    static Verdict of(Run now, List<Run> history) {
        List<Run.Measured> ran =
                now.rows().stream().filter(row -> row.ours().isPresent()).toList();
        List<Run> alike = now.quick()
                ? List.of()
                : history.stream()
                        .filter(run -> !run.quick() && run.cpu().equals(now.cpu()))
                        .toList();
        List<Change> changes =
                ran.stream().flatMap(row -> change(row, alike).stream()).toList();
        return new Verdict(changes.stream().filter(Change::worse).toList(), changes.size(), ran.size());
    }

    private static Optional<Change> change(Run.Measured now, List<Run> history) {
        List<Run.Measured> before = history.stream()
                .flatMap(run -> run.rows().stream())
                .filter(row ->
                        row.name().equals(now.name()) && row.threads() == now.threads() && row.memory() == now.memory())
                .toList();
        String peer = now.best();
        Optional<Change> byRatio =
                peer == null ? Optional.empty() : change(now, before, peer, "", row -> row.ratio(peer));
        if (byRatio.isPresent()) {
            return byRatio;
        }
        String unit = now.ours().map(Run.Part::unit).orElse("");
        return change(now, before, null, unit, row -> row.ours().flatMap(ours -> own(ours, now.memory(), unit)));
    }

    private static Optional<Change> change(
            Run.Measured now,
            List<Run.Measured> before,
            @Nullable String peer,
            String unit,
            Function<Run.Measured, Optional<Stats>> number) {
        List<Stats> then = new ArrayList<>();
        before.forEach(row -> number.apply(row).ifPresent(then::add));
        if (then.isEmpty()) {
            return Optional.empty();
        }
        List<Stats> last = then.subList(Math.max(0, then.size() - RUNS), then.size());
        return number.apply(now)
                .map(s -> new Change(
                        now.name(), now.threads(), last.size(), now.memory(), peer, unit, together(last), s));
    }

    private static Optional<Stats> own(Run.Part ours, boolean memory, String unit) {
        if (memory) {
            return Optional.ofNullable(ours.peak()).map(Stats::of);
        }
        return unit.equals(ours.unit()) ? Optional.ofNullable(ours.speed()) : Optional.empty();
    }

    /// What runs differ by among themselves is noise too.
    private static Stats together(List<Stats> runs) {
        return new Stats(
                of(runs, Stats::low).low(),
                of(runs, Stats::median).median(),
                of(runs, Stats::high).high());
    }

    private static Stats of(List<Stats> runs, Function<Stats, Double> which) {
        return Stats.of(runs.stream().mapToDouble(which::apply).toArray());
    }
}
