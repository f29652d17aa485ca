package io.torrefy.rl.planning;

import io.torrefy.export.Export;
import io.torrefy.rl.ActionValues;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.internal.Proper;
import java.util.Arrays;

/// The Bellman equations (Zhao, Chapters 2 and 3). With `q(s, a) = sum over outcomes of p (r + gamma v(s'))`, and v(s')
/// = 0 where the outcome ends the episode:
///
/// - a policy's values are the one solution of `v(s) = sum_a pi(a|s) q(s, a)`;
/// - the best values are the one solution of `v(s) = max_a q(s, a)`.
///
/// Either right-hand side is a contraction by gamma in the maximum norm, so that sweeping it converges.
@Export(value = "rl.planning.Bellman", since = "0.1", members = "rl.planning.bellman")
public final class Bellman {
    /// Most states that [#solve] takes: its matrix has their square.
    public static final int MAX_DENSE = 8192;

    private Bellman() {}

    /// q(s, a) under values of the states.
    public static double q(FiniteMdp mdp, double[] v, int state, int action, double gamma) {
        int pair = state * mdp.actions() + action;
        int end = mdp.offsets()[pair + 1];
        double sum = 0;
        for (int k = mdp.offsets()[pair]; k < end; k++) {
            double after = mdp.terminal()[k] ? 0 : gamma * v[mdp.next()[k]];
            sum += mdp.probability()[k] * (mdp.reward()[k] + after);
        }
        return sum;
    }

    /// All of them.
    public static ActionValues actionValues(FiniteMdp mdp, double[] v, double gamma) {
        var q = ActionValues.of(mdp.states(), mdp.actions(), 0);
        for (int pair = 0; pair < q.values().length; pair++) {
            q.values()[pair] = q(mdp, v, pair / mdp.actions(), pair % mdp.actions(), gamma);
        }
        return q;
    }

    /// The right-hand side of a policy's equation in one state.
    public static double expectation(FiniteMdp mdp, TabularPolicy policy, double[] v, int state, double gamma) {
        double sum = 0;
        for (int a = 0; a < mdp.actions(); a++) {
            double p = policy.probability(state, a);
            if (p > 0) {
                sum += p * q(mdp, v, state, a, gamma);
            }
        }
        return sum;
    }

    /// The right-hand side of the optimality equation in one state.
    public static double optimality(FiniteMdp mdp, double[] v, int state, double gamma) {
        double best = q(mdp, v, state, 0, gamma);
        for (int a = 1; a < mdp.actions(); a++) {
            best = Math.max(best, q(mdp, v, state, a, gamma));
        }
        return best;
    }

    /// A policy's values in closed form, `v = (I - gamma P)^-1 r`.
    ///
    /// @throws IllegalArgumentException on gamma outside of [0, 1), unless it is 1 and the policy ends from
    ///     everywhere; for more than [#MAX_DENSE] states
    public static double[] solve(FiniteMdp mdp, TabularPolicy policy, double gamma) {
        policy.require(mdp);
        Proper.require("bellman", mdp, gamma, pair -> policy.probability()[pair] > 0);
        int n = mdp.states();
        if (n > MAX_DENSE) {
            throw new IllegalArgumentException(
                    "[bellman] expected at most " + MAX_DENSE + " states for the closed form; got " + n
                            + ". Hint: PolicyEvaluation sweeps, in memory of the size of the states.");
        }
        double[][] matrix = new double[n][n];
        double[] r = new double[n];
        for (int s = 0; s < n; s++) {
            matrix[s][s] = 1;
            for (int a = 0; a < mdp.actions(); a++) {
                int pair = s * mdp.actions() + a;
                for (int k = mdp.offsets()[pair]; k < mdp.offsets()[pair + 1]; k++) {
                    double p = policy.probability()[pair] * mdp.probability()[k];
                    r[s] += p * mdp.reward()[k];
                    if (!mdp.terminal()[k]) {
                        matrix[s][mdp.next()[k]] -= gamma * p;
                    }
                }
            }
        }
        return LinearSystem.solve(matrix, r);
    }

    /// How often a policy is in each state in the long run, of a task that never ends: d with `d = d P`. With it
    /// the mean reward is `(1 - gamma) d v` for every gamma.
    ///
    /// @throws IllegalArgumentException where an episode can end, and where the long run depends on the first state
    public static double[] stationary(FiniteMdp mdp, TabularPolicy policy) {
        policy.require(mdp);
        int n = mdp.states();
        double[][] matrix = new double[n][n];
        for (int s = 0; s < n; s++) {
            matrix[s][s] -= 1;
            for (int a = 0; a < mdp.actions(); a++) {
                int pair = s * mdp.actions() + a;
                for (int k = mdp.offsets()[pair]; k < mdp.offsets()[pair + 1]; k++) {
                    double p = policy.probability()[pair] * mdp.probability()[k];
                    if (p > 0 && mdp.terminal()[k]) {
                        throw new IllegalArgumentException(
                                "[bellman] expected a task that never ends; got an end in state " + s + " after action "
                                        + a + ".");
                    }
                    matrix[mdp.next()[k]][s] += p;
                }
            }
        }
        // The equations are dependent: the last gives way to the sum of d being one.
        Arrays.fill(matrix[n - 1], 1);
        double[] sum = new double[n];
        sum[n - 1] = 1;
        return LinearSystem.solve(matrix, sum);
    }
}
