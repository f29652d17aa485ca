package io.torrefy.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OptimizerTest {
    @TempDir
    Path folder;

    static Stream<Named<Function<ParameterGroups, Optimizer>>> optimizers() {
        return Stream.of(
                Named.of("sgd", g -> Sgd.of(g, 0.05)),
                Named.of("momentum", g -> Sgd.of(g, 0.05).withMomentum(0.9).withNesterov()),
                Named.of("dampened", g -> Sgd.of(g, 0.05).withOptions(new SgdOptions(0.9, 0.5, false, 0.1))),
                Named.of("adam", g -> Adam.of(g, 0.05).withWeightDecay(0.1)),
                Named.of("amsgrad", g -> Adam.of(g, 0.05).withAmsgrad()),
                Named.of("adamw", g -> AdamW.of(g, 0.05).withBetas(0.9, 0.95).withEps(1e-6)),
                Named.of(
                        "adagrad",
                        g -> Adagrad.of(g, 0.05).withLearningRateDecay(0.1).withInitialAccumulator(0.5)),
                Named.of("rmsprop", g -> RmsProp.of(g, 0.05).withMomentum(0.5).withCentered()),
                Named.of("muon", g -> Muon.moonlight(g, 0.05)));
    }

    /// A parameter with a gradient in every step, one in every second, one never, one in f64 and one in bf16.
    private static SequencedMap<String, Tensor> parameters() {
        SequencedMap<String, Tensor> named = new LinkedHashMap<>();
        named.put("always", values(5, 7, DType.F32));
        named.put("sometimes", values(3, 5, DType.F32));
        named.put("never", values(2, 2, DType.F32));
        named.put("wide", values(2, 3, DType.F64));
        named.put("half", values(4, 3, DType.BF16));
        named.put("norm", Tensor.ones(5).keep().requiresGrad(true));
        return named;
    }

    private static Tensor values(int rows, int columns, DType type) {
        double[] v = new double[rows * columns];
        for (int i = 0; i < v.length; i++) {
            v[i] = Math.sin(i + rows);
        }
        try (Scope scope = Scope.open()) {
            return scope.pass(Tensor.of(v, rows, columns).to(type)).keep().requiresGrad(true);
        }
    }

    private static void train(Optimizer optimizer, int from, int to) {
        for (int step = from; step < to; step++) {
            int at = step;
            optimizer.parameters().forEach((name, p) -> {
                if (!name.equals("never") && (!name.equals("sometimes") || at % 2 == 1)) {
                    try (Scope _ = Scope.open()) {
                        p.add(Math.cos(at)).square().mul(0.3 + at % 3).sum().backward();
                    }
                }
            });
            optimizer.step(0.5);
        }
    }

    private static Map<String, double[]> snapshot(Map<String, Tensor> tensors) {
        Map<String, double[]> result = new LinkedHashMap<>();
        tensors.forEach((name, t) -> result.put(name, t.toDoubles()));
        return result;
    }

    @ParameterizedTest
    @MethodSource("optimizers")
    void aResumedRunIsBitwiseTheUninterruptedOne(Function<ParameterGroups, Optimizer> make) throws IOException {
        var parameters = parameters();
        var whole = make.apply(ParameterGroups.of(parameters));
        train(whole, 0, 6);
        Path weights = folder.resolve("weights.safetensors");
        Path state = folder.resolve("optimizer.safetensors");
        Safetensors.write(weights, parameters);
        Safetensors.write(state, whole.state());
        train(whole, 6, 11);

        var again = Safetensors.read(weights);
        again.values().forEach(t -> t.requiresGrad(true));
        var resumed = make.apply(ParameterGroups.of(again));
        resumed.load(Safetensors.read(state));
        assertThat(resumed.steps()).isEqualTo(6);
        train(resumed, 6, 11);

        compare(snapshot(again), snapshot(parameters));
        compare(snapshot(resumed.state()), snapshot(whole.state()));
        assertThat(whole.steps()).isEqualTo(11);
        assertThat(snapshot(parameters()))
                .extractingByKey("always")
                .isNotEqualTo(snapshot(parameters).get("always"));
        assertThat(snapshot(parameters()))
                .extractingByKey("never")
                .isEqualTo(snapshot(parameters).get("never"));
    }

    private static void compare(Map<String, double[]> actual, Map<String, double[]> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, values) -> assertThat(actual.get(name)).as(name).isEqualTo(values));
    }

    @ParameterizedTest
    @MethodSource("optimizers")
    // At the most as many: the collector may free what other tests left.
    void stepsLeaveNothingBehind(Function<ParameterGroups, Optimizer> make) {
        var parameters = parameters();
        long before = Memory.stats().liveStorages();
        var optimizer = make.apply(ParameterGroups.of(parameters));
        train(optimizer, 0, 2);
        optimizer.state();
        long after = Memory.stats().liveStorages();
        train(optimizer, 2, 5);
        optimizer.state();
        assertThat(Memory.stats().liveStorages()).isLessThanOrEqualTo(after);
        optimizer.close();
        assertThat(Memory.stats().liveStorages()).isLessThanOrEqualTo(before);
        parameters.values().forEach(p -> assertThat(p.grad()).isEmpty());
    }

    @Test
    void goesDownABowl() {
        optimizers().forEach(named -> {
            var p = values(4, 3, DType.F32);
            SequencedMap<String, Tensor> one = new LinkedHashMap<>(Map.of("p", p));
            try (Optimizer optimizer = named.getPayload().apply(ParameterGroups.of(one))) {
                double first = bowl(p);
                for (int i = 0; i < 60; i++) {
                    optimizer.learningRate(Schedule.linear(0.05, 0, 60).at(i));
                    bowl(p);
                    optimizer.step();
                }
                assertThat(bowl(p)).as(named.getName()).isLessThan(first * 0.7);
            }
        });
    }

    private static double bowl(Tensor p) {
        try (Scope _ = Scope.open()) {
            p.zeroGrad();
            Tensor loss = p.square().sum();
            loss.backward();
            return loss.item();
        }
    }

    @Test
    void groupsHaveTheirOwnRateAndDecay() {
        var named = parameters();
        named.values().forEach(p -> p.requiresGrad(false).fillInPlace(1).requiresGrad(true));
        var groups = ParameterGroups.of(named)
                .withoutDecayOnVectors()
                .withWeightDecay((name, _) -> name.equals("wide"), 0.25)
                .withLearningRateScale((name, _) -> name.equals("sometimes"), 10);
        // A gradient of nothing leaves the decay alone: p (1 - lr decay).
        named.values().forEach(p -> OptimizerCases.giveGradient(p, Tensor.zeros(p.dtype(), p.shape())));
        try (var optimizer = AdamW.of(groups, 0.01).withWeightDecay(0.5)) {
            optimizer.step();
        }
        assertThat(named.get("always").toDoubles()[0]).isCloseTo(0.995, within(1e-7));
        assertThat(named.get("sometimes").toDoubles()[0]).isCloseTo(0.95, within(1e-7));
        assertThat(named.get("wide").toDoubles()[0]).isCloseTo(0.9975, within(1e-7));
        assertThat(named.get("norm").toDoubles()).containsOnly(1);
        assertThat(groups.where((name, _) -> name.length() == 4).entries())
                .extracting(ParameterGroups.Entry::name)
                .containsExactly("wide", "half", "norm");
    }

    @Test
    void aTiedParameterIsTrainedOnce() {
        Tensor p = Tensor.ones(2).keep().requiresGrad(true);
        SequencedMap<String, Tensor> tied = new LinkedHashMap<>();
        tied.put("embed", p);
        tied.put("head", p);
        OptimizerCases.giveGradient(p, Tensor.ones(2));
        try (var optimizer = Sgd.of(tied, 0.25)) {
            optimizer.step();
            assertThat(optimizer.parameters()).containsOnlyKeys("embed");
        }
        assertThat(p.toFloats()).containsExactly(0.75f, 0.75f);
    }

    @Test
    void gradientsAccumulateUntilTheStep() {
        Tensor p = Tensor.ones(2).keep().requiresGrad(true);
        try (var optimizer = Sgd.of(List.of(p), 1)) {
            OptimizerCases.giveGradient(p, Tensor.ones(2));
            OptimizerCases.giveGradient(p, Tensor.ones(2));
            optimizer.step(0.25);
            assertThat(p.toFloats()).containsExactly(0.5f, 0.5f);
            optimizer.step();
            assertThat(p.toFloats()).containsExactly(0.5f, 0.5f);
            OptimizerCases.giveGradient(p, Tensor.ones(2));
            optimizer.zeroGrad();
            optimizer.step();
            assertThat(p.toFloats()).containsExactly(0.5f, 0.5f);
            assertThat(optimizer.steps()).isEqualTo(3);
        }
    }

    @Test
    void aForeignStateIsRefusedAsAWhole() {
        var named = parameters();
        try (var optimizer = AdamW.of(named, 0.1)) {
            train(optimizer, 0, 2);
            Map<String, double[]> before = snapshot(optimizer.state());
            Map<String, Tensor> bad = new LinkedHashMap<>(optimizer.state());
            bad.remove("v.always");
            bad.put("m.wide", Tensor.zeros(3).keep());
            bad.put("m.stranger", Tensor.zeros(3).keep());
            assertThatThrownBy(() -> optimizer.load(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll(
                            "always has [m] of [m, v]", "m.wide has shape [3], its parameter [2, 3]", "m.stranger");
            assertThatThrownBy(() -> optimizer.load(Map.of())).hasMessageContaining("step is missing");
            compare(snapshot(optimizer.state()), before);
        }
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        var p = List.of(Tensor.ones(2).keep());
        assertThatThrownBy(() -> AdamW.of(p, -1)).hasMessageContaining("learningRate >= 0; got -1.0");
        assertThatThrownBy(() -> AdamW.of(p, 1).learningRate(Double.NaN)).hasMessageContaining("learningRate");
        assertThatThrownBy(() -> AdamW.of(p, 1).withBetas(0.9, 1)).hasMessageContaining("beta2 in [0, 1)");
        assertThatThrownBy(() -> Sgd.of(p, 1).withNesterov()).hasMessageContaining("momentum > 0");
        assertThatThrownBy(() -> Muon.of(p, 1)).hasMessageContaining("[muon] expected matrices");
        assertThatThrownBy(() -> AdamW.of(List.of(), 1)).hasMessageContaining("got none");
        assertThatThrownBy(() -> AdamW.of(List.of(Tensor.arange(3).keep()), 1)).hasMessageContaining("0 I64");
        assertThatThrownBy(() -> AdamW.of(p, 1).step(Double.NaN)).hasMessageContaining("gradScale");
    }
}
