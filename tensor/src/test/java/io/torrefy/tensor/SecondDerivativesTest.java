package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Gradients of gradients of every golden case. With G = sum of <gradient, w> over the inputs, w fixed and irregular:
/// in F64, where the operations run in their unfused forms, the derivative of G along a direction equals its central
/// difference; in F32, where they are fused, it equals that of F64.
class SecondDerivativesTest {
    private static final double STEP = 1e-6;

    @TestFactory
    Stream<DynamicTest> everyDifferentiableOperation() {
        return Fixtures.open().ofKind("op").stream()
                .filter(f -> f.tensors().keySet().stream().anyMatch(k -> k.startsWith("din.")))
                .map(f -> DynamicTest.dynamicTest(f.name(), () -> {
                    try (Scope _ = Scope.open()) {
                        check(f);
                    }
                }));
    }

    private static void check(Fixture fixture) {
        Map<String, Golden> golden = fixture.tensors();
        Case wide = new Case(fixture, golden, DType.F64);
        Map<String, Tensor> second = wide.secondDerivatives(0);
        if (!fixture.name().contains("edge") && !fixture.name().contains("ties")) {
            double along = 0;
            for (Map.Entry<String, Tensor> e : second.entrySet()) {
                along += e.getValue().mul(direction(e.getValue())).sum().item();
            }
            double numeric = (wide.gradientProduct(STEP) - wide.gradientProduct(-STEP)) / (2 * STEP);
            double size = wide.gradientProductSize();
            assertThat(along)
                    .as("derivative of the gradient by differences, whose terms have size " + size)
                    .isCloseTo(numeric, within(2e-5 * Math.abs(numeric) + 1e-8 * (1 + size)));
        }
        Map<String, Tensor> narrow = new Case(fixture, golden, DType.F32).secondDerivatives(0);
        second.forEach((name, expected) -> {
            Tensor actual = narrow.get(name);
            double worst = actual.sub(expected).abs().max().item();
            double scale = expected.abs().max().item();
            assertThat(worst)
                    .as("F32 and F64 for " + name + " of size " + scale)
                    .isLessThan(1e-4 * scale + 2e-5);
        });
    }

    private static org.assertj.core.data.Offset<Double> within(double x) {
        return org.assertj.core.data.Offset.offset(x);
    }

    /// sin(1.1 i + 0.5).
    private static Tensor direction(Tensor like) {
        return Tensor.arange(like.count())
                .to(like.dtype())
                .mul(1.1)
                .add(0.5)
                .sin()
                .reshape(like.shape());
    }

    private record Case(Fixture fixture, Map<String, Golden> golden, DType dtype) {
        /// The gradients of `sum(out * dout)` at inputs moved by `step` along the direction, with their graph.
        private Map<String, Tensor> gradients(Map<String, Tensor> leaves, double step) {
            Map<String, Tensor> inputs = new LinkedHashMap<>();
            golden.forEach((name, g) -> {
                if (name.startsWith("in.")) {
                    Tensor x = of(g);
                    if (golden.containsKey("din." + name.substring(3))) {
                        x = x.add(direction(x).mul(step)).requiresGrad(true);
                        leaves.put(name.substring(3), x);
                    }
                    inputs.put(name.substring(3), x);
                }
            });
            Map<String, Tensor> outputs = OpTable.of(
                            fixture.settings().path("op").asText())
                    .apply(new OpTable.Call(inputs, fixture.settings()));
            List<Tensor> roots = new ArrayList<>();
            List<Tensor> upstream = new ArrayList<>();
            outputs.forEach((name, y) -> {
                if (y.requiresGrad()) {
                    Golden dout = golden.get("dout." + name);
                    roots.add(y);
                    upstream.add(dout == null ? Tensor.full(y.dtype(), 1, y.shape()) : of(dout));
                }
            });
            List<Optional<Tensor>> found = Autograd.grad(roots, List.copyOf(leaves.values()), upstream, true, true);
            Map<String, Tensor> result = new LinkedHashMap<>();
            int i = 0;
            for (String name : leaves.keySet()) {
                found.get(i++).ifPresent(g -> result.put(name, g));
            }
            return result;
        }

        private Tensor product(Map<String, Tensor> gradients) {
            Tensor total = Tensor.full(dtype, 0);
            for (Tensor g : gradients.values()) {
                Tensor w = Tensor.arange(g.count()).to(dtype).mul(0.7).add(0.3).cos();
                total = total.add(g.reshape(-1).mul(w).sum());
            }
            return total;
        }

        double gradientProduct(double step) {
            try (Scope _ = Scope.open()) {
                return product(gradients(new LinkedHashMap<>(), step)).item();
            }
        }

        double gradientProductSize() {
            try (Scope _ = Scope.open()) {
                return gradients(new LinkedHashMap<>(), 0).values().stream()
                        .mapToDouble(g -> g.abs().sum().item())
                        .sum();
            }
        }

        /// Zero where the gradient does not depend on an input.
        Map<String, Tensor> secondDerivatives(double step) {
            Map<String, Tensor> leaves = new LinkedHashMap<>();
            Tensor product = product(gradients(leaves, step));
            Map<String, Tensor> result = new LinkedHashMap<>();
            if (!product.requiresGrad()) {
                leaves.forEach((name, x) -> result.put(name, x.detach().mul(0)));
                return result;
            }
            List<Optional<Tensor>> found =
                    Autograd.grad(List.of(product), List.copyOf(leaves.values()), List.of(), false, false);
            int i = 0;
            for (Map.Entry<String, Tensor> leaf : leaves.entrySet()) {
                result.put(
                        leaf.getKey(),
                        found.get(i++).orElseGet(() -> leaf.getValue().detach().mul(0)));
            }
            return result;
        }

        private Tensor of(Golden g) {
            return g.isInteger()
                    ? Tensor.of(g.longs(), g.shape())
                    : Tensor.of(g.doubles(), g.shape()).to(dtype);
        }
    }
}
