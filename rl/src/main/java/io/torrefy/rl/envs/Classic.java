package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.Box;
import io.torrefy.rl.Env;
import io.torrefy.rl.Space;
import io.torrefy.rl.Step;
import io.torrefy.tensor.SplitMix;
import java.util.Arrays;

/// Gymnasium's classic control: a system of a few numbers, computed in doubles and seen in floats. Time limits belong
/// to registered ids.
///
/// @param <A> actions
@Export(value = "rl.envs.Classic", since = "0.1")
public abstract class Classic<A> implements Env<float[], A> {
    private final String name;
    private final Box observations;
    private final Space<A> actions;
    private SplitMix random = new SplitMix(0, 0);
    private boolean running;

    Classic(String name, Box observations, Space<A> actions) {
        this.name = name;
        this.observations = observations;
        this.actions = actions;
    }

    /// Draws a first state.
    abstract void draw(SplitMix numbers);

    abstract void set(double[] state);

    /// Whether an action out of its bounds counts as the nearest one, as Gymnasium has it where forces are
    /// continuous.
    boolean clips() {
        return false;
    }

    /// Takes an action that is known to be one, while an episode runs.
    abstract Step<float[]> advance(A action);

    /// What is seen of the state, as a new array.
    abstract float[] observe();

    /// The state, whose numbers each environment names, as a new array.
    public abstract double[] state();

    @Override
    public final Box observationSpace() {
        return observations;
    }

    @Override
    public final Space<A> actionSpace() {
        return actions;
    }

    @Override
    public final float[] reset(long seed) {
        random = new SplitMix(seed, 0);
        return reset();
    }

    @Override
    public final float[] reset() {
        draw(random);
        running = true;
        return observe();
    }

    /// Begins an episode in a given state; what is drawn later goes on as it was.
    ///
    /// @throws IllegalArgumentException unless it has the numbers of [#state], all finite
    public final float[] resetTo(double... state) {
        int size = state().length;
        if (state.length != size || !Arrays.stream(state).allMatch(Double::isFinite)) {
            throw new IllegalArgumentException("[" + name + "] expected a state of " + size + " finite numbers; got "
                    + Arrays.toString(state) + ".");
        }
        set(state);
        running = true;
        return observe();
    }

    @Override
    public final Step<float[]> step(A action) {
        if (!running) {
            throw new IllegalStateException("[" + name + "] expected reset() first; got step() where no episode runs."
                    + " Hint: call reset() once before the first step, and again after each step that is done().");
        }
        if (!actions.contains(action)) {
            refuseUnlessClipped(action);
        }
        Step<float[]> step = advance(action);
        running = !step.terminated();
        return step;
    }

    private void refuseUnlessClipped(A action) {
        boolean finite = action instanceof float[] force && force.length == 1 && Float.isFinite(force[0]);
        if (!clips() || !finite) {
            throw actions.refusal(name, "an action", action);
        }
    }

    static double uniform(SplitMix random, double low, double high) {
        return low + (high - low) * random.unit();
    }

    @Override
    public String toString() {
        return name;
    }
}
