package io.torrefy.rl.planning;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.internal.Proper;
import java.util.Arrays;

/// A policy's values by sweeps of its Bellman equation (Zhao, Section 2.7.2; Sutton and Barto, Section 4.1),
/// `v_{k+1}(s) = sum_a pi(a|s) sum p (r + gamma v_k(s'))`. [Bellman#solve] has them in closed form.
@Export(value = "rl.planning.PolicyEvaluation", since = "0.1")
public final class PolicyEvaluation {
    /// Beyond it values without discount are taken to have no limit.
    private static final double HUGE = 1e15;

    private PolicyEvaluation() {}

    /// What an evaluation came to.
    ///
    /// @param residuals the largest change of a value in each sweep
    public record Result(double[] values, int sweeps, double[] residuals, boolean converged) {}

    /// Sweeps from zero, each over the values of the one before.
    ///
    /// @throws IllegalArgumentException on gamma outside of [0, 1), unless it is 1 and the policy ends from
    ///     everywhere, or the number of sweeps is given: then these are the values of that many steps
    public static Result of(FiniteMdp mdp, TabularPolicy policy, double gamma, Stop stop) {
        return of(mdp, policy, gamma, stop, false);
    }

    /// The same with one array of values, in which a sweep sees what it has already changed (Gauss-Seidel): fewer
    /// sweeps, and values in between that depend on the order of the states.
    ///
    /// @throws IllegalArgumentException as [#of] does
    public static Result inPlace(FiniteMdp mdp, TabularPolicy policy, double gamma, Stop stop) {
        return of(mdp, policy, gamma, stop, true);
    }

    private static Result of(FiniteMdp mdp, TabularPolicy policy, double gamma, Stop stop, boolean inPlace) {
        policy.require(mdp);
        Proper.range("policy evaluation", gamma);
        if (stop.kind() != Stop.Kind.SWEEPS) {
            Proper.require("policy evaluation", mdp, gamma, pair -> policy.probability()[pair] > 0);
        }
        var v = new double[mdp.states()];
        var next = inPlace ? v : new double[mdp.states()];
        var residuals = new Residuals();
        while (residuals.size() < stop.maxSweeps()) {
            double change = sweep(mdp, policy, gamma, v, next);
            residuals.add(change);
            if (!(change < HUGE)) {
                throw new ArithmeticException("[policy evaluation] expected values with a limit; got a change of "
                        + change + " in sweep " + residuals.size() + ".");
            }
            double[] last = v;
            v = next;
            next = last;
            if (stop.reached(change, gamma)) {
                return new Result(v, residuals.size(), residuals.all(), true);
            }
        }
        return new Result(v, residuals.size(), residuals.all(), stop.kind() == Stop.Kind.SWEEPS);
    }

    /// One sweep from `v` to `next`, which may be the same array: then in order, on one thread.
    @SuppressWarnings("ReferenceEquality") // whether it is one array is the question
    static double sweep(FiniteMdp mdp, TabularPolicy policy, double gamma, double[] v, double[] next) {
        if (v == next) {
            return sweep(mdp, policy, gamma, v, next, 0, v.length);
        }
        double[] changes = new double[Blocks.count(v.length)];
        Blocks.each(v.length, (from, to) -> changes[from / Blocks.SIZE] = sweep(mdp, policy, gamma, v, next, from, to));
        return Arrays.stream(changes).max().orElseThrow();
    }

    private static double sweep(
            FiniteMdp mdp, TabularPolicy policy, double gamma, double[] v, double[] next, int from, int to) {
        double change = 0;
        for (int s = from; s < to; s++) {
            double value = Bellman.expectation(mdp, policy, v, s, gamma);
            change = Math.max(change, Math.abs(value - v[s]));
            next[s] = value;
        }
        return change;
    }
}
