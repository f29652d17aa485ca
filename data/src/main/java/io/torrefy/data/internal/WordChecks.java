package io.torrefy.data.internal;

import io.torrefy.data.FeatureType;

/// What columns of strings or integers check alike.
public final class WordChecks {
    private WordChecks() {}

    /// Strings or integers.
    public static void type(Problems problems, String key, FeatureType dtype) {
        problems.expect(
                dtype == FeatureType.STRING || dtype.isInteger(),
                "a dtype that is string or integer, column_name: " + key,
                dtype.typeName());
    }

    /// Unknown words share ids or have a default, not both.
    public static void unknown(Problems problems, String key, int numOovBuckets, long defaultValue) {
        problems.expect(
                        numOovBuckets == 0 || defaultValue == -1,
                        "num_oov_buckets or default_value in " + key + ", not both",
                        numOovBuckets + " and " + defaultValue)
                .expect(numOovBuckets >= 0, "num_oov_buckets of 0 or more in " + key, numOovBuckets);
    }
}
