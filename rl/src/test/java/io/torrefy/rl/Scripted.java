package io.torrefy.rl;

import java.util.Collections;
import java.util.List;

/// An environment that plays a list: its observations, its rewards, and a terminal state where `ends` says so.
class Scripted implements Env<float[], Integer> {
    private final List<float[]> observations;
    private final double[] rewards;
    private final int ends;
    private int at;

    /// @param rewards of the steps, which lead to observations 1, 2, ...
    /// @param ends the step that terminates, from 0; -1 for none
    Scripted(List<float[]> observations, double[] rewards, int ends) {
        this.observations = observations;
        this.rewards = rewards;
        this.ends = ends;
    }

    static Scripted rewards(double... rewards) {
        return new Scripted(Collections.nCopies(rewards.length + 1, new float[] {0}), rewards, -1);
    }

    @Override
    public Space<float[]> observationSpace() {
        int size = observations.getFirst().length;
        return Box.of(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, size);
    }

    @Override
    public Space<Integer> actionSpace() {
        return Discrete.of(2);
    }

    @Override
    public float[] reset(long seed) {
        return reset();
    }

    @Override
    public float[] reset() {
        at = 0;
        return observations.getFirst().clone();
    }

    @Override
    public Step<float[]> step(Integer action) {
        at++;
        return new Step<>(observations.get(at).clone(), rewards[at - 1], at - 1 == ends, false);
    }
}
