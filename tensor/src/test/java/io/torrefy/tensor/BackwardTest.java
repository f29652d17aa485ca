package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What PyTorch users know about `backward`, `grad`, `detach` and `no_grad`.
class BackwardTest {
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

    private static double[] grad(Tensor x) {
        return x.grad().orElseThrow().toDoubles();
    }

    @Test
    void gradientsAddUpOverCallsUntilTheyAreForgotten() {
        Tensor x = leaf(1, -2, 3);
        x.square().sum().backward();
        x.square().sum().backward();
        assertThat(grad(x)).containsExactly(4, -8, 12);
        x.zeroGrad();
        assertThat(x.grad()).isEmpty();
        x.sum().backward();
        assertThat(grad(x)).containsExactly(1, 1, 1);
    }

    @Test
    void gradientsAddUpWhereATensorIsUsedTwice() {
        Tensor x = leaf(3);
        Tensor y = x.mul(x).mul(x);
        y.add(y).sum().backward();
        assertThat(grad(x)).containsExactly(54);
    }

    @Test
    void aGradientIsNotTheUpstreamsMemoryNorAnotherLeafs() {
        Tensor a = leaf(1, 2);
        Tensor b = leaf(3, 4);
        Tensor upstream = Tensor.of(new double[] {5, 6});
        a.add(b).backward(upstream);
        upstream.fillInPlace(0);
        try (Autograd.Mode _ = Autograd.noGrad()) {
            a.grad().orElseThrow().mulInPlace(10);
        }
        assertThat(grad(b)).containsExactly(5, 6);
        assertThat(grad(a)).containsExactly(50, 60);
    }

