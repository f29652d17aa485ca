package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.List;
import java.util.Map;

/// How often each id occurs in a row, or the sum of its weights.
@Export(value = "feature_column.IndicatorColumn", since = "0.1")
public record IndicatorColumn(CategoricalColumn categoricalColumn) implements DenseColumn {
    @Override
    public String name() {
        return categoricalColumn.name() + "_indicator";
    }

    @Override
    public Map<String, FeatureSpec> parseExampleSpec() {
        return categoricalColumn.parseExampleSpec();
    }

    @Override
    public List<Long> variableShape() {
        return List.of(1L, categoricalColumn.numBuckets());
    }
}
