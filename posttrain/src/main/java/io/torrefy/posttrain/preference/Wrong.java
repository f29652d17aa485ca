package io.torrefy.posttrain.preference;

import java.util.ArrayList;
import java.util.List;

/// Collects what is wrong with a call, so that all of it is said at once.
final class Wrong {
    /// Of problems that may be as many as there are examples, as many are shown.
    private static final int SHOWN = 5;

    private final String op;
    private final List<String> problems = new ArrayList<>();

    Wrong(String op) {
        this.op = op;
    }

    void need(boolean holds, String expected, Object got) {
        if (!holds) {
            problems.add("expected " + expected + "; got " + got);
        }
    }

    void hint(boolean holds, String expected, Object got, String hint) {
        need(holds, expected, got + ". Hint: " + hint);
    }

    /// @throws IllegalArgumentException naming the problems, if there are any
    void refuse() {
        if (problems.isEmpty()) {
            return;
        }
        int more = problems.size() - SHOWN;
        throw new IllegalArgumentException("[" + op + "] "
                + String.join(". Also ", problems.subList(0, Math.min(SHOWN, problems.size())))
                + (more > 0 ? ". And " + more + " more such problems" : ""));
    }
}
