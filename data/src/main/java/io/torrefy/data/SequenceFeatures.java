package io.torrefy.data;

import io.torrefy.data.internal.Indicators;
import io.torrefy.data.internal.Problems;
import io.torrefy.export.Export;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.SequencedMap;

/// The sequence columns of a batch side by side, in the order of their names
/// (`tf.keras.experimental.SequenceFeatures`): embeddings and indicators of sequences of ids, and sequences of numbers.
@Export(value = "feature_column.SequenceFeatures", since = "0.1")
public final class SequenceFeatures implements AutoCloseable {
    /// A batch of sequences.
    ///
    /// @param values (rows, longest, width); steps behind a row's last are padding
    /// @param lengths how many steps each row has
    public record Output(Tensor values, int[] lengths) {}

    private final List<FeatureColumn> columns;
    private final ColumnEncoder encoder;
    private final EmbeddingTables tables;

    private SequenceFeatures(Collection<? extends FeatureColumn> columns, ColumnMode mode, EmbeddingTables tables) {
        var wrong = columns.stream()
                .filter(c -> c instanceof CategoricalColumn || !ColumnTensors.isSequence(c))
                .map(FeatureColumn::name)
                .toList();
        Problems.of("sequenceFeatures")
                .expect(
                        wrong.isEmpty(),
                        "sequences: sequence_numeric_column, and embeddings and indicators of"
                                + " sequence_categorical_column_with_*",
                        wrong,
                        "wrap a categorical column with an embedding_column or indicator_column; give columns that"
                                + " are no sequences to DenseFeatures.")
                .raise();
        this.columns = ColumnTensors.sorted(columns);
        this.tables = tables;
        encoder = ColumnEncoder.of(this.columns, mode);
        this.columns.forEach(c -> ColumnTensors.register(c, tables));
    }

    /// With tables of its own.
    public static SequenceFeatures of(Collection<? extends FeatureColumn> columns, Rng rng) {
        return of(columns, ColumnMode.STRICT, EmbeddingTables.of(rng));
    }

    /// With tables that other layers may share.
    public static SequenceFeatures of(
            Collection<? extends FeatureColumn> columns, ColumnMode mode, EmbeddingTables tables) {
        return new SequenceFeatures(columns, mode, tables);
    }

    /// What encodes its columns.
    public ColumnEncoder encoder() {
        return encoder;
    }

    /// @throws IllegalArgumentException if the columns' sequences differ in length, naming the first row
    public Output forward(FeatureBatch batch) {
        return forward(encoder.encode(batch));
    }

    /// As on raw features.
    public Output forward(EncodedBatch batch) {
        int[] lengths = lengths(batch);
        long longest = Arrays.stream(lengths).max().orElse(0);
        List<Tensor> parts = new ArrayList<>();
        for (var column : columns) {
            parts.add(padded(column, batch, lengths, longest));
        }
        return new Output(Functional.concat(2, parts), lengths);
    }

    private int[] lengths(EncodedBatch batch) {
        int[] expected = lengths(batch.column(columns.getFirst().name()));
        for (var column : columns) {
            int[] got = lengths(batch.column(column.name()));
            int row = Arrays.mismatch(expected, got);
            Problems.of("sequenceFeatures")
                    .expect(
                            row < 0,
                            "sequences of one length in row " + row + ", "
                                    + columns.getFirst().name() + ": " + (row < 0 ? 0 : expected[row]),
                            column.name() + ": " + (row < 0 ? 0 : got[row]))
                    .raise();
        }
        return expected;
    }

    private static int[] lengths(EncodedColumn column) {
        int[] splits = switch (column) {
            case EncodedColumn.IdSequences ids -> ids.rowSplits();
            case EncodedColumn.DenseSequences numbers -> numbers.rowSplits();
            default -> throw new IllegalStateException("no sequence");
        };
        var lengths = new int[splits.length - 1];
        for (int row = 0; row < lengths.length; row++) {
            lengths[row] = splits[row + 1] - splits[row];
        }
        return lengths;
    }

    /// (rows, longest, width)
    private Tensor padded(FeatureColumn column, EncodedBatch batch, int[] lengths, long longest) {
        var encoded = batch.column(column.name());
        if (encoded instanceof EncodedColumn.DenseSequences numbers) {
            return scatter(
                    Tensor.of(numbers.values(), numbers.values().length / numbers.width(), numbers.width()),
                    lengths,
                    longest,
                    numbers.padding());
        }
        return scatter(steps(column, (EncodedColumn.IdSequences) encoded), lengths, longest, 0);
    }

    /// (steps, width)
    private Tensor steps(FeatureColumn column, EncodedColumn.IdSequences ids) {
        return switch (column) {
            case IndicatorColumn(CategoricalColumn inner) ->
                Tensor.of(
                        Indicators.ofSteps(column.name(), ids, inner.numBuckets()),
                        ids.stepSplits().length - 1,
                        inner.numBuckets());
            case EmbeddingColumn embedding -> lookup(ids, ColumnTensors.table(embedding, tables), embedding.options());
            case SharedEmbeddingColumn embedding ->
                lookup(ids, ColumnTensors.table(embedding, tables), embedding.options());
            default -> throw new IllegalStateException("no sequence");
        };
    }

    private static Tensor lookup(EncodedColumn.IdSequences ids, Tensor table, EmbeddingOptions options) {
        return ColumnTensors.lookup(
                new EncodedColumn.Ids(ids.stepSplits(), ids.ids(), ids.weights(), new int[0]),
                table,
                options,
                ColumnMode.STRICT);
    }

    /// Step `t` of row `r` goes to place `r * longest + t`.
    private static Tensor scatter(Tensor steps, int[] lengths, long longest, float padding) {
        long width = steps.size(1);
        var to = new long[(int) steps.size(0)];
        int n = 0;
        for (int row = 0; row < lengths.length; row++) {
            for (int t = 0; t < lengths[row]; t++) {
                to[n++] = row * longest + t;
            }
        }
        long places = lengths.length * longest;
        Tensor all = Tensor.zeros(places, width);
        if (n > 0) {
            all = all.indexAdd(0, Tensor.of(to), steps);
        }
        if (padding != 0) {
            all = all.add(paddingAt(to, places, padding));
        }
        return all.reshape(lengths.length, longest, width);
    }

    private static Tensor paddingAt(long[] taken, long places, float padding) {
        var fill = new float[Math.toIntExact(places)];
        Arrays.fill(fill, padding);
        for (long place : taken) {
            fill[(int) place] = 0;
        }
        return Tensor.of(fill, places, 1);
    }

    /// A context for each row put behind every step of its sequence.
    ///
    /// @param context (rows, d1)
    /// @param sequence (rows, steps, d0)
    /// @return (rows, steps, d0 + d1), the sequence's part first
    public static Tensor concatenateContextInput(Tensor context, Tensor sequence) {
        Problems.of("concatenateContextInput")
                .expect(
                        context.rank() == 2 && context.dtype() == DType.F32,
                        "a context of shape (rows, width), F32",
                        context)
                .expect(
                        sequence.rank() == 3 && sequence.dtype() == DType.F32,
                        "a sequence of shape (rows, steps, width), F32",
                        sequence)
                .raise();
        Tensor tiled = context.unsqueeze(1).expand(sequence.size(0), sequence.size(1), context.size(1));
        return Functional.concat(2, List.of(sequence, tiled.contiguous()));
    }

    /// What is trained: `column/embedding_weights`.
    public SequencedMap<String, Tensor> parameters() {
        return tables.parameters();
    }

    /// Frees the tables.
    @Override
    public void close() {
        tables.close();
    }
}
