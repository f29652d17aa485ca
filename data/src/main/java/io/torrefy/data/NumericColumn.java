package io.torrefy.data;

import io.torrefy.data.internal.Numbers;
import io.torrefy.data.internal.Problems;
import io.torrefy.data.internal.Specs;
import io.torrefy.export.Export;
import java.util.List;
import java.util.Map;

/// Numbers, taken as they are or normalized, as float32.
///
/// @param key the raw feature
/// @param shape of one row
/// @param defaultValue what a row without the feature gets, in row-major order; empty if it has to have it. One value
///     stands for all of `shape`
/// @param dtype what the raw feature holds; any integer or float
/// @param normalizer what is done to each number, before it becomes float32
@Export(value = "feature_column.NumericColumn", since = "0.1")
public record NumericColumn(
        String key, List<Integer> shape, List<Number> defaultValue, FeatureType dtype, Normalizer normalizer)
        implements DenseColumn {
    public NumericColumn {
        shape = List.copyOf(shape);
        var checks = Problems.of("numericColumn")
                .expect(shape.stream().allMatch(d -> d >= 1), "shape dimensions greater than 0, key: " + key, shape)
                .expect(dtype.isNumeric(), "a dtype convertible to float, key: " + key, dtype.typeName());
        defaultValue = Numbers.broadcast(checks, key, defaultValue, shape, dtype);
        checks.raise();
    }

    /// With a default for rows that lack the feature.
    public NumericColumn withDefault(Number... value) {
        return new NumericColumn(key, shape, List.of(value), dtype, normalizer);
    }

    /// With another type of the raw feature.
    public NumericColumn withType(FeatureType value) {
        return new NumericColumn(key, shape, defaultValue, value, normalizer);
    }

    /// With a normalizer.
    public NumericColumn withNormalizer(Normalizer value) {
        return new NumericColumn(key, shape, defaultValue, dtype, value);
    }

    @Override
    public String name() {
        return key;
    }

    @Override
    public Map<String, FeatureSpec> parseExampleSpec() {
        return Map.of(key, Specs.fixedLen(dtype, shape, defaultValue));
    }

    @Override
    public List<Long> variableShape() {
        return shape.stream().map(Integer::longValue).toList();
    }
}
