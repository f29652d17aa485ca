package io.torrefy.rl.montecarlo;

import io.torrefy.rl.stochastic.StepSize;
import java.util.Arrays;

/// Estimates that are corrected by the returns of an episode, entry by entry.
final class Averages {
    final double[] values;
    private final StepSize alpha;
    private final long[] count;
    /// The episode that last came by an entry, for the first visits.
    private final int[] seen;
    /// Where that was first.
    private final int[] first;
    private int episodes;

    Averages(double[] values, StepSize alpha) {
        this.values = values;
        this.alpha = alpha;
        count = new long[values.length];
        seen = new int[values.length];
        first = new int[values.length];
        Arrays.fill(seen, -1);
    }

    /// Which entry a step belongs to.
    @FunctionalInterface
    interface Entry {
        int of(int state, int action);
    }

    /// Corrects by the returns of an episode, from its end: `G = r + gamma G; value += alpha (G - value)`.
    void learn(Episode episode, Entry entry, double gamma, Visits visits, int dropLast) {
        if (visits == Visits.FIRST) {
            markFirst(episode, entry);
        }
        int taught = episode.taught(dropLast);
        double g = 0;
        for (int t = episode.length() - 1; t >= 0; t--) {
            g = episode.reward(t) + gamma * g;
            int i = entry.of(episode.state(t), episode.action(t));
            if (t < taught && (visits == Visits.EVERY || first[i] == t)) {
                add(i, g);
            }
        }
        episodes++;
    }

    void add(int i, double g) {
        double a = alpha.at(++count[i]);
        // A step of 1 forgets the guess exactly.
        values[i] = a == 1 ? g : values[i] + a * (g - values[i]);
    }

    private void markFirst(Episode episode, Entry entry) {
        for (int t = 0; t < episode.length(); t++) {
            int i = entry.of(episode.state(t), episode.action(t));
            if (seen[i] != episodes) {
                seen[i] = episodes;
                first[i] = t;
            }
        }
    }
}
