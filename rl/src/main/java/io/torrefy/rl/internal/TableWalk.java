package io.torrefy.rl.internal;

import io.torrefy.rl.FiniteMdp;
import io.torrefy.tensor.SplitMix;

/// Samples a finite model. An outcome that is certain draws no random number.
final class TableWalk implements Walk {
    private final FiniteMdp mdp;
    private final int actions;
    private final int[] offsets;
    private final int[] next;
    private final double[] rewards;
    private final boolean[] terminal;
    /// Whether each pair has one outcome: then rows are pairs.
    private final boolean certain;
    /// The only first state, or -1.
    private final int start;
    private final SplitMix random;
    private int state;
    private double reward;
    private boolean terminated;

    TableWalk(FiniteMdp mdp, long seed) {
        this.mdp = mdp;
        actions = mdp.actions();
        offsets = mdp.offsets();
        next = mdp.next();
        rewards = mdp.reward();
        terminal = mdp.terminal();
        certain = next.length == mdp.states() * actions;
        start = only(mdp.start());
        random = new SplitMix(seed, 0);
    }

    private static int only(double[] start) {
        int found = -1;
        for (int s = 0; s < start.length; s++) {
            if (start[s] > 0) {
                if (found >= 0) {
                    return -1;
                }
                found = s;
            }
        }
        return found;
    }

    @Override
    public int states() {
        return mdp.states();
    }

    @Override
    public int actions() {
        return actions;
    }

    @Override
    public int reset() {
        state = start >= 0 ? start : mdp.first(random.unit());
        return state;
    }

    @Override
    public int resetTo(int first) {
        state = first;
        return state;
    }

    @Override
    public int step(int action) {
        int row = state * actions + action;
        if (!certain) {
            row = outcome(row, action);
        }
        reward = rewards[row];
        terminated = terminal[row];
        state = next[row];
        return state;
    }

    private int outcome(int pair, int action) {
        int row = offsets[pair];
        return offsets[pair + 1] - row > 1 ? mdp.outcome(state, action, random.unit()) : row;
    }

    @Override
    public double reward() {
        return reward;
    }

    @Override
    public boolean terminated() {
        return terminated;
    }

    @Override
    public boolean truncated() {
        return false;
    }
}
