package io.torrefy.rl.deep;

import io.torrefy.rl.Env;
import io.torrefy.rl.Space;
import io.torrefy.rl.Step;

/// A limit on time.
record Limited<O, A>(Env<O, A> env, int limit, int[] taken) implements Env<O, A> {
    Limited(Env<O, A> env, int limit) {
        this(env, limit, new int[1]);
    }

    @Override
    public Space<O> observationSpace() {
        return env.observationSpace();
    }

    @Override
    public Space<A> actionSpace() {
        return env.actionSpace();
    }

    @Override
    public O reset(long seed) {
        taken[0] = 0;
        return env.reset(seed);
    }

    @Override
    public O reset() {
        taken[0] = 0;
        return env.reset();
    }

    @Override
    public Step<O> step(A action) {
        Step<O> step = env.step(action);
        return new Step<>(step.observation(), step.reward(), step.terminated(), ++taken[0] >= limit);
    }
}
