package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.export.Export;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The dense columns of a batch side by side, in the order of their names (by code points), float32
/// (`tf.keras.layers.DenseFeatures`).
@Export(value = "feature_column.DenseFeatures", since = "0.1")
public final class DenseFeatures implements AutoCloseable {
    /// Where in the result a column is: places `from` to `to`, without the latter.
    public record Slots(String column, int from, int to) {}

    private final List<DenseColumn> columns;
    private final ColumnEncoder encoder;
    private final EmbeddingTables tables;
    private final List<Slots> slots = new ArrayList<>();

    private DenseFeatures(Collection<? extends DenseColumn> columns, ColumnMode mode, EmbeddingTables tables) {
        ColumnTensors.refuseSequences("denseFeatures", columns);
        this.columns = ColumnTensors.sorted(columns);
        this.tables = tables;
        encoder = ColumnEncoder.of(this.columns, mode);
        long at = 0;
        for (var column : this.columns) {
            ColumnTensors.register(column, tables);
            long next = at + column.width();
            Problems.of("denseFeatures")
                    .expect(next <= Integer.MAX_VALUE, "fewer than 2^31 numbers in a row", next, "take embeddings.")
                    .raise();
            slots.add(new Slots(column.name(), (int) at, (int) next));
            at = next;
        }
    }

    /// With tables of its own.
    public static DenseFeatures of(Collection<? extends DenseColumn> columns, Rng rng) {
        return of(columns, ColumnMode.STRICT, EmbeddingTables.of(rng));
    }

    /// With tables that other layers may share.
    ///
    /// @throws IllegalArgumentException if there are no columns, two have the same name, or one is a sequence
    public static DenseFeatures of(Collection<? extends DenseColumn> columns, ColumnMode mode, EmbeddingTables tables) {
        return new DenseFeatures(columns, mode, tables);
    }

    /// How many numbers a row has.
    public int width() {
        return slots.getLast().to();
    }

    /// Where each column is.
    public List<Slots> slots() {
        return List.copyOf(slots);
    }

    /// What encodes its columns: to encode once and train on it often.
    public ColumnEncoder encoder() {
        return encoder;
    }

    /// (rows, width)
    public Tensor forward(FeatureBatch batch) {
        return forward(encoder.encode(batch));
    }

    /// (rows, width)
    public Tensor forward(EncodedBatch batch) {
        return Functional.concat(1, List.copyOf(outputs(batch).values()));
    }

    /// Each column by itself, (rows, its width).
    public Map<String, Tensor> outputs(EncodedBatch batch) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        columns.forEach(c -> all.put(c.name(), ColumnTensors.dense(c, batch, tables, encoder.mode())));
        return all;
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
