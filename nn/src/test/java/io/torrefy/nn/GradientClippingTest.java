package io.torrefy.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GradientClippingTest {
    static List<Fixture> cases() {
        return Fixtures.open().ops("clip_grad_norm");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void followsTorch(Fixture fixture) {
        Map<String, Golden> golden = fixture.tensors();
        try (Scope _ = Scope.open()) {
            Map<String, Tensor> parameters = new LinkedHashMap<>();
            golden.forEach((name, g) -> {
                if (name.startsWith("in.")) {
                    Tensor p = Tensor.zeros(g.shape()).requiresGrad(true);
                    OptimizerCases.giveGradient(p, Tensor.of(g.floats(), g.shape()));
                    parameters.put(name.substring(3), p);
                }
            });
            Tensor without = Tensor.zeros(3).requiresGrad(true);
            parameters.put("without", without);
            double maxNorm = fixture.settings().path("max_norm").asDouble();
            double norm = GradientClipping.clipNorm(parameters.values(), maxNorm);
            OptimizerCases.require(golden, "out.total_norm").assertClose(new double[] {norm}, fixture.tolerance());
            assertThat(without.grad()).isEmpty();
            parameters.remove("without");
            parameters.forEach((name, p) -> OptimizerCases.require(golden, "out." + name)
                    .assertClose(p.grad().orElseThrow().toFloats(), fixture.tolerance()));
        }
    }

    @Test
    void scalingInTheStepIsClippingBeforeIt() {
        try (Scope _ = Scope.open()) {
            Tensor a = Tensor.ones(5).requiresGrad(true);
            Tensor b = Tensor.ones(5).requiresGrad(true);
            Tensor g = Tensor.of(new float[] {3, 4, 0, 12, 84});
            OptimizerCases.giveGradient(a, g);
            OptimizerCases.giveGradient(b, g);
            try (var first = AdamW.of(List.of(a), 0.1);
                    var second = AdamW.of(List.of(b), 0.1)) {
                double norm = GradientClipping.norm(List.of(a));
                // 3, 4, 12, 84 and 85 make a chain of right triangles.
                assertThat(norm).isEqualTo(85);
                first.step(GradientClipping.coefficient(norm, 2));
                GradientClipping.clipNorm(List.of(b), 2);
                second.step();
            }
            for (int i = 0; i < 5; i++) {
                assertThat(a.toFloats()[i]).isCloseTo(b.toFloats()[i], within(1e-6f));
            }
        }
    }

    @Test
    void normsOfEveryDtypeAndOfNothing() {
        try (Scope _ = Scope.open()) {
            for (DType type : new DType[] {DType.F32, DType.F64, DType.BF16, DType.F16}) {
                Tensor p = Tensor.zeros(type, 2).requiresGrad(true);
                OptimizerCases.giveGradient(p, Tensor.of(new float[] {3, 4}).to(type));
                assertThat(GradientClipping.norm(List.of(p)))
                        .as(type.toString())
                        .isEqualTo(5);
                assertThat(GradientClipping.clipNorm(List.of(p), 1)).isEqualTo(5);
                assertThat(GradientClipping.norm(List.of(p)))
                        .as(type.toString())
                        .isCloseTo(1, within(4e-3));
            }
            Tensor empty = Tensor.zeros(0).requiresGrad(true);
            OptimizerCases.giveGradient(empty, Tensor.zeros(0));
            assertThat(GradientClipping.norm(List.of(empty))).isZero();
            assertThat(GradientClipping.norm(List.of())).isZero();
        }
    }

    @Test
    void aGradientThatIsNoNumberShows() {
        try (Scope _ = Scope.open()) {
            Tensor p = Tensor.zeros(2).requiresGrad(true);
            OptimizerCases.giveGradient(p, Tensor.of(new float[] {Float.NaN, 4}));
            assertThat(GradientClipping.clipNorm(List.of(p), 1)).isNaN();
            assertThat(p.grad().orElseThrow().toFloats()).containsOnly(Float.NaN);
        }
    }

    @Test
    void clipsValues() {
        try (Scope _ = Scope.open()) {
            Tensor p = Tensor.zeros(4).requiresGrad(true);
            OptimizerCases.giveGradient(p, Tensor.of(new float[] {-3, -0.5f, 0.5f, 7}));
            GradientClipping.clipValue(List.of(p), 1);
            assertThat(p.grad().orElseThrow().toFloats()).containsExactly(-1, -0.5f, 0.5f, 1);
        }
        assertThatThrownBy(() -> GradientClipping.coefficient(1, 0)).hasMessageContaining("maxNorm > 0");
    }
}
