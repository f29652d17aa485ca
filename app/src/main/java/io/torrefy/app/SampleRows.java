package io.torrefy.app;

import io.torrefy.data.FeatureBatch;
import io.torrefy.data.FeatureBatches;
import io.torrefy.data.FeatureData;
import io.torrefy.data.FieldType;
import io.torrefy.data.MalformedDataException;
import io.torrefy.data.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The first rows of a table, from which a schema is inferred, field by field: one of which no type can be told does
/// not stand in the way of the others.
///
/// @param batch the fields that have a type
/// @param leftOut the fields that somebody wanted left out, and that have none
/// @param warnings what had to be decided
record SampleRows(FeatureBatch batch, Set<String> leftOut, List<String> warnings) {
    /// @param choices what `--column` says: `NAME=none` leaves a field out
    /// @throws MalformedDataException naming file, row and field of a value that does not go with those before
    static SampleRows of(List<Row> rows, List<String> choices) {
        Set<String> names = new LinkedHashSet<>();
        rows.forEach(row -> names.addAll(row.values().keySet()));
        Map<String, FeatureData> features = new LinkedHashMap<>();
        Set<String> leftOut = new LinkedHashSet<>();
        List<String> warnings = new ArrayList<>();
        for (String name : names) {
            var column = rows.stream().map(row -> only(row, name)).toList();
            try {
                FeatureBatches.of(column).find(name).ifPresent(data -> features.put(name, data));
            } catch (MalformedDataException e) {
                if (choices.contains(name + "=none")) {
                    leftOut.add(name);
                } else {
                    features.put(name, texts(column, name, e));
                    warnings.add("input \"" + name + "\" has integers beside text; they are taken as their digits.");
                }
            }
        }
        return new SampleRows(new FeatureBatch(rows.size(), features), leftOut, warnings);
    }

    private static Row only(Row row, String name) {
        Map<String, Object> one = new LinkedHashMap<>();
        row.find(name).ifPresent(value -> one.put(name, value));
        return new Row(row.file(), row.number(), one);
    }

    /// Integers have digits, in training and in serving the same ones. Other numbers can be written in many ways.
    private static FeatureData texts(List<Row> column, String name, MalformedDataException mixed) {
        try {
            return FeatureBatches.of(column, Map.of(name, FieldType.STRING)).feature(name);
        } catch (MalformedDataException _) {
            String message = String.valueOf(mixed.getMessage());
            throw new MalformedDataException(
                    mixed.file(),
                    mixed.position(),
                    message.replace(" Hint: give the field's type.", "") + " Hint: --column '" + name
                            + "=none' leaves the field out.");
        }
    }
}
