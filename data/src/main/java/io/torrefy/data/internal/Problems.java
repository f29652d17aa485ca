package io.torrefy.data.internal;

import java.util.ArrayList;
import java.util.List;

/// Collects what is wrong with the arguments of one call, in the order of the checks, to report it all at once.
public final class Problems {
    private final String operation;
    private final List<String> found = new ArrayList<>();

    private Problems(String operation) {
        this.operation = operation;
    }

    /// For the operation that the message begins with.
    public static Problems of(String operation) {
        return new Problems(operation);
    }

    /// Notes `expected what; got this.` unless `holds`.
    public Problems expect(boolean holds, String what, Object got) {
        return expect(holds, what, got, "");
    }

    /// The same with a hint.
    public Problems expect(boolean holds, String what, Object got, String hint) {
        if (!holds) {
            found.add("expected " + what + "; got " + got + "." + (hint.isEmpty() ? "" : " Hint: " + hint));
        }
        return this;
    }

    /// Whether nothing was noted yet.
    public boolean none() {
        return found.isEmpty();
    }

    /// @throws IllegalArgumentException with everything that was noted
    public void raise() {
        if (!found.isEmpty()) {
            throw new IllegalArgumentException("[" + operation + "] "
                    + (found.size() == 1 ? found.getFirst() : "\n  " + String.join("\n  ", found)));
        }
    }
}
