package io.torrefy.data;

import java.util.List;
import java.util.Map;

/// How often each id occurs in a row, or the sum of its weights.
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
