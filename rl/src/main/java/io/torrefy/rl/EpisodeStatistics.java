package io.torrefy.rl;

import io.torrefy.export.Export;
import java.util.List;

/// The episodes that ended: their returns, undiscounted, and lengths, and the means of the last ones, which is what
/// training reports as `ep_rew_mean` and `ep_len_mean`. Made by [RecordEpisodeStatistics] and [VectorStatistics].
@Export(value = "rl.EpisodeStatistics", since = "0.1")
public final class EpisodeStatistics {
    /// One episode.
    ///
    /// @param total sum of its rewards
    public record Episode(double total, int length) {}

    private final Episode[] last;
    private long count;

    /// @param window of how many episodes the means are
    /// @throws IllegalArgumentException if of none
    public EpisodeStatistics(int window) {
        if (window < 1) {
            throw new IllegalArgumentException(
                    "[statistics] expected a window of at least one episode; got " + window + ".");
        }
        last = new Episode[window];
    }

    void add(Episode episode) {
        last[(int) (count % last.length)] = episode;
        count++;
    }

    /// How many episodes ended so far.
    public long count() {
        return count;
    }

    /// The last ones, oldest first.
    public List<Episode> last() {
        int kept = (int) Math.min(count, last.length);
        var list = new Episode[kept];
        for (int i = 0; i < kept; i++) {
            list[i] = last[(int) ((count - kept + i) % last.length)];
        }
        return List.of(list);
    }

    /// Mean return of the last ones; NaN before the first.
    public double meanReturn() {
        return last().stream().mapToDouble(Episode::total).average().orElse(Double.NaN);
    }

    /// Mean length of the last ones; NaN before the first.
    public double meanLength() {
        return last().stream().mapToInt(Episode::length).average().orElse(Double.NaN);
    }
}
