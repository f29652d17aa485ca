package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.data.internal.Specs;
import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Every combination of one value of each key, hashed. The last key varies fastest; a row in which any key is empty has
/// no combination.
///
/// @param keys two or more of: the name of a raw feature (`String`), a [CategoricalColumn]. Crosses among them are
///     expanded in their place
/// @param hashBucketSize how many buckets, at least 1
/// @param hashKey what the hash begins with; null and 0 stand for [Fingerprint64#DEFAULT_CROSS_KEY]
@Export(value = "feature_column.CrossedColumn", since = "0.1")
public record CrossedColumn(
        List<?> keys, long hashBucketSize, @Nullable Long hashKey) implements CategoricalColumn {
    public CrossedColumn {
        keys = List.copyOf(keys);
        var checks = Problems.of("crossedColumn")
                .expect(hashBucketSize >= 1, "hash_bucket_size of at least 1", hashBucketSize)
                .expect(keys.size() >= 2, "keys that are a list with length > 1", keys);
        for (Object key : keys) {
            checks.expect(
                    key instanceof String || key instanceof CategoricalColumn,
                    "a key that is a string or a categorical column",
                    "unsupported key type " + key.getClass().getSimpleName() + ": " + key);
            checks.expect(
                    !(key instanceof HashedCategoricalColumn),
                    "no categorical_column_with_hash_bucket",
                    key,
                    "hashing before crossing raises the probability of collisions; use the feature name as a string.");
            checks.expect(
                    !(key instanceof WeightedCategoricalColumn),
                    "no column that populates weights: crossed_column does not support them",
                    key);
            checks.expect(!(key instanceof SequenceCategoricalColumn), "no sequence column", key);
        }
        checks.raise();
    }

    /// The keys with crosses among them replaced by their own keys: what is hashed, in this order.
    public List<Object> leaves() {
        var all = new ArrayList<Object>();
        for (Object key : keys) {
            if (key instanceof CrossedColumn nested) {
                all.addAll(nested.leaves());
            } else {
                all.add(key);
            }
        }
        return all;
    }

    /// What the hash begins with.
    public long effectiveHashKey() {
        return hashKey == null || hashKey == 0 ? Fingerprint64.DEFAULT_CROSS_KEY : hashKey;
    }

    @Override
    public String name() {
        return leaves().stream()
                .map(k -> k instanceof FeatureColumn c ? c.name() : k.toString())
                .sorted(FeatureColumns.BY_CODE_POINT)
                .collect(Collectors.joining("_X_"));
    }

    @Override
    public Map<String, FeatureSpec> parseExampleSpec() {
        Map<String, FeatureSpec> all = new LinkedHashMap<>();
        for (Object leaf : leaves()) {
            if (leaf instanceof FeatureColumn column) {
                all.putAll(column.parseExampleSpec());
            } else {
                all.put((String) leaf, Specs.varLen(FeatureType.STRING));
            }
        }
        return all;
    }

    @Override
    public long numBuckets() {
        return hashBucketSize;
    }
}
