package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Rows of named raw features in columns: what a parser of records gives, and what feature columns take.
///
/// @param rows how many rows there are; every feature has that many
/// @param features the features by name, in a fixed order
@Export(value = "data.FeatureBatch", since = "0.1")
public record FeatureBatch(int rows, Map<String, FeatureData> features) {
    public FeatureBatch {
        features = Collections.unmodifiableMap(new LinkedHashMap<>(features));
        int expected = rows;
        var wrong = features.entrySet().stream()
                .filter(f -> f.getValue().rows() != expected)
                .map(f -> f.getKey() + ": " + f.getValue().rows())
                .toList();
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException(
                    "[batch] expected " + rows + " rows in every feature; got " + String.join(", ", wrong) + ".");
        }
    }

    /// The feature of that name, where there is one.
    public Optional<FeatureData> find(String name) {
        return Optional.ofNullable(features.get(name));
    }

    /// The feature of that name.
    ///
    /// @throws IllegalArgumentException that lists the names there are
    public FeatureData feature(String name) {
        return find(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "[batch] expected a feature \"" + name + "\"; got " + List.copyOf(features.keySet()) + "."));
    }
}
