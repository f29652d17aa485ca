package io.torrefy.data;

import static io.torrefy.data.FeatureColumns.categoricalColumnWithHashBucket;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithIdentity;
import static io.torrefy.data.FeatureColumns.embeddingColumn;
import static io.torrefy.data.FeatureColumns.indicatorColumn;
import static io.torrefy.data.FeatureColumns.numericColumn;
import static io.torrefy.data.FeatureColumns.sequenceCategoricalColumnWithIdentity;
import static io.torrefy.data.FeatureColumns.sequenceNumericColumn;
import static io.torrefy.data.Features.batch;
import static io.torrefy.data.Features.dense;
import static io.torrefy.data.Features.ragged;
import static io.torrefy.data.Features.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Close;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The worked examples were run in TensorFlow 2.21 or are asserted by its own tests.
class FeatureLayersTest {
    private static final float[] TABLE = {1, 2, 3, 5, 7, 11};
    private static final EmbeddingOptions TWO = EmbeddingOptions.of(2);

    private static void set(Tensor parameter, float... values) {
        Autograd.noGrad(() -> parameter.copyFrom(Tensor.of(values, parameter.shape())));
    }

    private static LinearModel linear(FeatureColumn column, Combiner combiner, float... weights) {
        var model = LinearModel.of(
                List.of(column),
                new LinearModel.Options(1, combiner, ColumnMode.STRICT),
                EmbeddingTables.of(Rng.of(0)));
        set(model.weights(column.name()), weights);
        return model;
    }

    @Test
    void linearModelOfHashedWords() {
        var column = categoricalColumnWithHashBucket("wire", 4);
        var rows = batch("wire", ragged(row("omar"), row("stringer", "marlo")));
        double[][] expected = {{1005, 5010}, {1005, 7083.1387}, {1005, 10015}};
        for (var combiner : Combiner.values()) {
            try (var _ = Scope.open();
                    var model = linear(column, combiner, 10, 100, 1000, 10000)) {
                set(model.bias(), 5);
                Close.check("y", model.forward(rows).toFloats(), expected[combiner.ordinal()], 1e-7, 0);
            }
        }
    }

    @Test
    void linearModelOfWordsAndNumbers() {
        var rows = batch("wire", ragged(row("omar"), row("stringer", "marlo")), "price", dense(row(1f), row(5f)));
        try (var _ = Scope.open();
                var model =
                        LinearModel.of(List.of(numericColumn("price"), categoricalColumnWithHashBucket("wire", 4)))) {
            assertThat(model.parameters().keySet()).containsExactly("price/weights", "wire/weights", "bias_weights");
            assertThat(model.forward(rows).toFloats()).containsExactly(0, 0);
            set(model.weights("wire"), 10, 100, 1000, 10000);
            set(model.weights("price"), 10);
            set(model.bias(), 5);
            var y = model.forward(rows);
            assertThat(y.toFloats()).containsExactly(1015, 10065);
            y.sum().backward();
            assertThat(model.weights("wire").grad().orElseThrow().toFloats()).containsExactly(1, 0, 1, 1);
            assertThat(model.weights("price").grad().orElseThrow().toFloats()).containsExactly(6);
            assertThat(model.bias().grad().orElseThrow().toFloats()).containsExactly(2);
        }
    }

    @Test
    void linearModelOfACross() {
        var bucketized = FeatureColumns.bucketizedColumn(numericColumn("a", 2), 0, 1);
        var rows = batch("a", dense(row(-1f, .5f), row(.5f, 1)), "c", ragged(row("cA"), row("cB", "cC")));
        try (var _ = Scope.open();
                var model = linear(
                        FeatureColumns.crossedColumn(List.of(bucketized, "c"), 5, 5), Combiner.SUM, 1, 2, 3, 4, 5)) {
            assertThat(model.forward(rows).toFloats()).containsExactly(3, 14);
        }
    }

