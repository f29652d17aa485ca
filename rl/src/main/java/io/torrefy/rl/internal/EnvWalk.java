package io.torrefy.rl.internal;

import io.torrefy.rl.Env;
import io.torrefy.rl.FiniteEnv;
import io.torrefy.rl.Step;
import org.jspecify.annotations.Nullable;

/// Any environment of numbered states and actions, wrappers included.
final class EnvWalk implements Walk {
    private final Env<Integer, Integer> env;
    private final int states;
    private final int actions;
    private final long seed;
    private boolean seeded;
    private @Nullable Step<Integer> last;

    EnvWalk(Env<Integer, Integer> env, int states, int actions, long seed) {
        this.env = env;
        this.states = states;
        this.actions = actions;
        this.seed = seed;
    }

    @Override
    public int states() {
        return states;
    }

    @Override
    public int actions() {
        return actions;
    }

    @Override
    public int reset() {
        if (seeded) {
            return env.reset();
        }
        seeded = true;
        return env.reset(seed);
    }

    @Override
    public int resetTo(int state) {
        if (!(env instanceof FiniteEnv finite)) {
            throw new IllegalArgumentException("[learn] expected an environment that can begin anywhere; got " + env
                    + ". Hint: exploring starts need a FiniteEnv; epsilon-greedy Monte Carlo does without.");
        }
        if (!seeded) {
            reset();
        }
        return finite.resetTo(state);
    }

    @Override
    public int step(int action) {
        Step<Integer> step = env.step(action);
        last = step;
        return step.observation();
    }

    private Step<Integer> last() {
        Step<Integer> step = last;
        if (step == null) {
            throw new IllegalStateException("[learn] expected a step; got none yet.");
        }
        return step;
    }

    @Override
    public double reward() {
        return last().reward();
    }

    @Override
    public boolean terminated() {
        return last().terminated();
    }

    @Override
    public boolean truncated() {
        return last().truncated();
    }
}
