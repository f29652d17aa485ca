package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Hooks on tensors, on nodes and on leaves after accumulation.
class HookTest {
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

    private static Tensor leaf(double... values) {
        return Tensor.of(values).requiresGrad(true);
    }

    @Test
    void aTensorHookSeesTheFullGradientOnceAndMayReplaceIt() {
        Tensor x = leaf(2, 3);
        Tensor h = x.mul(2);
        List<double[]> seen = new ArrayList<>();
        h.registerHook(g -> {
            seen.add(g.toDoubles());
            return g.mul(10);
        });
        h.add(h.mul(4)).sum().backward();
        assertThat(seen).hasSize(1);
        assertThat(seen.getFirst()).containsExactly(5, 5);
        assertThat(x.grad().orElseThrow().toDoubles()).containsExactly(100, 100);
    }

    @Test
    void hooksRunInOrderOnLeavesTooUntilTheyAreRemoved() {
        Tensor x = leaf(1);
        Hook first = x.registerHook(g -> g.add(1));
        Hook second = x.registerHook(g -> g.mul(3));
        x.sum().backward();
        assertThat(x.grad().orElseThrow().item()).isEqualTo(6);
        first.close();
        x.zeroGrad();
        x.sum().backward();
        assertThat(x.grad().orElseThrow().item()).isEqualTo(3);
        second.close();
        second.close();
        x.zeroGrad();
        x.sum().backward();
        assertThat(x.grad().orElseThrow().item()).isEqualTo(1);
    }

    @Test
    void aHookMayRemoveItself() {
        Tensor x = leaf(1);
        List<Hook> self = new ArrayList<>();
        self.add(x.registerHook(g -> {
            self.getFirst().close();
            return g.mul(7);
        }));
        x.mul(1).sum().backward();
        x.mul(1).sum().backward();
        assertThat(x.grad().orElseThrow().item()).isEqualTo(8);
    }

    @Test
    void aHookMustKeepTheShape() {
        Tensor x = leaf(1, 2);
        x.registerHook(Tensor::sum);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> x.mul(2).sum().backward())
                .withMessageContaining("[hook] expected a gradient of the same shape");
        assertThatIllegalStateException()
                .isThrownBy(() -> Tensor.ones(1).registerHook(g -> g))
                .withMessageContaining("requires grad");
    }

    @Test
    void aNodeHookSeesTheGradientsOfTheInputs() {
        Tensor x = leaf(2);
        Tensor w = Tensor.of(new double[] {5});
        Tensor y = x.mul(w);
        Node node = y.gradFn().orElseThrow();
        assertThat(node.name()).isEqualTo("mul");
        List<String> seen = new ArrayList<>();
        Hook hook = node.registerHook(gs -> seen.add(gs.length + " " + gs[0].item() + " " + (gs[1] == null)));
        y.backward(true);
        hook.close();
        y.backward();
        assertThat(seen).containsExactly("2 5.0 true");
    }

    @Test
    void anAccumulateHookSeesTheSumAfterEveryBackward() {
        Tensor x = leaf(2, 4);
        List<Double> seen = new ArrayList<>();
        try (Hook _ = x.registerAccumulateHook(g -> seen.add(g.sum().item()))) {
            x.mul(x).add(x).sum().backward();
            x.sum().backward();
        }
        x.sum().backward();
        assertThat(seen).containsExactly(14.0, 16.0);
        assertThatIllegalStateException()
                .isThrownBy(() -> x.mul(2).registerAccumulateHook(g -> {}))
                .withMessageContaining("leaf");
    }

    @Test
    void whatAHookSeesIsGoneAfterwardsUnlessCopied() {
        Tensor x = leaf(2, 4);
        List<Tensor> seen = new ArrayList<>();
        Tensor h = x.mul(3);
        h.registerHook(g -> {
            seen.add(g);
            seen.add(g.copy());
            return g;
        });
        h.square().sum().backward();
        assertThat(seen.get(0).isClosed()).isTrue();
        assertThat(seen.get(1).toDoubles()).containsExactly(12, 24);
    }
}
