package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Optional;
import java.util.Set;

/// A format that [Datasets#open] knows: a service, so that other modules can add theirs.
@Export(value = "data.RecordFormat", since = "0.1")
public interface RecordFormat {
    /// The ends of file names, with their dots, in lower case.
    Set<String> suffixes();

    /// Whether a file that starts with these bytes (at most 16) is certainly of this format.
    default boolean matches(byte[] head) {
        return false;
    }

    /// How its records are read as rows.
    RecordSource<Row> rows();

    /// The format as one that rows of others can be converted to; empty where it is only read. Its rows may be
    /// others than those of [#rows], which of a TFRecord gives the bytes: here they are tf.Examples.
    default Optional<RowFormat> table() {
        return Optional.empty();
    }
}
