package io.torrefy.rl.planning;

import io.torrefy.export.Export;
import io.torrefy.rl.ActionValues;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TabularPolicy;

/// What planning came to.
///
/// @param values of the states
/// @param choice the action of each state
/// @param rounds improvements of the policy
/// @param sweeps over all states, where there were any
/// @param residuals the largest change of a value in each sweep, or in each round of policy iteration: the curve to
///     draw
/// @param converged whether the stopping rule was met
@Export(value = "rl.planning.Plan", since = "0.1")
public record Plan(
        FiniteMdp mdp,
        double gamma,
        double[] values,
        int[] choice,
        int rounds,
        long sweeps,
        double[] residuals,
        boolean converged) {
    /// The action values that belong to [#values].
    public ActionValues actionValues() {
        return Bellman.actionValues(mdp, values, gamma);
    }

    /// The policy that [#choice] is.
    public TabularPolicy policy() {
        return TabularPolicy.of(mdp.actions(), choice);
    }

    /// What the distribution of first states is worth.
    public double start() {
        double sum = 0;
        for (int s = 0; s < values.length; s++) {
            sum += mdp.start()[s] * values[s];
        }
        return sum;
    }

    /// The first best action of each state; values within rounding of the best count as it, so that the choice does
    /// not depend on noise.
    static int[] greedy(FiniteMdp mdp, double[] v, double gamma) {
        int[] choice = new int[v.length];
        Blocks.each(v.length, (from, to) -> {
            for (int s = from; s < to; s++) {
                choice[s] = greedy(mdp, v, s, gamma, 0);
            }
        });
        return choice;
    }

    /// The best action of a state, but `old` where nothing is better than it by more than rounding.
    static int greedy(FiniteMdp mdp, double[] v, int s, double gamma, int old) {
        int best = old;
        double value = Bellman.q(mdp, v, s, old, gamma);
        for (int a = 0; a < mdp.actions(); a++) {
            double other = Bellman.q(mdp, v, s, a, gamma);
            if (other > value + 1e-10 * Math.max(1, Math.abs(value))) {
                best = a;
                value = other;
            }
        }
        return best;
    }
}
