package io.torrefy.rl.planning;

import io.torrefy.export.Export;
import io.torrefy.rl.internal.Proper;

/// When sweeps end. The change of the last sweep is not the error that is left: that can be `gamma / (1 - gamma)` times
/// as much, 9 times at gamma 0.9 and 99 times at 0.99.
///
/// @param kind what `value` bounds
/// @param maxSweeps at most; a plan that needed more says that it has not converged
@Export(value = "rl.planning.Stop", since = "0.1")
public record Stop(Kind kind, double value, int maxSweeps) {
    /// What is bounded.
    public enum Kind {
        /// The distance of every value from the true one.
        ERROR,
        /// The largest change in the last sweep.
        CHANGE,
        /// Nothing: all sweeps are made.
        SWEEPS
    }

    private static final int MANY = 1_000_000;

    /// @throws IllegalArgumentException on a bound that is not positive, and on fewer than one sweep
    public Stop {
        if (maxSweeps < 1 || kind != Kind.SWEEPS && !(value > 0)) {
            throw new IllegalArgumentException("[stop] expected a bound above 0 and at least one sweep; got " + value
                    + " and " + maxSweeps + " sweeps.");
        }
    }

    /// Where no value is farther than that from the true one. Without discount there is no such bound, and it is
    /// that of [#change].
    public static Stop error(double bound) {
        return new Stop(Kind.ERROR, bound, MANY);
    }

    /// Where no value changed by that or more.
    public static Stop change(double bound) {
        return new Stop(Kind.CHANGE, bound, MANY);
    }

    /// After so many sweeps.
    public static Stop sweeps(int count) {
        return new Stop(Kind.SWEEPS, 0, count);
    }

    /// With another bound for the number of sweeps.
    public Stop atMost(int sweeps) {
        return new Stop(kind, value, sweeps);
    }

    /// @param change the largest in the last sweep
    boolean reached(double change, double gamma) {
        Proper.range("stop", gamma);
        return switch (kind) {
            case ERROR -> gamma < 1 ? gamma / (1 - gamma) * change <= value : change <= value;
            case CHANGE -> change < value;
            case SWEEPS -> false;
        };
    }
}
