package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.data.internal.Specs;
import io.torrefy.export.Export;
import java.util.LinkedHashMap;
import java.util.Map;

/// Ids with a weight each, from another feature of the same layout.
///
/// @param weightFeatureKey the raw feature that has the weights
/// @param dtype what it holds; any integer or float
@Export(value = "feature_column.WeightedCategoricalColumn", since = "0.1")
public record WeightedCategoricalColumn(CategoricalColumn categoricalColumn, String weightFeatureKey, FeatureType dtype)
        implements CategoricalColumn {
    public WeightedCategoricalColumn {
        var inner = categoricalColumn.parseExampleSpec().get(weightFeatureKey);
        Problems.of("weightedCategoricalColumn")
                .expect(dtype.isNumeric(), "a dtype convertible to float", dtype.typeName())
                .expect(
                        inner == null || Specs.same(inner, Specs.varLen(dtype)),
                        "weights with a parse config of their own",
                        "\"" + weightFeatureKey + "\", for which one already exists: " + inner)
                .raise();
    }

    @Override
    public String name() {
        return categoricalColumn.name() + "_weighted_by_" + weightFeatureKey;
    }

    @Override
    public Map<String, FeatureSpec> parseExampleSpec() {
        Map<String, FeatureSpec> all = new LinkedHashMap<>(categoricalColumn.parseExampleSpec());
        all.put(weightFeatureKey, Specs.varLen(dtype));
        return all;
    }

    @Override
    public long numBuckets() {
        return categoricalColumn.numBuckets();
    }
}
