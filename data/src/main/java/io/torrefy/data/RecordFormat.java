package io.torrefy.data;

import java.util.Set;

/// A format that [Datasets#open] knows: a service, so that other modules can add theirs.
public interface RecordFormat {
    /// The ends of file names, with their dots, in lower case.
    Set<String> suffixes();

    /// Whether a file that starts with these bytes (at most 16) is certainly of this format.
    default boolean matches(byte[] head) {
        return false;
    }

    /// How its records are read as rows.
    RecordSource<Row> rows();
}
