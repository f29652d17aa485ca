package io.torrefy.rl.internal;

import io.torrefy.rl.Discrete;
import io.torrefy.rl.Env;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.Space;
import io.torrefy.rl.TableEnv;

/// An environment of numbered states and actions as learners of tables walk through it: no object is made for a step.
public interface Walk {
    int states();

    int actions();

    /// Begins an episode and gives its first state.
    int reset();

    /// Begins an episode in a state.
    ///
    /// @throws IllegalArgumentException where the environment cannot
    int resetTo(int state);

    /// Takes an action and gives the next state; the rest is asked for below.
    int step(int action);

    double reward();

    boolean terminated();

    boolean truncated();

    /// The walk through an environment, all randomness from a seed. A bare table is walked through its rows.
    ///
    /// @throws IllegalArgumentException unless states and actions are numbered from 0
    static Walk of(Env<Integer, Integer> env, long seed) {
        return env instanceof TableEnv table
                ? new TableWalk(table.mdp(), seed)
                : new EnvWalk(env, size(env.observationSpace(), "states"), size(env.actionSpace(), "actions"), seed);
    }

    static Walk of(FiniteMdp mdp, long seed) {
        return new TableWalk(mdp, seed);
    }

    private static int size(Space<Integer> space, String what) {
        if (space instanceof Discrete(int n, int start) && start == 0) {
            return n;
        }
        throw new IllegalArgumentException("[learn] expected " + what + " that are numbered from 0; got " + space
                + ". Hint: a learner of tables has an entry for each.");
    }
}
