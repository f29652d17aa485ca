package io.torrefy.rl;

import io.torrefy.export.Export;
import java.util.Arrays;

/// A policy over numbered states and actions: `probability[s * actions + a]` is pi(a | s). The array is the policy's
/// own; do not write to it.
///
/// @param probability `states * actions` entries, those of a state sum to one
@Export(value = "rl.TabularPolicy", since = "0.1")
public record TabularPolicy(int states, int actions, double[] probability) {
    private static final double TOLERANCE = 1e-9;

    /// @throws IllegalArgumentException on another length, and on the first state whose probabilities are none
    public TabularPolicy {
        if (states < 1 || actions < 1 || probability.length != (long) states * actions) {
            throw new IllegalArgumentException(
                    "[policy] expected states * actions probabilities, one state and action at" + " least; got "
                            + probability.length + " for " + states + " states and " + actions + " actions.");
        }
        for (int s = 0; s < states; s++) {
            double sum = 0;
            for (int a = 0; a < actions; a++) {
                double p = probability[s * actions + a];
                if (!(p >= 0)) {
                    throw new IllegalArgumentException("[policy] expected probabilities of at least 0; got " + p
                            + " in state " + s + " for action " + a + ".");
                }
                sum += p;
            }
            if (!(Math.abs(sum - 1) <= TOLERANCE)) {
                throw new IllegalArgumentException("[policy] expected probabilities that sum to one; got " + sum
                        + " in state " + s + ". Hint: a row is a distribution over the actions of its state.");
            }
        }
    }

    /// Every action alike.
    public static TabularPolicy uniform(int states, int actions) {
        double[] p = new double[states * actions];
        Arrays.fill(p, 1.0 / actions);
        return new TabularPolicy(states, actions, p);
    }

    /// The policy that takes `choice[s]` in state s.
    ///
    /// @throws IllegalArgumentException if there is no such action
    public static TabularPolicy of(int actions, int... choice) {
        return epsilonGreedy(actions, choice, 0);
    }

    /// `choice[s]` with probability `1 - epsilon + epsilon / actions`, each other action with `epsilon / actions`.
    ///
    /// @throws IllegalArgumentException if there is no such action, and if epsilon is outside of [0, 1]
    public static TabularPolicy epsilonGreedy(int actions, int[] choice, double epsilon) {
        if (!(epsilon >= 0 && epsilon <= 1)) {
            throw new IllegalArgumentException("[policy] expected epsilon in [0, 1]; got " + epsilon + ".");
        }
        double[] p = new double[choice.length * actions];
        Arrays.fill(p, epsilon / actions);
        for (int s = 0; s < choice.length; s++) {
            if (choice[s] < 0 || choice[s] >= actions) {
                throw new IllegalArgumentException("[policy] expected an action in [0, " + actions + "); got "
                        + choice[s] + " in state " + s + ".");
            }
            // 1 - epsilon + epsilon / actions, in the form that is exactly 1 without exploration.
            p[s * actions + choice[s]] += 1 - epsilon;
        }
        return new TabularPolicy(choice.length, actions, p);
    }

    public double probability(int state, int action) {
        return probability[state * actions + action];
    }

    /// The action that a uniform number in [0, 1) chooses: the first whose cumulative probability is above it.
    public int action(int state, double uniform) {
        int at = state * actions;
        int last = 0;
        double sum = 0;
        for (int a = 0; a < actions; a++) {
            double p = probability[at + a];
            if (p > 0) {
                sum += p;
                last = a;
                if (sum > uniform) {
                    break;
                }
            }
        }
        return last;
    }

    /// The likeliest action of a state, the first of them.
    public int mode(int state) {
        int best = 0;
        for (int a = 1; a < actions; a++) {
            if (probability(state, a) > probability(state, best)) {
                best = a;
            }
        }
        return best;
    }

    /// Refuses what is of another size.
    ///
    /// @throws IllegalArgumentException unless the process has as many states and actions
    public void require(FiniteMdp mdp) {
        if (mdp.states() != states || mdp.actions() != actions) {
            throw new IllegalArgumentException("[policy] expected a policy over " + mdp.states() + " states and "
                    + mdp.actions() + " actions; got one over " + states + " and " + actions + ".");
        }
    }

    /// `TabularPolicy(25 states, 5 actions)`.
    @Override
    public String toString() {
        return "TabularPolicy(" + states + " states, " + actions + " actions)";
    }
}
