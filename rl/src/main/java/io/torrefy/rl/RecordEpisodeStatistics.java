package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.rl.EpisodeStatistics.Episode;

/// Keeps the return and the length of each episode that ends. Put it inside of wrappers that change rewards to record
/// the environment's own.
///
/// @param <O> observations
/// @param <A> actions
@Export(value = "rl.RecordEpisodeStatistics", since = "0.1")
public final class RecordEpisodeStatistics<O, A> extends Wrapper.SameSpaces<O, A> {
    private final EpisodeStatistics statistics;
    private double total;
    private int length;

    /// With means over 100 episodes.
    public RecordEpisodeStatistics(Env<O, A> inside) {
        this(inside, 100);
    }

    /// @throws IllegalArgumentException if the window is of no episode
    public RecordEpisodeStatistics(Env<O, A> inside, int window) {
        super(inside);
        statistics = new EpisodeStatistics(window);
    }

    public EpisodeStatistics statistics() {
        return statistics;
    }

    @Override
    protected O begun(O observation) {
        total = 0;
        length = 0;
        return observation;
    }

    @Override
    public Step<O> step(A action) {
        Step<O> step = inside().step(action);
        total += step.reward();
        length++;
        if (step.done()) {
            statistics.add(new Episode(total, length));
        }
        return step;
    }
}
