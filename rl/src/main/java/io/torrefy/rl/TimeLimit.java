package io.torrefy.rl;

import io.torrefy.export.Export;

/// Truncates an episode after a number of steps. A step that also reaches a terminal state is both, as in Gymnasium.
///
/// @param <O> observations
/// @param <A> actions
@Export(value = "rl.TimeLimit", since = "0.1")
public final class TimeLimit<O, A> extends Wrapper.SameSpaces<O, A> {
    private final int steps;
    private int taken;

    /// @throws IllegalArgumentException if it allows no step
    public TimeLimit(Env<O, A> inside, int steps) {
        super(inside);
        if (steps < 1) {
            throw new IllegalArgumentException("[timelimit] expected at least one step; got " + steps + ".");
        }
        this.steps = steps;
    }

    /// How many steps an episode may have.
    public int steps() {
        return steps;
    }

    @Override
    protected O begun(O observation) {
        taken = 0;
        return observation;
    }

    @Override
    public Step<O> step(A action) {
        Step<O> step = inside().step(action);
        taken++;
        return taken < steps ? step : new Step<>(step.observation(), step.reward(), step.terminated(), true);
    }
}
