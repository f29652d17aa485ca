package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;

/// The environment that samples a finite model: every environment with a table is one. An action whose outcome is
/// certain draws no random number.
@Export(value = "rl.TableEnv", since = "0.1")
public class TableEnv implements FiniteEnv {
    private final FiniteMdp mdp;
    private final Discrete observations;
    private final Discrete actions;
    private SplitMix random = new SplitMix(0, 0);
    private int state;
    private boolean running;

    public TableEnv(FiniteMdp mdp) {
        this.mdp = mdp;
        observations = Discrete.of(mdp.states());
        actions = Discrete.of(mdp.actions());
    }

    @Override
    public final int states() {
        return mdp.states();
    }

    @Override
    public final int actions() {
        return mdp.actions();
    }

    @Override
    public final FiniteMdp mdp() {
        return mdp;
    }

    @Override
    public final Space<Integer> observationSpace() {
        return observations;
    }

    @Override
    public final Space<Integer> actionSpace() {
        return actions;
    }

    @Override
    public final Integer reset(long seed) {
        random = new SplitMix(seed, 0);
        return reset();
    }

    @Override
    public final Integer reset() {
        running = true;
        state = mdp.first(random.unit());
        return state;
    }

    @Override
    public final Integer resetTo(int first) {
        observations.require("env", "a state", first);
        running = true;
        state = first;
        return state;
    }

    /// The state it is in.
    public final int state() {
        return state;
    }

    @Override
    public final Step<Integer> step(Integer action) {
        int row = move(action);
        return new Step<>(state, mdp.reward()[row], mdp.terminal()[row], false);
    }

    /// Takes one action and makes no object: the row of [#mdp] whose outcome came true.
    ///
    /// @throws IllegalStateException as [#step] does
    /// @throws IllegalArgumentException as [#step] does
    public final int move(int action) {
        if (!running) {
            throw Episodes.over();
        }
        if (action < 0 || action >= mdp.actions()) {
            throw actions.refusal("env", "an action", action);
        }
        int pair = state * mdp.actions() + action;
        int row = mdp.offsets()[pair];
        if (mdp.offsets()[pair + 1] - row > 1) {
            row = mdp.outcome(state, action, random.unit());
        }
        state = mdp.next()[row];
        running = !mdp.terminal()[row];
        return row;
    }
}
