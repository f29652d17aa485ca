package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.List;

/// How a row becomes what a model sees: raw, transformed, and in which slots.
@Export(value = "data.RowExplanation", since = "0.1")
public record RowExplanation(List<Column> columns) {
    public RowExplanation {
        columns = List.copyOf(columns);
    }

    /// One column.
    ///
    /// @param raw the values of its inputs, `island = ["Dream"]`
    /// @param slots those that are not 0; none where values are missing or unknown
    public record Column(String name, String raw, List<Use> slots) {
        public Column {
            slots = List.copyOf(slots);
        }
    }

    /// A slot and what is in it: the number, or the weight of an id (1 where it has none).
    public record Use(Slot slot, float value) {}
}