    @Test
    void linearModelOfWeights() {
        var column = FeatureColumns.weightedCategoricalColumn(categoricalColumnWithIdentity("i", 3), "w");
        var rows = batch(
                "i",
                ragged(row(2L), row(0L, 1), row(1L), row(0L)),
                "w",
                ragged(row(.5f), row(2f, 1), row(-1f), row(0f)));
        try (var _ = Scope.open();
                var sum = linear(column, Combiner.SUM, 1, 10, 100);
                var mean = linear(column, Combiner.MEAN, 1, 10, 100)) {
            assertThat(sum.forward(rows).toFloats()).containsExactly(50, 12, -10, 0);
            assertThat(mean.forward(rows).toFloats()).containsExactly(100, 4, 0, 0);
        }
    }

    @Test
    void denseFeaturesStandInTheOrderOfCodePoints() {
        var names = List.of("é", "b", "a_b", "aB", "a", "B", "9", "10", "\ud83d\ude00", "\uff5e");
        try (var _ = Scope.open();
                var layer = DenseFeatures.of(
                        names.stream().map(FeatureColumns::numericColumn).toList(), Rng.of(1))) {
            // Python: sorted(names). U+FF5E comes before U+1F600, other than in UTF-16.
            assertThat(layer.slots().stream().map(DenseFeatures.Slots::column))
                    .containsExactly("10", "9", "B", "a", "aB", "a_b", "b", "é", "\uff5e", "\ud83d\ude00");
            var pairs = IntStream.range(0, names.size())
                    .boxed()
                    .<Object>mapMulti((i, sink) -> {
                        sink.accept(names.get(i));
                        sink.accept(dense(row((float) i)));
                    })
                    .toArray();
            assertThat(layer.forward(batch(pairs)).toFloats()).containsExactly(7, 6, 5, 4, 3, 2, 1, 0, 9, 8);
        }
    }

    @Test
    void denseFeaturesSideBySide() {
        var ids = categoricalColumnWithIdentity("i", 3);
        var columns = List.of(
                embeddingColumn(ids, 2),
                indicatorColumn(ids),
                FeatureColumns.bucketizedColumn(numericColumn("x"), 0, 10),
                numericColumn("p", 2));
        var rows = batch(
                "i", ragged(row(2L), row(0L, 1), new long[0]),
                "x", dense(row(-1f), row(0f), row(10f)),
                "p", dense(row(.5f, 1), row(2f, 3), row(4f, 5)));
        try (var _ = Scope.open();
                var layer = DenseFeatures.of(columns, Rng.of(1))) {
            set(layer.parameters().get("i_embedding/embedding_weights"), TABLE);
            var y = layer.forward(rows);
            assertThat(layer.width()).isEqualTo(10);
            assertThat(y.shape()).containsExactly(3, 10);
            assertThat(y.toFloats())
                    .containsExactly(
                            7, 11, 0, 0, 1, .5f, 1, 1, 0, 0, // row 0
                            2, 3.5f, 1, 1, 0, 2, 3, 0, 1, 0, // row 1
                            0, 0, 0, 0, 0, 4, 5, 0, 0, 1);
            y.sum().backward();
            assertThat(layer.parameters()
                            .get("i_embedding/embedding_weights")
                            .grad()
                            .orElseThrow()
                            .toFloats())
                    .containsExactly(.5f, .5f, .5f, .5f, 1, 1);
        }
    }

