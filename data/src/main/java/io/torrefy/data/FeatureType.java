package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Arrays;
import java.util.Locale;

/// The type of a raw feature, by TensorFlow's name for it. In memory there are three kinds ([FeatureValues]): strings,
/// integers of 64 bits and floats of 32 bits; the narrower and wider types say what a specification or a saved column
/// asked for.
@Export(value = "data.FeatureType", since = "0.1")
public enum FeatureType {
    STRING,
    BOOL,
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    FLOAT16,
    BFLOAT16,
    FLOAT32,
    FLOAT64;

    /// The name in a configuration: `float32`.
    public String typeName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The type of that name.
    ///
    /// @throws IllegalArgumentException if there is none
    public static FeatureType named(String name) {
        return Arrays.stream(values())
                .filter(t -> t.typeName().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("[featureType] expected one of "
                        + Arrays.stream(values()).map(FeatureType::typeName).toList() + "; got \"" + name + "\"."));
    }

    /// Whether it is a signed or unsigned integer; booleans are none.
    public boolean isInteger() {
        return compareTo(INT8) >= 0 && compareTo(UINT64) <= 0;
    }

    /// Whether it is a floating-point number.
    public boolean isFloating() {
        return compareTo(FLOAT16) >= 0;
    }

    /// Whether it is a number.
    public boolean isNumeric() {
        return isInteger() || isFloating();
    }
}
