package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.data.internal.Specs;
import io.torrefy.data.internal.WordChecks;
import io.torrefy.export.Export;
import java.util.Map;

/// Strings or integers by their [Fingerprint64], modulo the number of buckets; integers by their decimal digits.
///
/// @param key the raw feature
/// @param hashBucketSize how many buckets, at least 1
/// @param dtype string or an integer
@Export(value = "feature_column.HashedCategoricalColumn", since = "0.1")
public record HashedCategoricalColumn(String key, long hashBucketSize, FeatureType dtype) implements CategoricalColumn {
    public HashedCategoricalColumn {
        var problems = Problems.of("categoricalColumnWithHashBucket")
                .expect(hashBucketSize >= 1, "hash_bucket_size of at least 1, key: " + key, hashBucketSize);
        WordChecks.type(problems, key, dtype);
        problems.raise();
    }

    @Override
    public String name() {
        return key;
    }

    @Override
    public Map<String, FeatureSpec> parseExampleSpec() {
        return Map.of(key, Specs.varLen(dtype));
    }

    @Override
    public long numBuckets() {
        return hashBucketSize;
    }
}
