package io.torrefy.rl.deep;

/// What settings are held to.
final class Checks {
    private Checks() {}

    static double unit(String op, String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("[" + op + "] expected " + name + " in [0, 1]; got " + value + ".");
        }
        return value;
    }

    static double positive(String op, String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("[" + op + "] expected " + name + " > 0; got " + value + ".");
        }
        return value;
    }

    static double notNegative(String op, String name, double value) {
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("[" + op + "] expected " + name + " >= 0; got " + value + ".");
        }
        return value;
    }

    static int atLeast(String op, String name, int least, int value) {
        if (value < least) {
            throw new IllegalArgumentException(
                    "[" + op + "] expected " + name + " of at least " + least + "; got " + value + ".");
        }
        return value;
    }
}
