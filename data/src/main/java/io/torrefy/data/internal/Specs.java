package io.torrefy.data.internal;

import io.torrefy.data.FeatureSpec;
import io.torrefy.data.FeatureType;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.ValueKind;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// What columns ask a parser of examples for.
public final class Specs {
    private Specs() {}

    /// Any number of values.
    public static FeatureSpec varLen(FeatureType dtype) {
        return FeatureSpec.varLen(kind(dtype));
    }

    /// The same number of values in every row, with a default unless it is empty.
    public static FeatureSpec fixedLen(FeatureType dtype, List<Integer> shape, List<Number> defaultValue) {
        long[] sizes = shape.stream().mapToLong(Integer::longValue).toArray();
        return new FeatureSpec.FixedLen(
                kind(dtype),
                sizes,
                defaultValue.isEmpty() ? Optional.empty() : Optional.of(values(dtype, defaultValue)));
    }

    private static FeatureValues values(FeatureType dtype, List<Number> numbers) {
        if (dtype.isInteger()) {
            return new FeatureValues.Longs(
                    numbers.stream().mapToLong(Number::longValue).toArray());
        }
        var array = new float[numbers.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = numbers.get(i).floatValue();
        }
        return new FeatureValues.Floats(array);
    }

    private static ValueKind kind(FeatureType dtype) {
        return dtype == FeatureType.STRING
                ? ValueKind.STRING
                : dtype.isFloating() ? ValueKind.FLOAT32 : ValueKind.INT64;
    }

    /// Whether two specifications ask for the same.
    public static boolean same(FeatureSpec a, FeatureSpec b) {
        return a instanceof FeatureSpec.FixedLen x && b instanceof FeatureSpec.FixedLen y
                ? describe(x).equals(describe(y))
                : a.equals(b);
    }

    /// A specification for people.
    public static String describe(FeatureSpec spec) {
        return switch (spec) {
            case FeatureSpec.FixedLen fixed ->
                "FixedLen[" + fixed.kind() + ", shape " + Arrays.toString(fixed.shape()) + ", default "
                        + fixed.defaultValue().map(Specs::describe).orElse("none") + "]";
            default -> spec.toString();
        };
    }

    private static String describe(FeatureValues values) {
        return switch (values) {
            case FeatureValues.Floats(float[] array) -> Arrays.toString(array);
            case FeatureValues.Longs(long[] array) -> Arrays.toString(array);
            case FeatureValues.Strings strings -> strings.size() + " strings";
        };
    }
}
