package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Operations with gradients of their own, and the check that finds a wrong one.
class CustomFunctionTest {
    /// x^3 y, which saves its inputs.
    private static class CubeTimes extends CustomFunction {
        final double factor;

        CubeTimes(double factor) {
            this.factor = factor;
        }

        @Override
        protected Tensor forward(Saved saved, Tensor... in) {
            assertThat(Autograd.isEnabled()).isFalse();
            saved.save(in);
            return in[0].pow(3).mul(in[1]);
        }

        @Override
        protected @Nullable Tensor[] backward(Context context, Tensor dy) {
            Tensor x = context.saved(0);
            Tensor y = context.saved(1);
            return new @Nullable Tensor[] {
                context.needs(0) ? dy.mul(x.square()).mul(y).mul(factor) : null,
                context.needs(1) ? dy.mul(x.pow(3)) : null
            };
        }
    }

    /// exp, which saves its result.
    private static final class Exp extends CustomFunction {
        @Override
        protected Tensor forward(Saved saved, Tensor... in) {
            Tensor y = in[0].exp();
            saved.save(y);
            return y;
        }

        @Override
        protected @Nullable Tensor[] backward(Context context, Tensor dy) {
            return new Tensor[] {dy.mul(context.saved(0))};
        }
    }

    /// Forward as it is, gradient negated.
    private static final class Reverse extends CustomFunction {
        @Override
        protected Tensor forward(Saved saved, Tensor... in) {
            return in[0];
        }

        @Override
        protected @Nullable Tensor[] backward(Context context, Tensor dy) {
            return new Tensor[] {dy.neg()};
        }
    }

    private static Tensor leaf(double... values) {
        return Tensor.of(values).requiresGrad(true);
    }

    @Test
    void gradientsAndSecondDerivativesFollowTheRule() {
        try (Scope _ = Scope.open()) {
            Tensor x = leaf(2, -1);
            Tensor y = leaf(5, 3);
            GradCheck.check(t -> new CubeTimes(3).apply(t.get(0), t.get(1)), x, y);
            GradCheck.checkSecond(t -> new CubeTimes(3).apply(t.get(0), t.get(1)), x, y);
            Tensor g = Autograd.grad(new CubeTimes(3).apply(x, y).sum(), x, true);
            assertThat(Autograd.grad(g.sum(), x, false).toDoubles()).containsExactly(6 * 2 * 5, 6 * -1 * 3);
        }
    }

    @Test
    void aSavedResultKeepsItsPlaceInTheGraph() {
        try (Scope _ = Scope.open()) {
            Tensor x = leaf(0.5, 1);
            Tensor g = Autograd.grad(new Exp().apply(x).sum(), x, true);
            Tensor gg = Autograd.grad(g.sum(), x, false);
            assertThat(gg.toDoubles()[0]).isEqualTo(Math.exp(0.5), org.assertj.core.data.Offset.offset(1e-12));
        }
    }

    @Test
    void aFunctionMayReturnItsInput() {
        try (Scope _ = Scope.open()) {
            Tensor x = leaf(2, 3);
            new Reverse().apply(x).mul(4).sum().backward();
            assertThat(x.grad().orElseThrow().toDoubles()).containsExactly(-4, -4);
            assertThat(x.isLeaf()).isTrue();
        }
    }

    @Test
    void theCheckFindsAWrongFactor() {
        try (Scope _ = Scope.open()) {
            assertThatThrownBy(() ->
                            GradCheck.check(t -> new CubeTimes(3.001).apply(t.get(0), t.get(1)), leaf(2), leaf(5)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("[gradCheck] input 0, element 0: expected 57.3201893");
        }
    }

    @Test
    void theNumberOfGradientsIsChecked() {
        try (Scope _ = Scope.open()) {
            Tensor y = new CubeTimes(3) {
                @Override
                protected @Nullable Tensor[] backward(Context context, Tensor dy) {
                    return new Tensor[] {dy};
                }
            }.apply(leaf(1), leaf(2));
            assertThatIllegalStateException()
                    .isThrownBy(() -> y.sum().backward())
                    .withMessageContaining("expected 2 gradients, one for each input; got 1");
        }
    }
}
