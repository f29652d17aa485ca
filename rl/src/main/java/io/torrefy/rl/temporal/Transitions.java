package io.torrefy.rl.temporal;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.internal.Walk;
import io.torrefy.tensor.SplitMix;

/// Steps that somebody took: what off-policy learners learn from. Columns of one length.
///
/// @param state before the step
/// @param next state after it
/// @param terminated whether the episode ended with it, so that nothing is bootstrapped
@Export(value = "rl.temporal.Transitions", since = "0.1")
public record Transitions(
        int states, int actions, int[] state, int[] action, double[] reward, int[] next, boolean[] terminated) {
    /// @throws IllegalArgumentException on columns of several lengths, and on the first state or action that is
    ///     none
    public Transitions {
        int n = state.length;
        if (action.length != n || reward.length != n || next.length != n || terminated.length != n) {
            throw new IllegalArgumentException("[transitions] expected columns of one length; got " + n + ", "
                    + action.length + ", " + reward.length + ", " + next.length + " and " + terminated.length + ".");
        }
        for (int k = 0; k < n; k++) {
            if (outside(state[k], states) || outside(next[k], states) || outside(action[k], actions)) {
                throw new IllegalArgumentException(
                        "[transitions] expected states in [0, " + states + ") and actions in [0, " + actions + "); got "
                                + state[k] + ", " + action[k] + ", " + next[k] + " at " + k + ".");
            }
        }
    }

    private static boolean outside(int i, int n) {
        return i < 0 || i >= n;
    }

    /// So many steps of a policy, in as many episodes as they take.
    public static Transitions sample(Env<Integer, Integer> env, TabularPolicy policy, int steps, long seed) {
        Walk walk = Walk.of(env, seed);
        var random = new SplitMix(seed, 1);
        int[] state = new int[steps];
        int[] action = new int[steps];
        double[] reward = new double[steps];
        int[] next = new int[steps];
        boolean[] terminated = new boolean[steps];
        int s = walk.reset();
        for (int k = 0; k < steps; k++) {
            state[k] = s;
            action[k] = policy.action(s, random.unit());
            next[k] = walk.step(action[k]);
            reward[k] = walk.reward();
            terminated[k] = walk.terminated();
            s = walk.terminated() || walk.truncated() ? walk.reset() : next[k];
        }
        return new Transitions(walk.states(), walk.actions(), state, action, reward, next, terminated);
    }

    public int size() {
        return state.length;
    }
}
