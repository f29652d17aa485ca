package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.export.Export;
import java.util.Map;

/// Ids whose order in a row counts: each place is a step. To be wrapped by an embedding or an indicator.
@Export(value = "feature_column.SequenceCategoricalColumn", since = "0.1")
public record SequenceCategoricalColumn(CategoricalColumn categoricalColumn) implements CategoricalColumn {
    public SequenceCategoricalColumn {
        Problems.of("sequenceCategoricalColumn")
                .expect(
                        categoricalColumn instanceof HashedCategoricalColumn
                                || categoricalColumn instanceof VocabularyListCategoricalColumn
                                || categoricalColumn instanceof VocabularyFileCategoricalColumn
                                || categoricalColumn instanceof IdentityCategoricalColumn,
                        "an identity, hashed or vocabulary column",
                        categoricalColumn)
                .raise();
    }

    @Override
    public String name() {
        return categoricalColumn.name();
    }

    @Override
    public Map<String, FeatureSpec> parseExampleSpec() {
        return categoricalColumn.parseExampleSpec();
    }

    @Override
    public long numBuckets() {
        return categoricalColumn.numBuckets();
    }
}
