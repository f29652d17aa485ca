package io.torrefy.nn;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Ten steps of every optimiser against torch's parameters after each.
class OptimizerFixturesTest {
    static List<Fixture> cases() {
        return Fixtures.open().ofKind("optim");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void followsTheReference(Fixture fixture) {
        run(fixture, DType.F32, false);
    }

    /// The form in public operations, which f64 takes, and gradients scaled on the way.
    @ParameterizedTest
    @MethodSource("cases")
    void followsTheReferenceInDoubleWithScaledGradients(Fixture fixture) {
        run(fixture, DType.F64, true);
    }

    private static void run(Fixture fixture, DType type, boolean scaled) {
        Map<String, Golden> golden = fixture.tensors();
        SequencedMap<String, Tensor> parameters = new LinkedHashMap<>();
        Map<String, Golden> expected = new TreeMap<>();
        golden.forEach((name, values) -> {
            if (name.startsWith("params.")) {
                expected.put(name.substring(7), values);
            }
        });
        try (Scope _ = Scope.open()) {
            expected.forEach(
                    (name, g) -> parameters.put(name, tensor(g.slice(0), type).requiresGrad(true)));
            Golden lr = OptimizerCases.require(golden, "lr");
            try (Optimizer optimizer = OptimizerCases.of(fixture.settings(), parameters)) {
                for (int step = 0; step < lr.size(); step++) {
                    optimizer.learningRate(lr.at(step));
                    double scale = scaled ? 4 : 1;
                    int at = step;
                    parameters.forEach((name, p) -> OptimizerCases.giveGradient(
                            p,
                            tensor(
                                            OptimizerCases.require(golden, "grads." + name)
                                                    .slice(at),
                                            type)
                                    .mul(scale)));
                    optimizer.step(1 / scale);
                    parameters.forEach((name, p) -> OptimizerCases.require(expected, name)
                            .slice(at + 1)
                            .assertClose(p.toDoubles(), fixture.tolerance()));
                }
            }
        }
    }

    private static Tensor tensor(Golden g, DType type) {
        return Tensor.of(g.doubles(), g.shape()).to(type);
    }
}
