package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.data.internal.Specs;
import io.torrefy.export.Export;
import java.util.List;
import java.util.Map;

/// A sequence of numbers in a row, or of blocks of numbers of the same shape.
///
/// @param key the raw feature
/// @param shape of one step
/// @param defaultValue what fills the steps after a row's last
/// @param dtype what the raw feature holds; any integer or float
/// @param normalizer what is done to each number there is; not to the filling
@Export(value = "feature_column.SequenceNumericColumn", since = "0.1")
public record SequenceNumericColumn(
        String key, List<Integer> shape, double defaultValue, FeatureType dtype, Normalizer normalizer)
        implements FeatureColumn {
    public SequenceNumericColumn {
        shape = List.copyOf(shape);
        Problems.of("sequenceNumericColumn")
                .expect(shape.stream().allMatch(d -> d >= 1), "shape dimensions greater than 0, key: " + key, shape)
                .expect(dtype.isNumeric(), "a dtype convertible to float, key: " + key, dtype.typeName())
                .raise();
    }

    /// With a normalizer.
    public SequenceNumericColumn withNormalizer(Normalizer value) {
        return new SequenceNumericColumn(key, shape, defaultValue, dtype, value);
    }

    @Override
    public String name() {
        return key;
    }

    @Override
    public Map<String, FeatureSpec> parseExampleSpec() {
        return Map.of(key, Specs.varLen(dtype));
    }

    /// How many numbers one step has.
    public int width() {
        return shape.stream().reduce(1, Math::multiplyExact);
    }
}
