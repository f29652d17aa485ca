package io.torrefy.rl;

import io.torrefy.export.Export;

/// Refuses a step where no episode runs: before the first reset, and after a step that was done, also one that a
/// wrapper inside truncated.
///
/// @param <O> observations
/// @param <A> actions
@Export(value = "rl.OrderEnforcing", since = "0.1")
public final class OrderEnforcing<O, A> extends Wrapper.SameSpaces<O, A> {
    private boolean running;

    public OrderEnforcing(Env<O, A> inside) {
        super(inside);
    }

    @Override
    protected O begun(O observation) {
        running = true;
        return observation;
    }

    @Override
    public Step<O> step(A action) {
        if (!running) {
            throw Episodes.over();
        }
        Step<O> step = inside().step(action);
        running = !step.done();
        return step;
    }
}
