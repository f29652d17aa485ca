package io.torrefy.bench;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What came out of a row on a number of threads.
///
/// @param entries one for each contender of the row, ours first
record Result(Row row, int threads, List<Entry> entries) {
    /// One contender's part.
    ///
    /// @param unit of the work
    /// @param speeds units of work a second, one number a round; empty where it failed
    /// @param secondsPerRun of one run, over the rounds; null where it failed
    /// @param peak greatest resident memory in bytes; 0 where that is not known
    /// @param warmUp what it took before; null where it failed
    /// @param why it failed, or null
    record Entry(
            Contender who,
            String unit,
            double[] speeds,
            @Nullable Stats secondsPerRun,
            long peak,
            WarmUp.@Nullable Cost warmUp,
            @Nullable String why) {
        static Entry failed(Contender who, String why) {
            return new Entry(who, "", new double[0], null, 0, null, why);
        }

        boolean ran() {
            return why == null;
        }
    }

    Entry ours() {
        return entries.getFirst();
    }

    private boolean memory() {
        return row.target().metric() == Target.Metric.MEMORY;
    }

    /// The peer that did best among those that ran, by the median.
    Optional<Entry> bestPeer() {
        Comparator<Entry> order = memory()
                ? Comparator.comparing(e -> -(double) e.peak())
                : Comparator.comparing(e -> Stats.of(e.speeds()).median());
        return entries.stream()
                .skip(1)
                .filter(e -> e.ran() && (!memory() || e.peak() > 0))
                .max(order);
    }

    /// Ours against a peer: for speed round by round, so that what slowed both in a round cancels.
    Optional<Stats> ratio(Entry peer) {
        if (!ours().ran() || !peer.ran()) {
            return Optional.empty();
        }
        if (memory()) {
            return peer.peak() == 0 || ours().peak() == 0
                    ? Optional.empty()
                    : Optional.of(Stats.of((double) ours().peak() / peer.peak()));
        }
        double[] each = new double[peer.speeds().length];
        for (int i = 0; i < each.length; i++) {
            each[i] = ours().speeds()[i] / peer.speeds()[i];
        }
        return Optional.of(Stats.of(each));
    }

    /// Ours against the best peer.
    Optional<Stats> ratio() {
        return bestPeer().flatMap(this::ratio);
    }

    /// Whether the target is met; empty when there is none or no peer to hold against.
    Optional<Boolean> met() {
        return row.target().exists() ? ratio().map(r -> row.target().met(r.median(), threads)) : Optional.empty();
    }
}
