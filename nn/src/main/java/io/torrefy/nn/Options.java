package io.torrefy.nn;

/// Checks of optimiser settings.
final class Options {
    private Options() {}

    static double notNegative(String name, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException("[optimizer] expected " + name + " >= 0; got " + value);
        }
        return value;
    }

    static double rate(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException("[optimizer] expected " + name + " in [0, 1); got " + value);
        }
        return value;
    }
}
