package io.torrefy.posttrain.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Close;
import io.torrefy.testkit.Fixtures;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Against TRL's GKDTrainer (`src/test/python/distill_goldens.py`), and what holds of divergences.
class GeneralizedJsdTest {
    private static final JsonNode GOLDEN =
            Fixtures.json(Path.of("src/test/resources/io/torrefy/posttrain/distill/jsd.json"));
    private static final int ROWS = GOLDEN.get("rows").asInt();
    private static final int VOCABULARY = GOLDEN.get("vocabulary").asInt();

    static Stream<JsonNode> cases() {
        return StreamSupport.stream(GOLDEN.get("cases").spliterator(), false);
    }

    static Stream<JsonNode> matrices() {
        return StreamSupport.stream(GOLDEN.get("matrices").spliterator(), false);
    }

    private static double[] numbers(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    private static Tensor tensor(JsonNode array, DType dtype, int columns) {
        double[] values = numbers(array);
        return Tensor.of(values, values.length / columns, columns).to(dtype);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyRowAndItsGradientAgree(JsonNode golden) {
        agrees(golden, DType.F64, 1e-8, 1e-9);
        agrees(golden, DType.F32, 2e-5, 2e-6);
    }

    private static void agrees(JsonNode golden, DType dtype, double rtol, double atol) {
        GeneralizedJsd jsd = GeneralizedJsd.of(
                golden.get("beta").asDouble(), golden.get("temperature").asDouble());
        double[] trained = StreamSupport.stream(golden.get("trained").spliterator(), false)
                .mapToDouble(t -> t.asBoolean() ? 1 : 0)
                .toArray();
        try (Scope _ = Scope.open()) {
            Tensor student = tensor(golden.get("student"), dtype, VOCABULARY).requiresGrad(true);
            Tensor rows = jsd.perRow(student, tensor(golden.get("teacher"), dtype, VOCABULARY));
            Tensor weights = Tensor.of(trained, ROWS).to(dtype);
            Tensor loss = rows.mul(weights).sum().div(weights.sum().item());
            loss.backward();
            String name = golden.get("name").asText() + " in " + dtype;
            Close.check(
                    name,
                    new double[] {loss.item()},
                    new double[] {golden.get("loss").asDouble()},
                    rtol,
                    atol);
            Close.check(
                    name + ", gradient",
                    student.grad().orElseThrow().toDoubles(),
                    numbers(golden.get("gradient")),
                    rtol,
                    atol);
        }
    }

    /// Whatever number of rows there are logits of at a time.
    @ParameterizedTest
    @MethodSource("matrices")
    void fromHiddenStatesAgreesInChunks(JsonNode golden) {
        int width = GOLDEN.get("hidden").asInt();
        for (int chunk : new int[] {1, 3, ROWS, 100}) {
            try (Scope _ = Scope.open()) {
                Tensor leaf = tensor(golden.get("hidden"), DType.F64, width).requiresGrad(true);
                Tensor output = tensor(golden.get("output"), DType.F64, width).requiresGrad(true);
                GeneralizedJsd.Sums sums = GeneralizedJsd.of(golden.get("beta").asDouble(), 1)
                        .accumulate(
                                leaf.mul(1),
                                output,
                                tensor(golden.get("teacher_hidden"), DType.F64, width + 1),
                                tensor(golden.get("teacher_output"), DType.F64, width + 1),
                                golden.get("normaliser").asDouble(),
                                chunk);
                assertThat(sums.loss()).isCloseTo(golden.get("loss").asDouble(), within(1e-9));
                Close.check(
                        "hidden, chunk " + chunk,
                        leaf.grad().orElseThrow().toDoubles(),
                        numbers(golden.get("hidden_gradient")),
                        1e-8,
                        1e-9);
                Close.check(
                        "output, chunk " + chunk,
                        output.grad().orElseThrow().toDoubles(),
                        numbers(golden.get("output_gradient")),
                        1e-8,
                        1e-9);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.2, 0.5, 1})
    void gradientsAreThoseOfFiniteDifferences(double beta) {
        GeneralizedJsd jsd = GeneralizedJsd.of(beta, 0.8);
        try (Scope _ = Scope.open()) {
            Tensor teacher = Rng.of(1).normal(DType.F64, 2, 5);
            double[] at = Rng.of(2).normal(DType.F64, 2, 5).toDoubles();
            Tensor student = Tensor.of(at, 2, 5).requiresGrad(true);
            jsd.perRow(student, teacher).sum().backward();
            double[] gradient = student.grad().orElseThrow().toDoubles();
            for (int i = 0; i < at.length; i++) {
                double slope = (moved(jsd, at, i, 1e-5, teacher) - moved(jsd, at, i, -1e-5, teacher)) / 2e-5;
                assertThat(gradient[i]).isCloseTo(slope, within(1e-8));
            }
        }
    }

    private static double moved(GeneralizedJsd jsd, double[] at, int i, double by, Tensor teacher) {
        double[] there = at.clone();
        there[i] += by;
        return Autograd.noGrad(() -> jsd.perRow(Tensor.of(there, 2, 5), teacher).sum())
                .item();
    }

    /// Swapping the models and beta is the same; at beta ½ it is bounded by ln 2, and 0 for equal models alone.
    @Test
    void itIsSymmetricBoundedAndZeroForEqualModels() {
        try (Scope _ = Scope.open()) {
            Tensor a = Rng.of(3).normal(DType.F64, 40, 9).mul(8);
            Tensor b = Rng.of(4).normal(DType.F64, 40, 9).mul(8);
            double[] there = GeneralizedJsd.of(0.3, 1).perRow(a, b).toDoubles();
            double[] back = GeneralizedJsd.of(0.7, 1).perRow(b, a).toDoubles();
            Close.check("swapped", there, back, 1e-10, 1e-12);
            double[] half = GeneralizedJsd.of(0.5, 1).perRow(a, b).toDoubles();
            assertThat(half).hasSize(40).doesNotContain(Double.NaN);
            assertThat(Arrays.stream(half).boxed()).allMatch(x -> x > 0 && x <= Math.log(2) + 1e-12);
            assertThat(half[0]).isCloseTo(half(a, b), within(1e-12));
            for (double beta : new double[] {0, 0.5, 1}) {
                double[] none = GeneralizedJsd.of(beta, 1).perRow(a, a).toDoubles();
                assertThat(Arrays.stream(none).boxed()).allMatch(x -> Math.abs(x) < 1e-12);
            }
        }
    }

    /// Of the first rows, from the definition.
    private static double half(Tensor a, Tensor b) {
        double[] p = softmax(a);
        double[] q = softmax(b);
        return IntStream.range(0, p.length)
                .mapToDouble(i -> {
                    double m = (p[i] + q[i]) / 2;
                    return (p[i] * Math.log(p[i] / m) + q[i] * Math.log(q[i] / m)) / 2;
                })
                .sum();
    }

    private static double[] softmax(Tensor logits) {
        double[] row = logits.select(0, 0).toDoubles();
        double sum = IntStream.range(0, row.length)
                .mapToDouble(i -> Math.exp(row[i]))
                .sum();
        return IntStream.range(0, row.length)
                .mapToDouble(i -> Math.exp(row[i]) / sum)
                .toArray();
    }

    /// The ends are the limits of D / beta and D / (1 - beta).
    @Test
    void theEndsAreTheTwoDivergences() {
        double small = 1e-6;
        try (Scope _ = Scope.open()) {
            Tensor a = Rng.of(5).normal(DType.F64, 20, 6);
            Tensor b = Rng.of(6).normal(DType.F64, 20, 6);
            Tensor first = GeneralizedJsd.of(small, 1).perRow(a, b).div(small);
            Tensor last = GeneralizedJsd.of(1 - small, 1).perRow(a, b).div(small);
            Close.check(
                    "beta 0",
                    first.toDoubles(),
                    GeneralizedJsd.of(0, 1).perRow(a, b).toDoubles(),
                    1e-4,
                    1e-5);
            Close.check(
                    "beta 1",
                    last.toDoubles(),
                    GeneralizedJsd.of(1, 1).perRow(a, b).toDoubles(),
                    1e-4,
                    1e-5);
        }
    }

    @ParameterizedTest
    @CsvSource({"-0.1, 1", "1.1, 1", "NaN, 1", "0.5, 0", "0.5, Infinity"})
    void refusesWhatIsOutOfBounds(double beta, double temperature) {
        assertThatThrownBy(() -> GeneralizedJsd.of(beta, temperature))
                .hasMessageContaining("[jsd] expected beta in [0, 1]")
                .hasMessageContaining(beta + " and " + temperature);
    }

    @Test
    void refusesLogitsOfAnotherVocabulary() {
        try (Scope _ = Scope.open()) {
            Tensor a = Tensor.zeros(2, 5);
            Tensor b = Tensor.zeros(2, 6);
            assertThatThrownBy(() -> GeneralizedJsd.of(0.5, 1).perRow(a, b)).hasMessageContaining("one vocabulary");
        }
    }
}
