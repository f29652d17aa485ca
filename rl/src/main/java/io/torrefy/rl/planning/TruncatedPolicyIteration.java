package io.torrefy.rl.planning;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.internal.Proper;
import java.util.Arrays;

/// Truncated policy iteration (Zhao, Algorithm 4.3): in each round the policy that is greedy under the values, then j
/// sweeps of its Bellman equation from those values. One sweep is value iteration, sweep for sweep; endlessly many are
/// policy iteration. Its first sweep of each round is one of the optimality equation, which the stopping rule looks at.
@Export(value = "rl.planning.TruncatedPolicyIteration", since = "0.1")
public final class TruncatedPolicyIteration {
    private TruncatedPolicyIteration() {}

    /// From values of zero.
    ///
    /// @param sweeps of each round, at least one
    /// @param stop looks at each round; its `maxSweeps` are rounds
    /// @throws IllegalArgumentException on gamma outside of [0, 1), unless it is 1 and an end can be reached from
    ///     everywhere; on no sweep
    public static Plan of(FiniteMdp mdp, double gamma, int sweeps, Stop stop) {
        if (sweeps < 1) {
            throw new IllegalArgumentException(
                    "[policy iteration] expected at least one sweep a round; got " + sweeps + ".");
        }
        Proper.require("policy iteration", mdp, gamma, _ -> true);
        double[] v = new double[mdp.states()];
        double[] next = new double[v.length];
        int[] choice = new int[v.length];
        var residuals = new Residuals();
        boolean reached = false;
        while (!reached && residuals.size() < stop.maxSweeps()) {
            double change = 0;
            for (int j = 0; j < sweeps; j++) {
                double moved = j == 0 ? improve(mdp, gamma, v, next, choice) : evaluate(mdp, gamma, v, next, choice);
                change = j == 0 ? moved : change;
                double[] last = v;
                v = next;
                next = last;
            }
            residuals.add(change);
            reached = stop.reached(change, gamma);
        }
        return new Plan(
                mdp,
                gamma,
                v,
                Plan.greedy(mdp, v, gamma),
                residuals.size(),
                (long) residuals.size() * sweeps,
                residuals.all(),
                reached || stop.kind() == Stop.Kind.SWEEPS);
    }

    /// The greedy policy into `choice`, and the first sweep of its equation.
    private static double improve(FiniteMdp mdp, double gamma, double[] v, double[] next, int[] choice) {
        return sweep(v, next, s -> {
            double best = Bellman.q(mdp, v, s, 0, gamma);
            choice[s] = 0;
            for (int a = 1; a < mdp.actions(); a++) {
                double q = Bellman.q(mdp, v, s, a, gamma);
                if (q > best) {
                    best = q;
                    choice[s] = a;
                }
            }
            return best;
        });
    }

    private static double evaluate(FiniteMdp mdp, double gamma, double[] v, double[] next, int[] choice) {
        return sweep(v, next, s -> Bellman.q(mdp, v, s, choice[s], gamma));
    }

    private static double sweep(double[] v, double[] next, Backup backup) {
        double[] changes = new double[Blocks.count(v.length)];
        Blocks.each(v.length, (from, to) -> {
            double change = 0;
            for (int s = from; s < to; s++) {
                next[s] = backup.of(s);
                change = Math.max(change, Math.abs(next[s] - v[s]));
            }
            changes[from / Blocks.SIZE] = change;
        });
        return Arrays.stream(changes).max().orElseThrow();
    }

    @FunctionalInterface
    private interface Backup {
        double of(int state);
    }
}
