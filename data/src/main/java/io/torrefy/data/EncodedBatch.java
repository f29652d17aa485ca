package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The columns of a batch of rows, encoded.
///
/// @param rows how many rows there are
/// @param columns by name, in the order the encoder was given them
@Export(value = "feature_column.EncodedBatch", since = "0.1")
public record EncodedBatch(int rows, Map<String, EncodedColumn> columns) {
    public EncodedBatch {
        columns = Collections.unmodifiableMap(new LinkedHashMap<>(columns));
    }

    /// The column of that name.
    ///
    /// @throws IllegalArgumentException that lists the names there are
    public EncodedColumn column(String name) {
        return Optional.ofNullable(columns.get(name))
                .orElseThrow(() -> new IllegalArgumentException(
                        "[encodedBatch] expected a column \"" + name + "\"; got " + columns.keySet() + "."));
    }

    /// The column of that name, which has ids.
    public EncodedColumn.Ids ids(String name) {
        return (EncodedColumn.Ids) column(name);
    }

    /// The column of that name, which has floats.
    public EncodedColumn.Dense dense(String name) {
        return (EncodedColumn.Dense) column(name);
    }
}
