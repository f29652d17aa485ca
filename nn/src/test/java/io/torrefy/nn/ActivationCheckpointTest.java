package io.torrefy.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.Memory;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ActivationCheckpointTest {
    private static Sequential model() {
        Rng rng = Rng.of(3);
        return Sequential.of(
                Linear.of(5, 64, true, rng),
                Activation.GELU,
                Linear.of(64, 64, true, rng),
                Activation.TANH,
                Linear.of(64, 3, true, rng));
    }

    private static List<float[]> gradients(boolean checkpointed, boolean inputToo) {
        Sequential model = model();
        List<float[]> all = new ArrayList<>();
        try (Scope _ = Scope.open()) {
            Tensor x = Rng.of(4).normal(7, 5).requiresGrad(inputToo);
            UnaryOperator<Tensor> forward = model::forward;
            Tensor y = checkpointed ? ActivationCheckpoint.run(model, forward, x) : forward.apply(x);
            y.square().sum().backward();
            model.parameters().forEach(p -> all.add(p.grad().orElseThrow().toFloats()));
            if (inputToo) {
                all.add(x.grad().orElseThrow().toFloats());
            }
        }
        model.parameters().forEach(Tensor::close);
        return all;
    }

    @Test
    void gradientsAreTheSameBits() {
        assertThat(gradients(true, true)).usingRecursiveComparison().isEqualTo(gradients(false, true));
        assertThat(gradients(true, false)).usingRecursiveComparison().isEqualTo(gradients(false, false));
    }

    @Test
    void innerActivationsAreNotKept() {
        assertThat(heldAfterForward(true)).isLessThan(heldAfterForward(false));
    }

    private static long heldAfterForward(boolean checkpointed) {
        Sequential model = model();
        try (Scope outer = Scope.open()) {
            Tensor x = Rng.of(4).normal(512, 5).requiresGrad(true);
            long before = Memory.stats().liveBytes();
            Tensor y = Scope.of(
                    () -> checkpointed ? ActivationCheckpoint.run(model, model::forward, x) : model.forward(x));
            assertThat(y.requiresGrad()).isTrue();
            long held = Memory.stats().liveBytes() - before;
            model.parameters().forEach(Tensor::close);
            return held;
        }
    }
}
