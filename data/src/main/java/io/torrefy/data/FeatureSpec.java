package io.torrefy.data;

import java.util.List;

/// What a feature looks like in a tf.Example, as `parseExample` has to know it.
public sealed interface FeatureSpec {
    /// The type of its values.
    FeatureType type();

    /// The same number of values in every example.
    ///
    /// @param shape of one example's values
    /// @param defaultValue what an example without it gets: a value for each element of `shape`; empty if it must have it
    record FixedLen(List<Integer> shape, FeatureType type, List<Number> defaultValue) implements FeatureSpec {}

    /// Any number of values.
    record VarLen(FeatureType type) implements FeatureSpec {}
}