    @Test
    void sharedEmbeddingsTrainOneTable() {
        var a = categoricalColumnWithIdentity("a", 3);
        var b = categoricalColumnWithIdentity("b", 3);
        var columns = FeatureColumns.sharedEmbeddings(List.of(b, a), TWO);
        assertThat(columns.stream().map(FeatureColumn::name))
                .containsExactly("b_shared_embedding", "a_shared_embedding");
        try (var _ = Scope.open();
                var layer = DenseFeatures.of(columns, Rng.of(1))) {
            assertThat(layer.parameters()).containsOnlyKeys("a_b_shared_embedding/embedding_weights");
            var table = layer.parameters().get("a_b_shared_embedding/embedding_weights");
            set(table, TABLE);
            var y = layer.forward(batch("a", ragged(row(2L)), "b", ragged(row(2L, 0))));
            assertThat(y.toFloats()).containsExactly(7, 11, 4, 6.5f);
            y.sum().backward();
            assertThat(table.grad().orElseThrow().toFloats()).containsExactly(.5f, .5f, 0, 0, 1.5f, 1.5f);
        }
    }

    /// TensorFlow 2.21: of a batch of 4 rows whose last is empty, lookup that is not safe gives 3.
    @Test
    void emptyRowsAtTheEndStayUnlessTensorFlowIsWanted() {
        var constant = new EmbeddingInitializer.Constant(2);
        for (boolean safe : new boolean[] {true, false}) {
            var options = new EmbeddingOptions(1, Combiner.MEAN, constant, null, null, null, true, safe);
            var column = FeatureColumns.embeddingColumn(categoricalColumnWithIdentity("i", 3), options);
            var batch = batch("i", ragged(row(2L), new long[0], row(0L, 1), new long[0]));
            for (var mode : ColumnMode.values()) {
                try (var features = DenseFeatures.of(List.of(column), mode, EmbeddingTables.of(Rng.of(0)));
                        var _ = Scope.open()) {
                    float[] expected =
                            mode == ColumnMode.TF_COMPAT && !safe ? new float[] {2, 0, 2} : new float[] {2, 0, 2, 0};
                    assertThat(features.forward(batch).toFloats()).containsExactly(expected);
                    var empty = features.forward(batch("i", ragged(new long[0], new long[0])));
                    assertThat(empty.size(0)).isEqualTo(mode == ColumnMode.TF_COMPAT && !safe ? 0 : 2);
                }
            }
        }
    }

    @Test
    void aFrozenTableIsNoParameter() {
        var column = embeddingColumn(categoricalColumnWithIdentity("i", 3), TWO.withTrainable(false));
        try (var _ = Scope.open();
                var tables = EmbeddingTables.of(Rng.of(1));
                var layer = DenseFeatures.of(List.of(column), ColumnMode.STRICT, tables)) {
            assertThat(layer.parameters()).isEmpty();
            assertThat(tables.state()).containsOnlyKeys("i_embedding/embedding_weights");
            assertThat(layer.forward(batch("i", ragged(row(1L)))).requiresGrad())
                    .isFalse();
        }
    }

    @Test
    void tablesBeginTruncatedNormalWhateverTheOrder() {
        var a = embeddingColumn(categoricalColumnWithIdentity("a", 5000), 4);
        var b = embeddingColumn(categoricalColumnWithIdentity("b", 7), 4);
        try (var _ = Scope.open();
                var one = DenseFeatures.of(List.of(a, b), Rng.of(3));
                var other = DenseFeatures.of(List.of(a), Rng.of(3))) {
            float[] values =
                    one.parameters().get("a_embedding/embedding_weights").toFloats();
            assertThat(values)
                    .containsExactly(other.parameters()
                            .get("a_embedding/embedding_weights")
                            .toFloats());
            double squares = 0;
            for (float v : values) {
                assertThat(Math.abs(v)).isLessThanOrEqualTo(1);
                squares += v * v;
            }
            // Deviation 0.5, and 0.8796 of it for a normal distribution cut at two deviations.
            assertThat(Math.sqrt(squares / values.length)).isBetween(.5 * .8796 * .98, .5 * .8796 * 1.02);
        }
    }

