package io.torrefy.data.internal;

import io.torrefy.data.FeatureType;
import java.util.Collections;
import java.util.List;

/// Default values of numeric columns.
public final class Numbers {
    private Numbers() {}

    /// The values as longs or doubles, one for each element of `shape`.
    public static List<Number> broadcast(
            Problems checks, String key, List<Number> values, List<Integer> shape, FeatureType dtype) {
        long size = shape.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
        List<Number> plain = values.stream().map(Numbers::plain).toList();
        if (plain.isEmpty()) {
            return plain;
        }
        checks.expect(
                plain.size() == 1 || plain.size() == size,
                "a default_value of the given shape " + shape + " (" + size + " values), key: " + key,
                values);
        checks.expect(
                dtype.isFloating() || plain.stream().allMatch(Long.class::isInstance),
                "a default_value compatible with dtype " + dtype.typeName() + ", key: " + key,
                values);
        return plain.size() == 1 && size > 1 && size <= Integer.MAX_VALUE
                ? List.copyOf(Collections.nCopies((int) size, plain.getFirst()))
                : plain;
    }

    private static Number plain(Number n) {
        return n instanceof Float || n instanceof Double ? (Number) n.doubleValue() : (Number) n.longValue();
    }
}
