package io.torrefy.rl;

import io.torrefy.export.Export;

/// Observations less their running mean, over their running deviation: Gymnasium's `NormalizeObservation`. To evaluate,
/// [#freeze] it, and give the learner what it was trained on.
///
/// @param <A> actions
@Export(value = "rl.NormalizeObservation", since = "0.1")
public final class NormalizeObservation<A> extends Wrapper<float[], A, float[], A> {
    private final Box space;
    private final RunningMoments moments;
    private boolean frozen;

    public NormalizeObservation(Env<float[], A> inside) {
        super(inside);
        int size = inside.observationSpace().flatSize();
        space = Box.of(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, size);
        moments = new RunningMoments(size);
    }

    /// Whether means and deviations stay what they are.
    public void freeze(boolean value) {
        frozen = value;
    }

    private float[] normalized(float[] observation) {
        float[] result = new float[observation.length];
        for (int i = 0; i < result.length; i++) {
            if (!frozen) {
                moments.add(i, observation[i]);
            }
            result[i] = (float) ((observation[i] - moments.mean(i)) / moments.deviation(i));
        }
        if (!frozen) {
            moments.counted();
        }
        return result;
    }

    @Override
    public Space<float[]> observationSpace() {
        return space;
    }

    @Override
    public Space<A> actionSpace() {
        return inside().actionSpace();
    }

    @Override
    public float[] reset(long seed) {
        return normalized(inside().reset(seed));
    }

    @Override
    public float[] reset() {
        return normalized(inside().reset());
    }

    @Override
    public Step<float[]> step(A action) {
        Step<float[]> step = inside().step(action);
        return new Step<>(normalized(step.observation()), step.reward(), step.terminated(), step.truncated());
    }
}
