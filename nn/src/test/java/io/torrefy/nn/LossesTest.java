package io.torrefy.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.tensor.CrossEntropies.Reduction;
import io.torrefy.tensor.GradCheck;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LossesTest {
    private Scope scope = Scope.open();

    @BeforeEach
    void open() {
        scope.close();
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    static List<Fixture> cases() {
        Fixtures all = Fixtures.open();
        return Stream.of("mse", "l1", "huber", "bce_with_logits", "cross_entropy_zloss", "cross_entropy")
                .flatMap(op -> all.ops(op).stream())
                .filter(f -> !f.settings().has("class_weight") && !f.settings().has("target"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void followsTorch(Fixture fixture) {
        Map<String, Golden> golden = fixture.tensors();
        Map<String, Tensor> in = new TreeMap<>();
        golden.forEach((name, g) -> {
            if (name.startsWith("in.")) {
                Tensor t = g.isInteger() ? Tensor.of(g.longs(), g.shape()) : Tensor.of(g.floats(), g.shape());
                in.put(name.substring(3), t.requiresGrad(golden.containsKey("din." + name.substring(3))));
            }
        });
        Map<String, Tensor> out = outputs(fixture.settings(), in);
        // The gradients are those of the sum of outputs times upstream gradients, or of the only output.
        Tensor total = Tensor.scalar(0);
        for (var e : out.entrySet()) {
            OptimizerCases.require(golden, "out." + e.getKey())
                    .assertClose(e.getValue().toDoubles(), fixture.tolerance());
            Golden upstream = golden.get("dout." + e.getKey());
            Tensor y = e.getValue();
            total = total.add(
                    upstream == null
                            ? y
                            : y.mul(Tensor.of(upstream.floats(), upstream.shape()))
                                    .sum());
        }
        total.backward();
        in.forEach((name, t) -> t.grad()
                .ifPresent(g ->
                        OptimizerCases.require(golden, "din." + name).assertClose(g.toDoubles(), fixture.tolerance())));
        assertThat(in.values().stream().filter(t -> t.grad().isPresent())).hasSize((int)
                golden.keySet().stream().filter(n -> n.startsWith("din.")).count());
    }

    private static Map<String, Tensor> outputs(JsonNode s, Map<String, Tensor> in) {
        if (s.path("op").asText().equals("cross_entropy_zloss")) {
            Tensor x = OptimizerCases.require(in, "x");
            Tensor target = OptimizerCases.require(in, "target");
            Tensor z = Losses.zLoss(x, target).mul(s.path("z_coefficient").asDouble());
            return Map.of("loss", Losses.crossEntropy(x, target).add(z), "z", z);
        }
        return Map.of("y", loss(s, in));
    }

    private static Tensor loss(JsonNode s, Map<String, Tensor> in) {
        Reduction reduction =
                Reduction.valueOf(s.path("reduction").asText("mean").toUpperCase(Locale.ROOT));
        Tensor x = OptimizerCases.require(in, "x");
        Tensor target = OptimizerCases.require(in, "target");
        Tensor posWeight = in.get("pos_weight");
        return switch (s.path("op").asText()) {
            case "mse" -> Losses.mse(x, target, reduction);
            case "l1" -> Losses.l1(x, target, reduction);
            case "huber" -> Losses.huber(x, target, s.path("delta").asDouble(1), reduction);
            case "bce_with_logits" ->
                posWeight == null
                        ? Losses.bceWithLogits(x, target, reduction)
                        : Losses.bceWithLogits(x, target, posWeight, reduction);
            case "cross_entropy" ->
                Losses.crossEntropy(
                        x, target, reduction, s.path("label_smoothing").asDouble(0));
            default -> throw new AssertionError("unknown loss in " + s);
        };
    }

    // ---- laws ------------------------------------------------------------------------------------------------------

    private static final double[] X = {-3, -1, -0.25, 0, 0.5, 2.75, 40, -40, 1.5};
    private static final double[] T = {1, -1, 0.25, 0.5, 0, 2, 3, 1, 0};

    @Test
    void l1AndHuberFromTheirDefinitions() {
        Tensor x = Tensor.of(X).requiresGrad(true);
        Tensor t = Tensor.of(T);
        double delta = 0.75;
        double[] l1 = Losses.l1(x, t, Reduction.NONE).toDoubles();
        double[] huber = Losses.huber(x, t, delta, Reduction.NONE).toDoubles();
        double sum = 0;
        for (int i = 0; i < X.length; i++) {
            double d = Math.abs(X[i] - T[i]);
            assertThat(l1[i]).isCloseTo(d, within(1e-12));
            assertThat(huber[i]).isCloseTo(d <= delta ? d * d / 2 : delta * (d - delta / 2), within(1e-12));
            sum += d;
        }
        assertThat(Losses.l1(x, t).item()).isCloseTo(sum / X.length, within(1e-12));
        Losses.huber(x, t, delta, Reduction.SUM).backward();
        double[] gradient = x.grad().orElseThrow().toDoubles();
        for (int i = 0; i < X.length; i++) {
            assertThat(gradient[i]).isCloseTo(Math.clamp(X[i] - T[i], -delta, delta), within(1e-12));
        }
    }

    @Test
    void bceIsTheCrossEntropyOfTwoClasses() {
        Tensor x = Tensor.of(X);
        Tensor two = Tensor.zeros(x.dtype(), X.length, 2)
                .add(Tensor.of(new double[] {0, 1}, 2).mul(x.unsqueeze(1)));
        for (long label = 0; label < 2; label++) {
            long k = label;
            Tensor ids = Tensor.arange(X.length).mul(0).add(k);
            Tensor expected = Losses.crossEntropy(two, ids, Reduction.NONE, 0);
            Tensor actual = Losses.bceWithLogits(x, ids, Reduction.NONE);
            for (int i = 0; i < X.length; i++) {
                assertThat(actual.toDoubles()[i]).isCloseTo(expected.toDoubles()[i], within(1e-12));
            }
        }
    }

    @Test
    void nllOfLogSoftmaxIsCrossEntropy() {
        Tensor logits = Tensor.of(X, 3, 3);
        Tensor targets = Tensor.of(new long[] {2, -100, 0}, 3);
        for (Reduction reduction : Reduction.values()) {
            double[] expected =
                    Losses.crossEntropy(logits, targets, reduction, 0).toDoubles();
            double[] actual =
                    Losses.nll(logits.logSoftmax(-1), targets, reduction).toDoubles();
            assertThat(actual).hasSameSizeAs(expected);
            for (int i = 0; i < expected.length; i++) {
                assertThat(actual[i]).isCloseTo(expected[i], within(1e-12));
            }
        }
    }

    /// KL of (1/2, 1/2, 0) from (1/4, 1/2, 1/4) is ln(2) / 2.
    @Test
    void klDivergence() {
        Tensor q = Tensor.of(new double[] {0.25, 0.5, 0.25}, 1, 3).log();
        Tensor p = Tensor.of(new double[] {0.5, 0.5, 0}, 1, 3);
        assertThat(Losses.klDiv(q, p, Reduction.SUM).item()).isCloseTo(Math.log(2) / 2, within(1e-12));
        assertThat(Losses.klDiv(q, p).item()).isCloseTo(Math.log(2) / 6, within(1e-12));
        assertThat(Losses.klDiv(p.add(0.1).log(), p.add(0.1)).item()).isCloseTo(0, within(1e-12));
    }

    @Test
    void gradientsAgreeWithFiniteDifferences() {
        Tensor target = Tensor.of(new double[] {0.2, 0.5, 0.3, 0.9, 0.05, 0.05}, 2, 3);
        double[] start = {-1.3, 0.4, 2.1, 0.8, -0.6, 0.1};
        for (var loss : List.<UnaryOperator<Tensor>>of(
                x -> Losses.l1(x, target),
                x -> Losses.huber(x, target, 1),
                x -> Losses.bceWithLogits(x, target),
                x -> Losses.klDiv(x.logSoftmax(-1), target),
                x -> Losses.zLoss(x, Tensor.of(new long[] {1, -100}, 2)),
                x -> Losses.nll(x, Tensor.of(new long[] {1, -100}, 2)))) {
            check(loss, start);
        }
    }

    private static void check(UnaryOperator<Tensor> loss, double[] at) {
        GradCheck.check(in -> loss.apply(in.getFirst()), Tensor.of(at, 2, 3).requiresGrad(true));
    }

    @Test
    void shapesDoNotBroadcastBySilence() {
        assertThatThrownBy(() -> Losses.mse(Tensor.ones(3), Tensor.ones(3, 1)))
                .hasMessageContaining("[mse] expected an input and a target of one shape; got [3] and [3, 1]");
        assertThatThrownBy(() -> Losses.nll(Tensor.ones(3, 2), Tensor.ones(3))).hasMessageContaining("integer targets");
        assertThatThrownBy(() -> Losses.huber(Tensor.ones(1), Tensor.ones(1), 0))
                .hasMessageContaining("delta > 0");
    }
}
