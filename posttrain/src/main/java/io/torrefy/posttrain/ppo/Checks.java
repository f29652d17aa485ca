package io.torrefy.posttrain.ppo;

import java.util.ArrayList;
import java.util.List;

/// Collects what is wrong with a call, to say all of it at once.
final class Checks {
    private final String op;
    private final List<String> wrong = new ArrayList<>();

    Checks(String op) {
        this.op = op;
    }

    void expect(boolean holds, String expected, Object got) {
        if (!holds) {
            wrong.add("expected " + expected + "; got " + got);
        }
    }

    /// @throws IllegalArgumentException if anything was
    void refuse() {
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("[" + op + "] " + String.join(". Also ", wrong));
        }
    }
}
