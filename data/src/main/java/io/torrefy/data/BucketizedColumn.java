package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.export.Export;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Numbers by the interval they lie in. `boundaries` `(b0, b1)` make the buckets `x < b0`, `b0 <= x < b1`, `b1 <= x`.
/// As a dense column it is one-hot, `shape + (boundaries + 1)`; as a categorical one, number `d` of a row gives the id
/// `bucket + (boundaries + 1) * d`.
///
/// @param boundaries strictly increasing; compared as float32
@Export(value = "feature_column.BucketizedColumn", since = "0.1")
public record BucketizedColumn(NumericColumn sourceColumn, List<Double> boundaries)
        implements DenseColumn, CategoricalColumn {
    public BucketizedColumn {
        boundaries = List.copyOf(boundaries);
        var all = boundaries;
        Problems.of("bucketizedColumn")
                .expect(
                        sourceColumn.shape().size() <= 1,
                        "a source_column that is one-dimensional",
                        "shape " + sourceColumn.shape() + " of " + sourceColumn.name())
                .expect(!all.isEmpty(), "boundaries that are not empty, column: " + sourceColumn.name(), all)
                .expect(
                        IntStream.range(1, all.size()).allMatch(i -> all.get(i - 1) < all.get(i))
                                && all.stream().noneMatch(b -> b.isNaN()),
                        "boundaries that are a sorted list, strictly increasing, column: " + sourceColumn.name(),
                        all)
                .raise();
    }

    @Override
    public String name() {
        return sourceColumn.name() + "_bucketized";
    }

    @Override
    public Map<String, FeatureSpec> parseExampleSpec() {
        return sourceColumn.parseExampleSpec();
    }

    @Override
    public List<Long> variableShape() {
        long buckets = boundaries.size() + 1L;
        return sourceColumn.shape().isEmpty()
                ? List.of(buckets)
                : List.of(sourceColumn.shape().getFirst().longValue(), buckets);
    }

    @Override
    public long numBuckets() {
        return width();
    }
}
