package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Arrays;

/// What the values of a feature are: the three kinds that `tf.train.Feature` knows, numbered as there.
@Export(value = "data.ValueKind", since = "0.1")
public enum ValueKind {
    /// Byte strings, of which text is UTF-8 by convention.
    STRING(1, "string"),
    /// 32-bit floats.
    FLOAT32(2, "float32"),
    /// 64-bit integers.
    INT64(3, "int64");

    private final int field;
    private final String label;

    ValueKind(int field, String label) {
        this.field = field;
        this.label = label;
    }

    /// The field of `Feature` that holds a list of them.
    int field() {
        return field;
    }

    /// `string`, `float32` or `int64`.
    public String label() {
        return label;
    }

    /// The kind of that label; `float`, `bytes` and `int` are understood too.
    public static ValueKind named(String label) {
        String known = switch (label) {
            case "float" -> "float32";
            case "bytes" -> "string";
            case "int" -> "int64";
            default -> label;
        };
        return Arrays.stream(values())
                .filter(kind -> kind.label.equals(known))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "[features] expected a kind of string, float32 and int64; got \"" + label + "\"."));
    }

    /// The kind of `values`.
    public static ValueKind of(FeatureValues values) {
        return switch (values) {
            case FeatureValues.Strings _ -> STRING;
            case FeatureValues.Floats _ -> FLOAT32;
            case FeatureValues.Longs _ -> INT64;
        };
    }
}
