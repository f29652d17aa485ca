package io.torrefy.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Threads;
import io.torrefy.tensor.Updates;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The one pass over all parameters against the same steps in public operations.
class FusedStepTest {
    /// Around the lanes of any vector, beyond several of them, and beyond a block.
    private static final int[] SIZES = {0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 35, 67, 65536 + 17};

    static Stream<Named<Function<ParameterGroups, Optimizer>>> optimizers() {
        return Stream.concat(
                elementwise(),
                Stream.of(
                        Named.of("adam", g -> Adam.of(g, 0.05).withWeightDecay(0.1)),
                        Named.of("amsgrad", g -> AdamW.of(g, 0.05).withOptions(AdamOptions.DEFAULT.withAmsgrad(true))),
                        Named.of("muon", g -> Muon.moonlight(g, 0.05)),
                        Named.of(
                                "plain muon",
                                g -> Muon.moonlight(g, 0.05).withOptions(MuonOptions.DEFAULT.withNesterov(false)))));
    }

    static Stream<Named<Function<ParameterGroups, Optimizer>>> elementwise() {
        return Stream.of(
                Named.of("sgd", g -> Sgd.of(g, 0.05)),
                Named.of("decayed", g -> Sgd.of(g, 0.05).withWeightDecay(0.1)),
                Named.of("momentum", g -> Sgd.of(g, 0.05).withMomentum(0.9)),
                Named.of("nesterov", g -> Sgd.of(g, 0.05).withMomentum(0.9).withNesterov()),
                Named.of("dampened", g -> Sgd.of(g, 0.05).withOptions(new SgdOptions(0.9, 0.5, false, 0.1))),
                Named.of(
                        "adagrad",
                        g -> Adagrad.of(g, 0.05).withLearningRateDecay(0.1).withWeightDecay(0.1)),
                Named.of("rmsprop", g -> RmsProp.of(g, 0.05)),
                Named.of("centred", g -> RmsProp.of(g, 0.05).withCentered().withWeightDecay(0.1)),
                Named.of("rmsprop with momentum", g -> RmsProp.of(g, 0.05).withMomentum(0.5)),
                Named.of(
                        "rmsprop with all",
                        g -> RmsProp.of(g, 0.05).withMomentum(0.5).withCentered()));
    }

    private static Tensor normal(Random random, DType type, long... shape) {
        int n = 1;
        for (long d : shape) {
            n *= (int) d;
        }
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensor.of(values, shape).to(type);
    }

    private static SequencedMap<String, Tensor> parameters() {
        Random random = new Random(1);
        SequencedMap<String, Tensor> named = new LinkedHashMap<>();
        for (int n : SIZES) {
            named.put("v" + n, normal(random, DType.F32, n));
        }
        named.put("wide", normal(random, DType.F32, 5, 33));
        named.put("tall", normal(random, DType.F32, 33, 5));
        named.put("turned", normal(random, DType.F32, 3, 7).t());
        named.put("half", normal(random, DType.BF16, 7, 3));
        named.put("double", normal(random, DType.F64, 3, 5));
        named.put("without", normal(random, DType.F32, 3));
        named.values().forEach(p -> p.requiresGrad(true));
        return named;
    }

    private static void giveGradients(Map<String, Tensor> parameters, int seed) {
        Random random = new Random(seed);
        parameters.forEach((name, p) -> {
            if (!name.equals("without")) {
                OptimizerCases.giveGradient(p, normal(random, p.dtype(), p.shape()));
            }
        });
    }

    /// Five steps with two rates and two decays: the parameters and the state after them.
    private static Map<String, double[]> train(
            Function<ParameterGroups, Optimizer> make, Consumer<Optimizer> before, Consumer<Optimizer> step) {
        try (Scope _ = Scope.open()) {
            var named = parameters();
            var groups = ParameterGroups.of(named)
                    .withWeightDecay((name, _) -> name.equals("wide") || name.equals("v17"), 0.3)
                    .withLearningRateScale((name, _) -> name.equals("tall") || name.equals("v9"), 0.1);
            Map<String, double[]> result = new LinkedHashMap<>();
            try (Optimizer optimizer = make.apply(groups)) {
                before.accept(optimizer);
                for (int i = 0; i < 5; i++) {
                    giveGradients(named, 100 + i);
                    step.accept(optimizer);
                }
                named.forEach((name, t) -> result.put(name, t.toDoubles()));
                optimizer.state().forEach((name, t) -> result.put(name, t.toDoubles()));
            }
            return result;
        }
    }

