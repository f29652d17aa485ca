package io.torrefy.data;

import java.util.List;

/// What stages check and close alike.
final class Checks {
    private Checks() {}

    static void positive(String stage, String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException("[" + stage + "] expected " + name + " >= 1; got " + value + ".");
        }
    }

    static void notNegative(String stage, String name, long value) {
        if (value < 0) {
            throw new IllegalArgumentException("[" + stage + "] expected " + name + " >= 0; got " + value + ".");
        }
    }

    /// Closes them all, whatever one of them throws.
    static void closeAll(List<? extends Stage.Cursor<?>> cursors) {
        RuntimeException first = null;
        for (var cursor : cursors) {
            try {
                cursor.close();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