    @Test
    void backwardNeedsAScalarOrAnUpstreamGradientOfTheSameShape() {
        Tensor x = leaf(1, 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> x.mul(2).backward())
                .withMessageContaining("[backward] expected a scalar output; got F64[2]")
                .withMessageContaining("Hint");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> x.mul(2).backward(Tensor.of(new double[] {1, 2, 3})))
                .withMessageContaining("[backward] expected an upstream gradient of the output's shape; got F64[3]");
        x.mul(2).backward(Tensor.of(new double[] {1, 10}));
        assertThat(grad(x)).containsExactly(2, 20);
    }

    @Test
    void anOutputOutsideTheGraphHasNoGradient() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Tensor.ones(1).backward())
                .withMessageContaining("[backward] expected an output that requires grad");
    }

    @Test
    void aSecondBackwardNeedsTheGraphKept() {
        Tensor x = leaf(2);
        Tensor y = x.mul(x).sum();
        y.backward(true);
        y.backward();
        assertThat(grad(x)).containsExactly(8);
        assertThatIllegalStateException()
                .isThrownBy(y::backward)
                .withMessageContaining("freed by an earlier backward")
                .withMessageContaining("Hint");
        assertThat(grad(x)).containsExactly(8);
    }

    @Test
    void aGraphThatSavedNothingCanBeWalkedAgain() {
        Tensor x = leaf(2, 3);
        Tensor y = x.add(1).sum();
        y.backward();
        y.backward();
        assertThat(grad(x)).containsExactly(2, 2);
    }

    @Test
    void changingASavedTensorInPlaceIsFound() {
        Tensor x = leaf(2, 3);
        Tensor factor = Tensor.of(new double[] {5, 7});
        Tensor y = x.mul(factor).sum();
        factor.slice(0, 0, 1).fillInPlace(1);
        assertThatIllegalStateException()
                .isThrownBy(y::backward)
                .withMessageContaining("saved by 'mul'")
                .withMessageContaining("changed in place 1 times");
        assertThat(x.grad()).isEmpty();
    }

    @Test
    void changingATensorThatNobodySavedIsFine() {
        Tensor x = leaf(2, 3);
        Tensor term = Tensor.of(new double[] {5, 7});
        Tensor y = x.add(term).sum();
        term.fillInPlace(0);
        y.backward();
        assertThat(grad(x)).containsExactly(1, 1);
    }

    @Test
    void changingATensorOfTheGraphInPlaceIsRefused() {
        Tensor x = leaf(2, 3);
        assertThatIllegalStateException()
                .isThrownBy(() -> x.fillInPlace(1))
                .withMessageContaining("[fillInPlace] expected a tensor outside the graph");
        assertThatIllegalStateException().isThrownBy(() -> x.mul(2).addInPlace(x));
        try (Autograd.Mode _ = Autograd.noGrad()) {
            x.fillInPlace(1);
        }
        assertThat(x.toDoubles()).containsExactly(1, 1);
    }

    @Test
    void detachCutsTheGraphAndSharesTheMemory() {
        Tensor x = leaf(2, 3);
        Tensor d = x.detach();
        assertThat(d.requiresGrad()).isFalse();
        x.mul(d).sum().backward();
        assertThat(grad(x)).containsExactly(2, 3);
        d.fillInPlace(9);
        assertThat(x.toDoubles()).containsExactly(9, 9);
    }

    @Test
    void noGradRecordsNothingAndEndsWithItsBlock() {
        Tensor x = leaf(2, 3);
        try (Autograd.Mode _ = Autograd.noGrad()) {
            assertThat(x.mul(2).requiresGrad()).isFalse();
            try (Autograd.Mode _ = Autograd.enableGrad()) {
                assertThat(x.mul(2).requiresGrad()).isTrue();
            }
            assertThat(Autograd.isEnabled()).isFalse();
        }
        assertThat(Autograd.isEnabled()).isTrue();
        boolean inside = Autograd.noGrad(() -> x.mul(2).requiresGrad());
        assertThat(inside).isFalse();
        assertThatIllegalStateException()
                .isThrownBy(() -> Autograd.noGrad(() -> {
                    throw new IllegalStateException();
                }));
        assertThat(Autograd.isEnabled()).isTrue();
    }

    @Test
    void retainGradKeepsTheGradientOfAnIntermediateTensor() {
        Tensor x = leaf(2, 3);
        Tensor h = x.mul(2).retainGrad();
        Tensor other = x.mul(5);
        Tensor y = h.mul(h).add(other).sum();
        y.backward(true);
        assertThat(grad(h)).containsExactly(8, 12);
        assertThat(other.grad()).isEmpty();
        y.backward();
        assertThat(grad(h)).containsExactly(16, 24);
        assertThatIllegalStateException().isThrownBy(() -> x.detach().retainGrad());
    }

    @Test
    void gradLeavesTheLeavesAlone() {
        Tensor x = leaf(2);
        Tensor w = leaf(5);
        Tensor unused = leaf(1);
        Tensor h = x.mul(w);
        List<Optional<Tensor>> g =
                Autograd.grad(List.of(h.mul(h).sum()), List.of(h, unused, x), List.of(), false, false);
        assertThat(g.get(0).orElseThrow().item()).isEqualTo(20);
        assertThat(g.get(1)).isEmpty();
        assertThat(g.get(2).orElseThrow().item()).isEqualTo(100);
        assertThat(x.grad()).isEmpty();
        assertThat(w.grad()).isEmpty();
    }

    @Test
    void anOutputThatIsAnInputHasTheUpstreamGradient() {
        Tensor x = leaf(2, 3);
        Tensor h = x.mul(4);
        Tensor up = Tensor.of(new double[] {1, 2});
        List<Optional<Tensor>> g = Autograd.grad(List.of(h), List.of(h, x), List.of(up), false, false);
        assertThat(g.get(0).orElseThrow().toDoubles()).containsExactly(1, 2);
        assertThat(g.get(1).orElseThrow().toDoubles()).containsExactly(4, 8);
        List<Optional<Tensor>> own = Autograd.grad(List.of(x), List.of(x), List.of(up), false, false);
        assertThat(own.getFirst().orElseThrow().toDoubles()).containsExactly(1, 2);
    }

    @Test
    void aLeafCanBeAnOutput() {
        Tensor x = leaf(2, 3);
        x.backward(Tensor.of(new double[] {1, 2}));
        Autograd.backward(List.of(x, x.mul(3).sum()), List.of(x.detach(), Tensor.full(DType.F64, 1)), false, false);
        assertThat(grad(x)).containsExactly(1 + 2 + 3, 2 + 3 + 3);
    }

    @Test
    void anOutputInsideTheGraphOfAnotherGetsBothGradients() {
        Tensor x = leaf(2);
        Tensor h = x.mul(3).sum();
        Tensor y = h.mul(h);
        Autograd.backward(List.of(h, y), List.of(), false, false);
        assertThat(grad(x)).containsExactly(3 + 2 * 6 * 3);
    }

    @Test
    void createGraphGivesDerivativesOfAnyOrder() {
        Tensor x = leaf(2);
        Tensor y = x.pow(5).sum();
        for (double expected : new double[] {5 * 16, 20 * 8, 60 * 4, 120 * 2, 120}) {
            y = Autograd.grad(y, x, true);
            assertThat(y.item()).isEqualTo(expected, org.assertj.core.data.Offset.offset(1e-9));
            y = y.sum();
        }
    }

    @Test
    void aGradientWithAGraphCanBePartOfALoss() {
        Tensor x = leaf(2);
        Tensor w = leaf(3);
        Autograd.backward(List.of(x.square().mul(w).sum()), List.of(), false, true);
        Tensor g = x.grad().orElseThrow();
        assertThat(g.requiresGrad()).isTrue();
        Tensor penalty = g.square().sum(); // (2 x w)^2
        assertThat(Autograd.grad(penalty, w, false).item()).isEqualTo(8 * 4 * 3);
    }

    @Test
    void onlyLeavesChangeWhetherTheyRequireGrad() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensor.arange(3).requiresGrad(true))
                .withMessageContaining("floating-point");
        assertThatIllegalStateException()
                .isThrownBy(() -> leaf(1).mul(2).requiresGrad(false))
                .withMessageContaining("detach()");
        assertThat(leaf(1).requiresGrad(false).mul(2).requiresGrad()).isFalse();
    }

    @Test
    void mixedTypesGetGradientsOfTheirOwnType() {
        Tensor a = Tensor.ones(2).requiresGrad(true);
        Tensor b = leaf(3, 4);
        Tensor h = Tensor.ones(2).to(DType.BF16).requiresGrad(true);
        a.mul(b).mul(h).sum().backward();
        assertThat(a.grad().orElseThrow().dtype()).isEqualTo(DType.F32);
        assertThat(a.grad().orElseThrow().toDoubles()).containsExactly(3, 4);
        assertThat(grad(b)).containsExactly(1, 1);
        assertThat(h.grad().orElseThrow().dtype()).isEqualTo(DType.BF16);
        assertThat(grad(h)).containsExactly(3, 4);
    }
}
