package io.torrefy.data;

import io.torrefy.data.internal.ColumnPlan;
import io.torrefy.data.internal.Indicators;
import io.torrefy.data.internal.Problems;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/// What dense columns are as tensors: the step from ids and numbers to what a model multiplies.
final class ColumnTensors {
    private ColumnTensors() {}

    /// Columns in the order of their names, by code points.
    static <T extends FeatureColumn> List<T> sorted(Collection<? extends T> columns) {
        return columns.stream()
                .<T>map(c -> c)
                .sorted((a, b) -> FeatureColumns.BY_CODE_POINT.compare(a.name(), b.name()))
                .toList();
    }

    /// @throws IllegalArgumentException naming the columns that are sequences
    static void refuseSequences(String layer, Collection<? extends FeatureColumn> columns) {
        var sequences = columns.stream()
                .filter(ColumnTensors::isSequence)
                .map(FeatureColumn::name)
                .toList();
        Problems.of(layer)
                .expect(
                        sequences.isEmpty(),
                        "columns without sequences",
                        "sequence columns " + sequences,
                        "give them to SequenceFeatures, or take the column without `sequence` in its factory.")
                .raise();
    }

    static boolean isSequence(FeatureColumn column) {
        return switch (column) {
            case IndicatorColumn(CategoricalColumn inner) -> ColumnPlan.isSequence(inner);
            case EmbeddingColumn embedding -> ColumnPlan.isSequence(embedding.categoricalColumn());
            case SharedEmbeddingColumn embedding -> ColumnPlan.isSequence(embedding.categoricalColumn());
            case SequenceNumericColumn _ -> true;
            case CategoricalColumn categorical -> ColumnPlan.isSequence(categorical);
            case NumericColumn _ -> false;
        };
    }

    /// Makes the tables that a column reads.
    static void register(FeatureColumn column, EmbeddingTables tables) {
        switch (column) {
            case EmbeddingColumn embedding -> table(embedding, tables);
            case SharedEmbeddingColumn embedding -> table(embedding, tables);
            default -> {}
        }
    }

    static Tensor table(EmbeddingColumn column, EmbeddingTables tables) {
        return tables.table(column.name(), column.categoricalColumn().numBuckets(), column.options());
    }

    static Tensor table(SharedEmbeddingColumn column, EmbeddingTables tables) {
        return tables.table(column.collection(), column.categoricalColumn().numBuckets(), column.options());
    }

    /// (rows, width); in [ColumnMode#TF_COMPAT] fewer rows, where [#lookup] says so.
    static Tensor dense(DenseColumn column, EncodedBatch batch, EmbeddingTables tables, ColumnMode mode) {
        return switch (column) {
            case NumericColumn numeric -> tensor(batch.dense(numeric.name()));
            case IndicatorColumn indicator -> tensor(batch.dense(indicator.name()));
            case BucketizedColumn bucketized ->
                tensor(Indicators.of(
                        bucketized.name(), batch.ids(bucketized.name()), bucketized.numBuckets(), new ColumnBuffers()));
            case EmbeddingColumn embedding ->
                lookup(batch.ids(embedding.name()), table(embedding, tables), embedding.options(), mode);
            case SharedEmbeddingColumn embedding ->
                lookup(batch.ids(embedding.name()), table(embedding, tables), embedding.options(), mode);
        };
    }

    /// A vector for each row. TensorFlow's lookup that is not safe ends with the last row that has an id: the rows
    /// behind it vanish.
    static Tensor lookup(EncodedColumn.Ids ids, Tensor table, EmbeddingOptions options, ColumnMode mode) {
        int rows = ids.rows();
        while (mode == ColumnMode.TF_COMPAT
                && !options.useSafeEmbeddingLookup()
                && rows > 0
                && ids.rowSplits()[rows] == ids.rowSplits()[rows - 1]) {
            rows--;
        }
        return Embeddings.lookup(
                table,
                rows == ids.rows() ? ids.rowSplits() : Arrays.copyOf(ids.rowSplits(), rows + 1),
                ids.ids(),
                ids.weights(),
                options.combiner(),
                options.maxNorm(),
                options.useSafeEmbeddingLookup());
    }

    private static Tensor tensor(EncodedColumn.Dense dense) {
        return Tensor.of(dense.values(), dense.rows(), dense.width());
    }
}
