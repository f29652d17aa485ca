package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.List;
import java.util.Map;

/// A trained vector for each id; those of a row are combined. Over a sequence column it gives one for each step.
@Export(value = "feature_column.EmbeddingColumn", since = "0.1")
public record EmbeddingColumn(CategoricalColumn categoricalColumn, EmbeddingOptions options) implements DenseColumn {
    @Override
    public String name() {
        return categoricalColumn.name() + "_embedding";
    }

    @Override
    public Map<String, FeatureSpec> parseExampleSpec() {
        return categoricalColumn.parseExampleSpec();
    }

    @Override
    public List<Long> variableShape() {
        return List.of((long) options.dimension());
    }
}
