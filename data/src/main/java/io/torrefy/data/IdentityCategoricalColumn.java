package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.data.internal.Specs;
import io.torrefy.export.Export;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Integers that are ids already.
///
/// @param key the raw feature
/// @param numberBuckets ids lie in `0..numberBuckets`
/// @param defaultValue what an id outside becomes; null to refuse it ([ColumnMode#STRICT]) or to let it pass
@Export(value = "feature_column.IdentityCategoricalColumn", since = "0.1")
public record IdentityCategoricalColumn(
        String key, long numberBuckets, @Nullable Long defaultValue) implements CategoricalColumn {
    public IdentityCategoricalColumn {
        Problems.of("categoricalColumnWithIdentity")
                .expect(numberBuckets >= 1, "num_buckets of at least 1, column_name " + key, numberBuckets)
                .expect(
                        defaultValue == null || defaultValue >= 0 && defaultValue < numberBuckets,
                        "a default_value in range [0, " + numberBuckets + "), column_name " + key,
                        String.valueOf(defaultValue))
                .raise();
    }

    @Override
    public String name() {
        return key;
    }

    @Override
    public Map<String, FeatureSpec> parseExampleSpec() {
        return Map.of(key, Specs.varLen(FeatureType.INT64));
    }

    @Override
    public long numBuckets() {
        return numberBuckets;
    }
}
