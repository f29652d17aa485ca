package io.torrefy.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.GradCheck;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Close;
import java.io.IOException;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Values and gradients by TensorFlow 2.21.
class EmbeddingsTest {
    private static final float[] TABLE = {1, 2, 3, 5, 7, 11};
    private static final int[] SPLITS = {0, 1, 3, 3, 4};
    private static final long[] IDS = {2, 0, 1, -1};
    private static final float[] NONE = {};
    private static JsonNode golden;

    @BeforeAll
    static void read() throws IOException {
        try (var in = EmbeddingsTest.class.getResourceAsStream("/tf-data-golden.json")) {
            golden = JsonLines.MAPPER.readTree(in).get("embedding");
        }
    }

    private static void check(
            String section,
            String field,
            int[] splits,
            long[] ids,
            float[] weights,
            Combiner combiner,
            @Nullable Double norm) {
        try (var _ = Scope.open()) {
            var y = Embeddings.lookup(Tensor.of(TABLE, 3, 2), splits, ids, weights, combiner, norm, true);
            var expected = StreamSupport.stream(golden.get(section).get(field).spliterator(), false)
                    .flatMap(r -> StreamSupport.stream(r.spliterator(), false))
                    .mapToDouble(JsonNode::asDouble)
                    .toArray();
            assertThat(y.shape()).containsExactly(splits.length - 1, 2);
            Close.check(section + " " + field, y.toFloats(), expected, 2e-7, 0);
        }
    }

    @ParameterizedTest
    @EnumSource(Combiner.class)
    void combines(Combiner combiner) {
        String field = combiner.combinerName();
        check("unweighted", field, SPLITS, IDS, NONE, combiner, null);
        check("duplicates", field, new int[] {0, 3}, new long[] {1, 1, 2}, NONE, combiner, null);
        check(
                "weighted",
                field,
                new int[] {0, 1, 3, 4, 5},
                new long[] {2, 0, 1, 1, 0},
                new float[] {.5f, 2, 1, -1, 0},
                combiner,
                null);
    }

    @Test
    void shortensLongVectors() {
        check("unweighted", "mean max_norm=5", SPLITS, IDS, NONE, Combiner.MEAN, 5.0);
    }

    @Test
    void gradientsAreThoseOfTensorFlow() {
        checkGradient(new long[] {1, 1, 2}, NONE, Combiner.MEAN, null, 0, 0, 2 / 3., 2 / 3., 1 / 3., 1 / 3.);
        double r = 1.1547005;
        checkGradient(new long[] {1, 1, 2}, NONE, Combiner.SQRTN, null, 0, 0, r, r, .5773503, .5773503);
        double a = .85714293;
        double b = .14285715;
        checkGradient(new long[] {1, 1, 2}, new float[] {1, 2, .5f}, Combiner.MEAN, null, 0, 0, a, a, b, b);
    }

    private static void checkGradient(
            long[] ids, float[] weights, Combiner combiner, @Nullable Double norm, double... expected) {
        try (var _ = Scope.open()) {
            var table = Tensor.of(TABLE, 3, 2).requiresGrad(true);
            Embeddings.lookup(table, new int[] {0, ids.length}, ids, weights, combiner, norm, true)
                    .sum()
                    .backward();
            Close.check("gradient", table.grad().orElseThrow().toFloats(), expected, 1e-6, 0);
        }
    }

    @Test
    void gradientThroughTheLimitOfLength() {
        try (var _ = Scope.open()) {
            var table = Tensor.of(TABLE, 3, 2).requiresGrad(true);
            Embeddings.lookup(table, new int[] {0, 1}, new long[] {2}, NONE, Combiner.SUM, 5.0, true)
                    .select(1, 0)
                    .sum()
                    .backward();
            Close.check(
                    "gradient",
                    table.grad().orElseThrow().toFloats(),
                    new double[] {0, 0, 0, 0, .27294934, -.17369503},
                    1e-6,
                    0);
        }
    }

