package io.torrefy.data;

import io.torrefy.export.Export;

/// The types that a field of a table may have: what CSV, which knows only text, is to be read as, and the kind of
/// [FeatureValues] that a field of rows becomes.
@Export(value = "data.FieldType", since = "0.1")
public enum FieldType {
    /// Text; [FeatureValues.Strings].
    STRING,
    /// 64-bit integers; [FeatureValues.Longs].
    LONG,
    /// Numbers; double precision in a [Row], single precision in [FeatureValues.Floats].
    DOUBLE
}