    @Test
    void tablesBeginWithACheckpoint() {
        var options = new EmbeddingOptions(
                2, Combiner.MEAN, EmbeddingInitializer.defaultFor(2), "model", "words", null, true, true);
        var column = embeddingColumn(categoricalColumnWithIdentity("i", 3), options);
        try (var _ = Scope.open();
                var tables = EmbeddingTables.of(Rng.of(1), (_, _) -> Tensor.of(TABLE, 3, 2));
                var layer = DenseFeatures.of(List.of(column), ColumnMode.STRICT, tables)) {
            assertThat(layer.forward(batch("i", ragged(row(2L)))).toFloats()).containsExactly(7, 11);
        }
        assertThatThrownBy(() -> DenseFeatures.of(List.of(column), Rng.of(1))).hasMessageContaining("checkpoints");
    }

    @Test
    void sequencesOfIds() {
        var column = embeddingColumn(sequenceCategoricalColumnWithIdentity("s", 3), 2);
        var rows = batch("s", ragged(row(2L), row(0L, 1), new long[0], row(1L)));
        try (var _ = Scope.open();
                var layer = SequenceFeatures.of(List.of(column), Rng.of(1))) {
            set(layer.parameters().get("s_embedding/embedding_weights"), TABLE);
            var y = layer.forward(rows);
            assertThat(y.lengths()).containsExactly(1, 2, 0, 1);
            assertThat(y.values().shape()).containsExactly(4, 2, 2);
            assertThat(y.values().toFloats()).containsExactly(7, 11, 0, 0, 1, 2, 3, 5, 0, 0, 0, 0, 3, 5, 0, 0);
            y.values().sum().backward();
            assertThat(layer.parameters()
                            .get("s_embedding/embedding_weights")
                            .grad()
                            .orElseThrow()
                            .toFloats())
                    .containsExactly(1, 1, 2, 2, 1, 1);
        }
    }

    @Test
    void sequencesOfCountsAndNumbersSideBySide() {
        var counts = indicatorColumn(sequenceCategoricalColumnWithIdentity("s", 3));
        var numbers = sequenceNumericColumn("n", -1, 2);
        var rows = batch("s", ragged(row(2L), row(0L, 1)), "n", ragged(row(5f, 6), row(1f, 2, 3, 4)));
        try (var _ = Scope.open();
                var layer = SequenceFeatures.of(List.of(counts, numbers), Rng.of(1))) {
            var y = layer.forward(rows);
            assertThat(y.lengths()).containsExactly(1, 2);
            assertThat(y.values().toFloats())
                    .containsExactly(5, 6, 0, 0, 1, -1, -1, 0, 0, 0, 1, 2, 1, 0, 0, 3, 4, 0, 1, 0);
            var context = Tensor.of(new float[] {8, 9}, 2, 1);
            var joined = SequenceFeatures.concatenateContextInput(context, y.values());
            assertThat(joined.shape()).containsExactly(2, 2, 6);
            assertThat(joined.select(2, 5).toFloats()).containsExactly(8, 8, 9, 9);
            assertThat(joined.slice(2, 0, 5).toFloats())
                    .containsExactly(y.values().toFloats());
            assertThatThrownBy(() -> layer.forward(
                            batch("s", ragged(row(2L), row(0L)), "n", ragged(row(5f, 6), row(1f, 2, 3, 4)))))
                    .hasMessageContaining("row 1");
        }
    }

    @Test
    void sequencesAndColumnsWithoutThemKeepApart() {
        var sequence = embeddingColumn(sequenceCategoricalColumnWithIdentity("s", 3), 2);
        assertThatThrownBy(() -> DenseFeatures.of(List.of(sequence), Rng.of(1)))
                .hasMessageContaining("SequenceFeatures");
        assertThatThrownBy(() -> SequenceFeatures.of(
                        List.of(embeddingColumn(categoricalColumnWithIdentity("i", 3), 2)), Rng.of(1)))
                .hasMessageContaining("DenseFeatures");
        assertThatThrownBy(() -> LinearModel.of(List.of(sequence))).hasMessageContaining("s_embedding");
    }
}
