package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// How the vectors of one row's ids become one: with weights `w` (1 where there are none) and vectors `e`.
@Export(value = "feature_column.Combiner", since = "0.1")
public enum Combiner {
    /// `Σ w e / Σ w`
    MEAN,
    /// `Σ w e / sqrt(Σ w²)`
    SQRTN,
    /// `Σ w e`
    SUM;

    /// The name in a configuration: `mean`.
    public String combinerName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The combiner of that name.
    ///
    /// @throws IllegalArgumentException if there is none
    public static Combiner named(String name) {
        List<Combiner> all = Arrays.asList(values());
        return all.stream()
                .filter(c -> c.combinerName().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "[combiner] expected one of 'mean', 'sqrtn' or 'sum'; got '" + name + "'."));
    }
}
