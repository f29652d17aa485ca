package io.torrefy.testkit;

import java.util.Arrays;

/// Element-wise comparison with a report that says where to look.
public final class Close {
    private Close() {}

    /// Asserts that every element of `actual` is close to `expected`.
    ///
    /// @throws AssertionError naming how many elements differ, the first of them and the worst
    public static void check(String what, double[] actual, double[] expected, double rtol, double atol) {
        check(what, new long[] {expected.length}, actual, expected, new Tolerance(rtol, atol));
    }

    /// As the form on doubles.
    public static void check(String what, float[] actual, double[] expected, double rtol, double atol) {
        double[] wide = new double[actual.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = actual[i];
        }
        check(what, wide, expected, rtol, atol);
    }

    static void check(String what, long[] shape, double[] actual, double[] expected, Tolerance tolerance) {
        if (actual.length != expected.length) {
            throw new AssertionError("[" + what + "] expected " + expected.length + " values, shape "
                    + Arrays.toString(shape) + "; got " + actual.length);
        }
        int wrong = 0;
        int first = -1;
        int worst = -1;
        double worstExcess = -1;
        for (int i = 0; i < expected.length; i++) {
            if (tolerance.accepts(actual[i], expected[i])) {
                continue;
            }
            wrong++;
            first = first < 0 ? i : first;
            double off = Math.abs(actual[i] - expected[i]);
            double excess = Double.isNaN(off) ? Double.POSITIVE_INFINITY : off - tolerance.limit(expected[i]);
            if (excess > worstExcess) {
                worstExcess = excess;
                worst = i;
            }
        }
        if (wrong > 0) {
            throw new AssertionError("[" + what + "] " + wrong + " of " + expected.length + " values differ, shape "
                    + Arrays.toString(shape) + ", rtol " + tolerance.rtol() + ", atol " + tolerance.atol()
                    + "\n  first " + line(first, shape, actual, expected)
                    + "\n  worst " + line(worst, shape, actual, expected));
        }
    }

    private static String line(int i, long[] shape, double[] actual, double[] expected) {
        return position(i, shape) + ": expected " + expected[i] + ", got " + actual[i] + ", off by "
                + Math.abs(actual[i] - expected[i]);
    }

    /// The coordinates of a flat row-major index.
    static String position(int flat, long[] shape) {
        long[] at = new long[shape.length];
        long rest = flat;
        for (int d = shape.length - 1; d >= 0; d--) {
            at[d] = rest % shape[d];
            rest /= shape[d];
        }
        return Arrays.toString(at);
    }
}
