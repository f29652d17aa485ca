package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import io.torrefy.testkit.Tolerance;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every golden case of an operation: its values and its gradients against PyTorch's, from dense inputs, from views of
/// other memory (every input and every upstream gradient), and in F64.
class OpFixturesTest {
    @TestFactory
    Stream<DynamicTest> dense() {
        return all(Layout.DENSE, DType.F32);
    }

    @TestFactory
    Stream<DynamicTest> transposed() {
        return all(Layout.TRANSPOSED, DType.F32);
    }

    @TestFactory
    Stream<DynamicTest> sliced() {
        return all(Layout.SLICED, DType.F32);
    }

    @TestFactory
    Stream<DynamicTest> float64() {
        return all(Layout.DENSE, DType.F64);
    }

    private static Stream<DynamicTest> all(Layout layout, DType dtype) {
        List<Fixture> cases = Fixtures.open().ofKind("op");
        assertThat(cases).as("op cases in the manifest").isNotEmpty();
        return cases.stream().map(f -> DynamicTest.dynamicTest(f.name(), () -> check(f, layout, dtype)));
    }

    private static void check(Fixture fixture, Layout layout, DType dtype) {
        long before = Memory.stats().liveBytes();
        try (Scope _ = Scope.open()) {
            run(fixture, layout, dtype);
        }
        assertThat(Memory.stats().liveBytes()).as("memory after the scope").isEqualTo(before);
    }

    private static void run(Fixture fixture, Layout layout, DType dtype) {
        Map<String, Golden> golden = fixture.tensors();
        Map<String, Tensor> bases = new LinkedHashMap<>();
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        golden.forEach((name, g) -> {
            if (name.startsWith("in.")) {
                String key = name.substring(3);
                Tensor base = layout.base(of(g, dtype));
                if (golden.containsKey("din." + key)) {
                    base.requiresGrad(true);
                }
                bases.put(key, base);
                inputs.put(key, layout.view(base, g.shape()));
            }
        });
        Map<String, Tensor> outputs =
                OpTable.of(fixture.settings().path("op").asText()).apply(new OpTable.Call(inputs, fixture.settings()));
        Tolerance tolerance = fixture.tolerance();
        List<Tensor> roots = new ArrayList<>();
        List<Tensor> upstream = new ArrayList<>();
        golden.forEach((name, g) -> {
            if (name.startsWith("out.")) {
                String key = name.substring(4);
                assertThat(outputs).containsKey(key);
                Tensor y = outputs.get(key);
                assertThat(y.shape()).as("shape of " + name).isEqualTo(g.shape());
                compare(g, y, tolerance);
                Golden dout = golden.get("dout." + key);
                if (dout != null) {
                    roots.add(y);
                    upstream.add(layout.view(layout.base(of(dout, dtype)), g.shape()));
                }
            }
        });
        if (golden.keySet().stream().noneMatch(name -> name.startsWith("din."))) {
            return;
        }
        if (roots.isEmpty()) {
            outputs.get("y").backward();
        } else {
            Autograd.backward(roots, upstream, false, false);
        }
        golden.forEach((name, g) -> {
            if (name.startsWith("din.")) {
                Tensor base = bases.get(name.substring(4));
                Tensor grad = base.grad().orElseThrow(() -> new AssertionError("no gradient for " + name));
                compare(g, layout.view(grad, g.shape()), tolerance);
                assertThat(grad.abs().sum().toDoubles()[0])
                        .as("nothing outside the view of " + name)
                        .isEqualTo(
                                layout.view(grad, g.shape())
                                        .contiguous()
                                        .abs()
                                        .sum()
                                        .item(),
                                offset(grad));
            }
        });
    }

    private static org.assertj.core.data.Offset<Double> offset(Tensor grad) {
        return org.assertj.core.data.Offset.offset(1e-6 * (1 + grad.abs().sum().item()));
    }

    private static Tensor of(Golden g, DType dtype) {
        return g.isInteger()
                ? Tensor.of(g.longs(), g.shape())
                : Tensor.of(g.doubles(), g.shape()).to(dtype);
    }

    private static void compare(Golden expected, Tensor actual, Tolerance tolerance) {
        if (expected.isInteger()) {
            expected.assertEqual(actual.toLongs());
        } else {
            assertThat(actual.dtype().isFloating()).isTrue();
            expected.assertClose(actual.toDoubles(), tolerance);
        }
    }
}
