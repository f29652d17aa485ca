package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.List;
import java.util.Map;

/// An embedding whose table other columns use too: all that have the same `collection` in one [EmbeddingTables].
///
/// @param collection the table's name
@Export(value = "feature_column.SharedEmbeddingColumn", since = "0.1")
public record SharedEmbeddingColumn(CategoricalColumn categoricalColumn, EmbeddingOptions options, String collection)
        implements DenseColumn {
    @Override
    public String name() {
        return categoricalColumn.name() + "_shared_embedding";
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
