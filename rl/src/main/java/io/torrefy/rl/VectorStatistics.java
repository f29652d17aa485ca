package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.rl.EpisodeStatistics.Episode;
import java.util.Arrays;

/// A vector environment that keeps the return and the length of each episode that ends, in the order of steps, and of
/// slots within a step.
///
/// @param <A> actions of all slots
@Export(value = "rl.VectorStatistics", since = "0.1")
public final class VectorStatistics<A> implements VectorEnv<A> {
    private final VectorEnv<A> inside;
    private final EpisodeStatistics statistics;
    private final double[] totals;
    private final int[] lengths;

    /// @param window of how many episodes the means are
    /// @throws IllegalArgumentException if of none
    public VectorStatistics(VectorEnv<A> inside, int window) {
        this.inside = inside;
        statistics = new EpisodeStatistics(window);
        totals = new double[inside.count()];
        lengths = new int[inside.count()];
    }

    public EpisodeStatistics statistics() {
        return statistics;
    }

    @Override
    public int count() {
        return inside.count();
    }

    @Override
    public Box observationSpace() {
        return inside.observationSpace();
    }

    @Override
    public Space<?> actionSpace() {
        return inside.actionSpace();
    }

    @Override
    public void reset(long seed) {
        inside.reset(seed);
        Arrays.fill(totals, 0);
        Arrays.fill(lengths, 0);
    }

    @Override
    public void step(A actions) {
        inside.step(actions);
        for (int i = 0; i < totals.length; i++) {
            totals[i] += inside.rewards()[i];
            lengths[i]++;
            if (inside.done(i)) {
                statistics.add(new Episode(totals[i], lengths[i]));
                totals[i] = 0;
                lengths[i] = 0;
            }
        }
    }

    @Override
    public float[] observations() {
        return inside.observations();
    }

    @Override
    public float[] finalObservations() {
        return inside.finalObservations();
    }

    @Override
    public float[] rewards() {
        return inside.rewards();
    }

    @Override
    public boolean[] terminated() {
        return inside.terminated();
    }

    @Override
    public boolean[] truncated() {
        return inside.truncated();
    }

    @Override
    public void close() {
        inside.close();
    }
}