    @ParameterizedTest
    @EnumSource(Combiner.class)
    void gradientsAreDifferences(Combiner combiner) {
        double[] values = new double[20];
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.sin(i + 1) * (i < 8 ? .1 : 3);
        }
        try (var _ = Scope.open()) {
            var table = Tensor.of(values, 5, 4).requiresGrad(true);
            int[] splits = {0, 0, 2, 7, 8, 9, 9};
            long[] ids = {0, 3, 1, 1, -1, 4, 2, -1, 2};
            float[] weights = {.5f, 2, 1, -1, 3, 0, .25f, 1, -2};
            for (boolean weighted : new boolean[] {false, true}) {
                for (Double norm : new @Nullable Double[] {null, 1.5}) {
                    GradCheck.check(
                            x -> Embeddings.lookup(
                                    x.getFirst(), splits, ids, weighted ? weights : NONE, combiner, norm, true),
                            table);
                }
            }
            GradCheck.checkSecond(
                    x -> Embeddings.lookup(x.getFirst(), splits, ids, weights, combiner, 1.5, true), table);
        }
    }

    /// The walk adds rows into a gradient in place unless it is recorded itself.
    @Test
    void recordedGradientsAreTheSame() {
        try (var _ = Scope.open()) {
            var random = new Random(8);
            var values = new float[50 * 20];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextGaussian();
            }
            var table = Tensor.of(values, 50, 20).requiresGrad(true);
            long[] ids = random.longs(300, 0, 40).toArray();
            int[] splits = IntStream.rangeClosed(0, 100).map(b -> 3 * b).toArray();
            var y = Embeddings.lookup(table, splits, ids, NONE, Combiner.MEAN, null, true)
                    .square()
                    .sum();
            float[] recorded = Autograd.grad(y, table, true).toFloats();
            y.backward();
            assertThat(table.grad().orElseThrow().toFloats()).containsExactly(recorded);
        }
    }

    @Test
    void aVectorOfZerosIsNotShortened() {
        try (var _ = Scope.open()) {
            var table = Tensor.zeros(DType.F64, 2, 3).requiresGrad(true);
            var y = Embeddings.lookup(table, new int[] {0, 1}, new long[] {1}, NONE, Combiner.MEAN, 1.0, true);
            y.sum().backward();
            assertThat(y.toDoubles()).containsExactly(0, 0, 0);
            assertThat(table.grad().orElseThrow().toDoubles()).containsExactly(0, 0, 0, 1, 1, 1);
        }
    }

    @Test
    void emptyBagsKeepTheBatchItsSize() {
        try (var _ = Scope.open()) {
            var table = Tensor.of(TABLE, 3, 2).requiresGrad(true);
            for (boolean safe : new boolean[] {true, false}) {
                var y = Embeddings.lookup(
                        table, new int[] {0, 1, 1, 1, 1}, new long[] {2}, NONE, Combiner.MEAN, null, safe);
                assertThat(y.toFloats()).containsExactly(7, 11, 0, 0, 0, 0, 0, 0);
            }
            var none = Embeddings.lookup(table, new int[] {0}, new long[0], NONE, Combiner.MEAN, null, true);
            assertThat(none.shape()).containsExactly(0, 2);
        }
    }

    @Test
    void idsBehindTheTableAreErrorsAndUnsafeOnesBelowItToo() {
        try (var _ = Scope.open()) {
            var table = Tensor.of(TABLE, 3, 2);
            assertThatThrownBy(() -> Embeddings.lookup(
                            table, new int[] {0, 2}, new long[] {1, 5}, NONE, Combiner.SUM, null, true))
                    .hasMessageContaining("[0, 3)")
                    .hasMessageContaining("got 5");
            assertThatThrownBy(() -> Embeddings.lookup(
                            table, new int[] {0, 2}, new long[] {1, -1}, NONE, Combiner.SUM, null, false))
                    .hasMessageContaining("[0, 3)");
        }
    }
}
