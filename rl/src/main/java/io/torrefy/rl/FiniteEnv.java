package io.torrefy.rl;

import io.torrefy.export.Export;

/// An environment of numbered states and actions that knows its model.
@Export(value = "rl.FiniteEnv", since = "0.1")
public interface FiniteEnv extends Env<Integer, Integer> {
    int states();

    int actions();

    /// The whole model: what planning needs, and what sampling must agree with.
    FiniteMdp mdp();

    /// Begins an episode in any state, as exploring starts ask for, with the random numbers that follow.
    ///
    /// @throws IllegalArgumentException if there is no such state
    /// @throws UnsupportedOperationException by default: an environment may not be able to
    default Integer resetTo(int state) {
        throw new UnsupportedOperationException("[env] expected an environment that begins in any state; got " + this
                + ", which does not. Hint: new TableEnv(env.mdp()) does.");
    }
}
