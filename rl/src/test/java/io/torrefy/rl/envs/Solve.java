package io.torrefy.rl.envs;

import io.torrefy.rl.FiniteMdp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;

/// The plainest dynamic programming, for tests of models against tables of values: nothing of the product is in it.
final class Solve {
    private Solve() {}

    /// q(s, a) under values of the states.
    static double q(FiniteMdp mdp, double[] v, int s, int a, double gamma) {
        double q = 0;
        for (int k = mdp.offsets()[s * mdp.actions() + a]; k < mdp.offsets()[s * mdp.actions() + a + 1]; k++) {
            double later = mdp.terminal()[k] ? 0 : gamma * v[mdp.next()[k]];
            q += mdp.probability()[k] * (mdp.reward()[k] + later);
        }
        return q;
    }

    /// v*, by synchronous sweeps until one changes nothing by more than 1e-13.
    static double[] optimal(FiniteMdp mdp, double gamma) {
        double[] v = new double[mdp.states()];
        for (int sweep = 0; sweep < 100_000; sweep++) {
            double[] next = new double[v.length];
            double change = 0;
            for (int s = 0; s < v.length; s++) {
                next[s] = Double.NEGATIVE_INFINITY;
                for (int a = 0; a < mdp.actions(); a++) {
                    next[s] = Math.max(next[s], q(mdp, v, s, a, gamma));
                }
                change = Math.max(change, Math.abs(next[s] - v[s]));
            }
            v = next;
            if (change <= 1e-13) {
                return v;
            }
        }
        throw new AssertionError("no fixed point after 100000 sweeps");
    }

    /// v of the policy that takes `policy(s)`, or any action alike where that is negative.
    static double[] evaluate(FiniteMdp mdp, IntUnaryOperator policy, double gamma, int sweeps) {
        double[] v = new double[mdp.states()];
        for (int sweep = 0; sweep < sweeps; sweep++) {
            double[] next = new double[v.length];
            for (int s = 0; s < v.length; s++) {
                int chosen = policy.applyAsInt(s);
                for (int a = 0; a < mdp.actions(); a++) {
                    double weight = chosen < 0 ? 1.0 / mdp.actions() : chosen == a ? 1 : 0;
                    next[s] += weight == 0 ? 0 : weight * q(mdp, v, s, a, gamma);
                }
            }
            v = next;
        }
        return v;
    }

    /// The best value of `steps` steps from each state, undiscounted: a limit on time is part of the state.
    static double[] within(FiniteMdp mdp, int steps) {
        double[] v = new double[mdp.states()];
        for (int t = 0; t < steps; t++) {
            double[] next = new double[v.length];
            Arrays.fill(next, Double.NEGATIVE_INFINITY);
            for (int s = 0; s < v.length; s++) {
                for (int a = 0; a < mdp.actions(); a++) {
                    next[s] = Math.max(next[s], q(mdp, v, s, a, 1));
                }
            }
            v = next;
        }
        return v;
    }

    /// What the start is worth.
    static double start(FiniteMdp mdp, double[] v) {
        double sum = 0;
        for (int s = 0; s < v.length; s++) {
            sum += mdp.start()[s] * v[s];
        }
        return sum;
    }

    /// The best actions of a state, ties within 1e-9 included.
    static List<Integer> greedy(FiniteMdp mdp, double[] v, int s, double gamma) {
        double best = Double.NEGATIVE_INFINITY;
        for (int a = 0; a < mdp.actions(); a++) {
            best = Math.max(best, q(mdp, v, s, a, gamma));
        }
        var actions = new ArrayList<Integer>();
        for (int a = 0; a < mdp.actions(); a++) {
            if (q(mdp, v, s, a, gamma) > best - 1e-9) {
                actions.add(a);
            }
        }
        return actions;
    }
}
