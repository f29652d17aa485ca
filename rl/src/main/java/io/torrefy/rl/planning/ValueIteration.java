package io.torrefy.rl.planning;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.internal.Proper;
import java.util.Arrays;

/// Value iteration (Bellman 1957; Zhao, Algorithm 4.1), `v_{k+1}(s) = max_a sum p (r + gamma v_k(s'))`.
///
/// Every sweep reads the values of the one before (Jacobi), in blocks of states on Torrefy's threads: the result is the
/// same bits on any number of them. Where moves are certain and pay by where they lead, as on a grid, a sweep reads
/// shifted copies instead of the table, with the same bits ([Stencil]).
///
/// Memory is 48 bytes a state for the shifted copies, 16 for the plain sweep, and 4 for the choice: a grid of 1000 x
/// 1000 with five actions takes 52 MB, beside its model's 133 MB (21 bytes an outcome, 4 a pair, 8 a state).
@Export(value = "rl.planning.ValueIteration", since = "0.1")
public final class ValueIteration {
    private ValueIteration() {}

    /// From values of zero.
    ///
    /// @throws IllegalArgumentException on gamma outside of [0, 1), unless it is 1 and an end can be reached from
    ///     everywhere, or the number of sweeps is given: then these are the best values of that many steps
    public static Plan of(FiniteMdp mdp, double gamma, Stop stop) {
        return sweeps(mdp, gamma, stop, new double[mdp.states()]);
    }

    /// From other values.
    ///
    /// @throws IllegalArgumentException as [#of(FiniteMdp, double, Stop)] does
    public static Plan of(FiniteMdp mdp, double gamma, Stop stop, double[] first) {
        return sweeps(mdp, gamma, stop, first.clone());
    }

    /// Over the values in `first`, which are its own from here on.
    private static Plan sweeps(FiniteMdp mdp, double gamma, Stop stop, double[] first) {
        check(mdp, gamma, stop, first);
        Sweep sweep = Stencil.of(mdp, gamma, first)
                .<Sweep>map(stencil -> stencil)
                .orElseGet(() -> new RowSweep(mdp, gamma, first));
        return run(mdp, gamma, stop, sweep);
    }

    /// With one array of values, in which a sweep sees what it has already changed (Gauss-Seidel), in the order of
    /// the states, on one thread: often fewer sweeps.
    ///
    /// @throws IllegalArgumentException as [#of(FiniteMdp, double, Stop)] does
    public static Plan inPlace(FiniteMdp mdp, double gamma, Stop stop) {
        double[] v = new double[mdp.states()];
        check(mdp, gamma, stop, v);
        return run(mdp, gamma, stop, new Sweep() {
            @Override
            public double next() {
                return RowSweep.sweep(mdp, gamma, v, v, 0, v.length);
            }

            @Override
            public double[] values() {
                return v;
            }
        });
    }

    /// The sweeps of a model, one state at a time: what [#of] does where it can do no better.
    static Plan byRows(FiniteMdp mdp, double gamma, Stop stop) {
        return run(mdp, gamma, stop, new RowSweep(mdp, gamma, new double[mdp.states()]));
    }

    private static void check(FiniteMdp mdp, double gamma, Stop stop, double[] first) {
        Proper.range("value iteration", gamma);
        if (stop.kind() != Stop.Kind.SWEEPS) {
            Proper.require("value iteration", mdp, gamma, _ -> true);
        }
        if (first.length != mdp.states()) {
            throw new IllegalArgumentException(
                    "[value iteration] expected " + mdp.states() + " first values; got " + first.length + ".");
        }
    }

    private static Plan run(FiniteMdp mdp, double gamma, Stop stop, Sweep sweep) {
        var residuals = new Residuals();
        boolean reached = false;
        while (!reached && residuals.size() < stop.maxSweeps()) {
            double change = sweep.next();
            if (!Double.isFinite(change)) {
                throw new ArithmeticException("[value iteration] expected values with a limit; got a change of "
                        + change
                        + " in sweep " + residuals.size() + ". Hint: without discount every way to stay for ever has to"
                        + " cost something.");
            }
            residuals.add(change);
            reached = stop.reached(change, gamma);
        }
        double[] v = sweep.values();
        return new Plan(
                mdp,
                gamma,
                v,
                Plan.greedy(mdp, v, gamma),
                residuals.size(),
                residuals.size(),
                residuals.all(),
                reached || stop.kind() == Stop.Kind.SWEEPS);
    }

    /// Values that are swept again and again.
    interface Sweep {
        /// Sweeps once and gives the largest change.
        double next();

        /// As many as states; the sweep's own.
        double[] values();
    }

    private static final class RowSweep implements Sweep {
        private final FiniteMdp mdp;
        private final double gamma;
        private double[] v;
        private double[] next;

        RowSweep(FiniteMdp mdp, double gamma, double[] first) {
            this.mdp = mdp;
            this.gamma = gamma;
            v = first;
            next = new double[v.length];
        }

        @Override
        public double next() {
            double[] changes = new double[Blocks.count(v.length)];
            Blocks.each(v.length, (from, to) -> changes[from / Blocks.SIZE] = sweep(mdp, gamma, v, next, from, to));
            double[] last = v;
            v = next;
            next = last;
            return Arrays.stream(changes).max().orElseThrow();
        }

        static double sweep(FiniteMdp mdp, double gamma, double[] v, double[] next, int from, int to) {
            double change = 0;
            for (int s = from; s < to; s++) {
                double value = Bellman.optimality(mdp, v, s, gamma);
                change = Math.max(change, Math.abs(value - v[s]));
                next[s] = value;
            }
            return change;
        }

        @Override
        public double[] values() {
            return v;
        }
    }
}
