package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.export.Export;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// `y = Σ over columns of w x, + bias`: the wide part of a model (`LinearModel` of TensorFlow's estimators). A
/// categorical column has a weight for each id; those of a row are combined, unknown ids left out. A dense one has a
/// weight for each of its numbers. A column that is both (bucketized) counts as categorical. All weights begin at 0.
@Export(value = "feature_column.LinearModel", since = "0.1")
public final class LinearModel implements AutoCloseable {
    private final List<FeatureColumn> columns;
    private final ColumnEncoder encoder;
    private final EmbeddingTables tables;
    private final Options options;
    private final SequencedMap<String, Tensor> weights = new LinkedHashMap<>();
    private final Tensor bias;

    /// How to put a linear model together.
    ///
    /// @param units how many numbers it gives for a row
    /// @param sparseCombiner how the weights of a row's ids become one
    /// @param mode what columns do where TensorFlow is silently wrong
    public record Options(int units, Combiner sparseCombiner, ColumnMode mode) {
        /// One unit, sums, strict.
        public static final Options DEFAULT = new Options(1, Combiner.SUM, ColumnMode.STRICT);

        public Options {
            Problems.of("linearModel")
                    .expect(units >= 1, "units of at least 1", units)
                    .raise();
        }
    }

    private LinearModel(Collection<? extends FeatureColumn> columns, Options options, EmbeddingTables tables) {
        ColumnTensors.refuseSequences("linearModel", columns);
        this.columns = ColumnTensors.sorted(columns);
        this.options = options;
        this.tables = tables;
        encoder = ColumnEncoder.of(this.columns, options.mode());
        for (var column : this.columns) {
            ColumnTensors.register(column, tables);
            weights.put(column.name(), zeros(inputs(column), options.units()));
        }
        bias = zeros(options.units());
        long paths =
                weights.keySet().stream().map(EmbeddingTables::path).distinct().count();
        Problems.of("linearModel")
                .expect(paths == weights.size(), "columns whose names differ as paths too", weights.keySet())
                .raise();
    }

    private static long inputs(FeatureColumn column) {
        return switch (column) {
            case CategoricalColumn categorical -> categorical.numBuckets();
            case DenseColumn dense -> dense.width();
            case SequenceNumericColumn _ -> throw new IllegalStateException("a sequence");
        };
    }

    private static Tensor zeros(long... shape) {
        return Tensor.zeros(shape).keep().requiresGrad(true);
    }

    /// One unit, sums.
    public static LinearModel of(Collection<? extends FeatureColumn> columns) {
        return of(columns, Options.DEFAULT, EmbeddingTables.of(Rng.of(0)));
    }

    /// With these options; `tables` for columns that are embeddings.
    ///
    /// @throws IllegalArgumentException if there are no columns, two have the same name, or one is a sequence
    public static LinearModel of(Collection<? extends FeatureColumn> columns, Options options, EmbeddingTables tables) {
        return new LinearModel(columns, options, tables);
    }

    /// What encodes its columns.
    public ColumnEncoder encoder() {
        return encoder;
    }

    /// (rows, units)
    public Tensor forward(FeatureBatch batch) {
        return forward(encoder.encode(batch));
    }

    /// (rows, units)
    public Tensor forward(EncodedBatch batch) {
        Tensor y = Tensor.zeros(batch.rows(), options.units());
        for (Tensor part : outputs(batch).values()) {
            y = y.add(part);
        }
        return y.add(bias);
    }

    /// What each column adds, (rows, units).
    public Map<String, Tensor> outputs(EncodedBatch batch) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (var column : columns) {
            Tensor w = weights(column.name());
            all.put(
                    column.name(),
                    switch (column) {
                        case CategoricalColumn c -> combined(batch.ids(c.name()), w);
                        case DenseColumn c ->
                            ColumnTensors.dense(c, batch, tables, options.mode())
                                    .matmul(w);
                        case SequenceNumericColumn _ -> throw new IllegalStateException("a sequence");
                    });
        }
        return all;
    }

    private Tensor combined(EncodedColumn.Ids ids, Tensor w) {
        return Embeddings.lookup(w, ids.rowSplits(), ids.ids(), ids.weights(), options.sparseCombiner(), null, true);
    }

    /// The weights of a column, (ids or width, units).
    ///
    /// @throws IllegalArgumentException if there is no such column
    public Tensor weights(String column) {
        var found = weights.get(column);
        if (found == null) {
            throw new IllegalArgumentException(
                    "[linearModel] expected a column of " + weights.keySet() + "; got \"" + column + "\".");
        }
        return found;
    }

    /// The bias, (units).
    public Tensor bias() {
        return bias;
    }

    /// What is trained: `column/weights`, `bias_weights`, and `column/embedding_weights` of embeddings.
    public SequencedMap<String, Tensor> parameters() {
        SequencedMap<String, Tensor> all = new LinkedHashMap<>();
        weights.forEach((name, w) -> all.put(EmbeddingTables.path(name) + "/weights", w));
        all.put("bias_weights", bias);
        all.putAll(tables.parameters());
        return all;
    }

    /// Frees weights, tables and their gradients.
    @Override
    public void close() {
        weights.values().forEach(LinearModel::free);
        free(bias);
        tables.close();
    }

    private static void free(Tensor parameter) {
        parameter.zeroGrad();
        parameter.close();
    }
}