    private static void same(Map<String, double[]> actual, Map<String, double[]> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, values) -> assertThat(actual.get(name)).as(name).isEqualTo(values));
    }

    /// Bit for bit: both round after every operation.
    @ParameterizedTest
    @MethodSource("elementwise")
    void thePassIsTheStepInPublicOperations(Function<ParameterGroups, Optimizer> make) {
        same(train(make, _ -> {}, o -> o.step(0.5)), train(make, Optimizer::unfused, o -> o.step(0.5)));
    }

    /// Adam's kernel divides in another order, Muon's adds up the norm in double.
    @ParameterizedTest
    @MethodSource("optimizers")
    void thePassIsNearTheStepInPublicOperations(Function<ParameterGroups, Optimizer> make) {
        var actual = train(make, _ -> {}, o -> o.step(0.5));
        var expected = train(make, Optimizer::unfused, o -> o.step(0.5));
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, values) -> {
            double[] got = actual.get(name);
            double unit = name.equals("half") ? 1.0 / 128 : 1e-5;
            for (int i = 0; i < values.length; i++) {
                assertThat(Math.abs(got[i] - values[i]))
                        .as("%s[%d]", name, i)
                        .isLessThanOrEqualTo(unit * Math.max(1, Math.abs(values[i])));
            }
        });
    }

    @ParameterizedTest
    @MethodSource("optimizers")
    void anyNumberOfThreadsGivesTheSameBits(Function<ParameterGroups, Optimizer> make) {
        int before = Threads.count();
        try {
            Threads.use(1);
            var one = train(make, _ -> {}, o -> o.stepClipped(2));
            Threads.use(2);
            same(train(make, _ -> {}, o -> o.stepClipped(2)), one);
        } finally {
            Threads.use(before);
        }
    }

    /// With a coefficient of two's power, so that nothing is rounded by it.
    @ParameterizedTest
    @MethodSource("optimizers")
    void scalingInThePassIsScalingBeforeIt(Function<ParameterGroups, Optimizer> make) {
        same(train(make, _ -> {}, o -> o.step(0.25)), train(make, _ -> {}, o -> {
            o.parameters().values().forEach(p -> p.grad().ifPresent(g -> g.mulInPlace(0.25)));
            o.step();
        }));
    }

    @ParameterizedTest
    @MethodSource("optimizers")
    void clippingInOneCallIsTheCoefficientOfTheNorm(Function<ParameterGroups, Optimizer> make) {
        same(train(make, _ -> {}, o -> o.stepClipped(3)), train(make, _ -> {}, o -> {
            double norm = GradientClipping.norm(o.parameters().values());
            o.step(GradientClipping.coefficient(norm, 3));
        }));
    }

    @Test
    void aNormThatIsNotFiniteAppliesNothing() {
        try (Scope _ = Scope.open()) {
            Tensor a = Tensor.ones(3).requiresGrad(true);
            Tensor b = Tensor.ones(70000).requiresGrad(true);
            try (var optimizer = AdamW.of(List.of(a, b), 0.1)) {
                for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                    OptimizerCases.giveGradient(a, Tensor.of(new float[] {1, bad, 1}));
                    OptimizerCases.giveGradient(b, Tensor.ones(70000));
                    assertThat(Double.isFinite(optimizer.stepClipped(1))).isFalse();
                }
                assertThat(a.grad()).isEmpty();
                assertThat(b.grad()).isEmpty();
                assertThat(optimizer.steps()).isZero();
                assertThat(a.toFloats()).containsOnly(1);
                assertThat(b.toFloats()).containsOnly(1);
                assertThatThrownBy(() -> optimizer.stepClipped(0)).hasMessageContaining("maxNorm > 0");
            }
        }
    }

    /// The norm of gradients of several sizes and dtypes is that of all their values in float64.
    @Test
    void theNormIsThatOfAllValues() {
        try (Scope _ = Scope.open()) {
            var named = parameters();
            giveGradients(named, 7);
            double sum = 0;
            for (Tensor p : named.values()) {
                for (double v : p.grad().map(Tensor::toDoubles).orElse(new double[0])) {
                    sum += v * v;
                }
            }
            double norm = GradientClipping.norm(named.values());
            assertThat(norm).isCloseTo(Math.sqrt(sum), org.assertj.core.api.Assertions.withinPercentage(1e-11));
        }
    }

    @Test
    void wrongArraysAreRefused() {
        try (Scope _ = Scope.open()) {
            Tensor p = Tensor.ones(4);
            var updates = new Updates();
            assertThatThrownBy(() -> updates.blend(p, 1, Tensor.ones(5), 1))
                    .hasMessageContaining("[blend] expected dense F32 tensors of one size; got");
            assertThatThrownBy(() -> updates.blend(p, 1, Tensor.zeros(DType.F64, 4), 1))
                    .hasMessageContaining("[blend] expected dense F32");
            Tensor gone = Tensor.ones(4);
            updates.blend(p, 1, gone, 1);
            gone.close();
            assertThatThrownBy(updates::run).hasMessageContaining("[update] expected a live tensor");
            updates.run();
            assertThat(p.toFloats()).containsOnly(1);
        }
    }
}
