package io.torrefy.data.internal;

import io.torrefy.export.Spelling;
import java.util.Collection;

/// The known name that somebody most likely meant.
public final class Nearest {
    private Nearest() {}

    /// `did you mean "age"?` where a known name is near, else an empty text.
    public static String hint(String name, Collection<String> known) {
        return Spelling.nearest(name, known, 1).stream()
                .map(near -> "did you mean \"" + near + "\"?")
                .findFirst()
                .orElse("");
    }
}
