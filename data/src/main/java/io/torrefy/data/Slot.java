package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.List;

/// One place of what a schema gives for a row, and what it stands for.
///
/// @param index its place among all, from 0 on
/// @param column the column it is in
/// @param id its place in the column: an id, or 0 of a number
/// @param inputs the raw features that it depends on
/// @param text what it stands for, for people: `island = "Dream"`, `age in [20.0, 30.0)`
@Export(value = "data.Slot", since = "0.1")
public record Slot(long index, String column, long id, List<String> inputs, String text) {
    public Slot {
        inputs = List.copyOf(inputs);
    }
}
