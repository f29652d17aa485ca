package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Views share memory with their source, copies do not, and both hold the same values.
class ViewTest {
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

    private static Tensor numbers(long... shape) {
        return Tensor.arange(Shapes.count(shape)).to(DType.F32).reshape(shape);
    }

    private static final List<UnaryOperator<Tensor>> VIEWS = List.of(
            x -> x.reshape(6, 20),
            x -> x.reshape(-1),
            x -> x.permute(2, 0, 3, 1),
            x -> x.transpose(1, -1),
            Tensor::t,
            x -> x.slice(1, 1, 3),
            x -> x.slice(3, -4, 100, 2),
            x -> x.select(2, -1),
            x -> x.select(0, 0).squeeze(0),
            x -> x.unsqueeze(2),
            x -> x.flatten(1, 2),
            x -> x.split(3, 2, 3).get(1),
            x -> x.chunk(1, 2).get(1),
            x -> x.unsqueeze(0).expand(3, -1, -1, -1, -1),
            Tensor::detach);

    @Test
    void aChangeShowsInEveryView() {
        for (int i = 0; i < VIEWS.size(); i++) {
            Tensor x = numbers(2, 3, 4, 5);
            Tensor view = VIEWS.get(i).apply(x);
            Tensor copy = view.copy();
            assertThat(copy.isContiguous()).isTrue();
            x.mulInPlace(-1);
            assertThat(view.toFloats())
                    .as("view " + i)
                    .containsExactly(copy.neg().toFloats());
        }
    }

    @Test
    void aViewOfAViewEqualsAViewOfACopy() {
        for (UnaryOperator<Tensor> first : VIEWS) {
            for (UnaryOperator<Tensor> second : List.<UnaryOperator<Tensor>>of(
                    t -> t.reshape(-1),
                    t -> t.transpose(0, -1),
                    t -> t.slice(0, 1, 100, 2),
                    t -> t.unsqueeze(0).expand(twice(t)),
                    t -> t.flatten(0, -1).slice(0, 3, 40, 5),
                    t -> t.permute(backwards(t)).reshape(-1, 2))) {
                Tensor view = first.apply(numbers(2, 3, 4, 5));
                if (second.apply(view.copy()).count() == 0) {
                    continue;
                }
                Tensor expected = second.apply(view.copy());
                Tensor actual = second.apply(view);
                assertThat(actual.shape()).isEqualTo(expected.shape());
                assertThat(actual.toFloats()).containsExactly(expected.copy().toFloats());
                assertThat(actual.add(actual).sum().item())
                        .isEqualTo(2 * expected.sum().item());
            }
        }
    }

    private static long[] twice(Tensor t) {
        long[] sizes = new long[t.rank() + 1];
        java.util.Arrays.fill(sizes, -1);
        sizes[0] = 2;
        return sizes;
    }

    private static int[] backwards(Tensor t) {
        int[] dims = new int[t.rank()];
        java.util.Arrays.setAll(dims, i -> t.rank() - 1 - i);
        return dims;
    }

    @Test
    void writingThroughAViewChangesItsElementsAlone() {
        Tensor x = numbers(3, 4);
        x.t().slice(0, 1, 4, 2).fillInPlace(-1);
        assertThat(x.toFloats()).containsExactly(0, -1, 2, -1, 4, -1, 6, -1, 8, -1, 10, -1);
        x.select(0, 1).copyFrom(Tensor.scalar(7));
        x.slice(1, 3, 4).addInPlace(Tensor.of(new double[] {1, 2, 3}, 3, 1));
        x.select(1, 0).mulInPlace(10);
        assertThat(x.toFloats()).containsExactly(0, -1, 2, 0, 70, 7, 7, 9, 80, -1, 10, 2);
    }

    @Test
    void overlappingMemoryIsReadBeforeItIsWritten() {
        Tensor x = numbers(3, 3);
        x.copyFrom(x.t().copy());
        Tensor y = numbers(3, 3);
        y.copyFrom(y.t());
        assertThat(y.toFloats()).containsExactly(x.toFloats());
        Tensor z = numbers(3, 3);
        z.addInPlace(z.t());
        assertThat(z.toFloats()).containsExactly(0, 4, 8, 4, 8, 12, 8, 12, 16);
        Tensor line = numbers(5);
        line.slice(0, 1, 5).copyFrom(line.slice(0, 0, 4));
        assertThat(line.toFloats()).containsExactly(0, 0, 1, 2, 3);
    }

    @Test
    void anExpandedTensorCannotBeWritten() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> numbers(1, 3).expand(2, 3).fillInPlace(1))
                .withMessageContaining("Hint: copy() it first");
    }

    @Test
    void aReshapeCopiesOnlyWhereItMust() {
        Tensor x = numbers(4, 6);
        assertThat(x.t().reshape(6, 2, 2).storage).isSameAs(x.storage);
        assertThat(x.slice(1, 0, 4).reshape(4, 2, 2).storage).isSameAs(x.storage);
        assertThat(x.t().reshape(24).storage).isNotSameAs(x.storage);
        assertThat(x.unsqueeze(1).expand(4, 3, 6).reshape(4, 18).toFloats())
                .containsExactly(x.repeat(1, 3).toFloats());
    }

    @Test
    void aSingleElementIsAVectorUnlessItIsAScalar() {
        assertThat(Tensor.of(new float[] {5}).shape()).containsExactly(1);
        assertThat(Tensor.of(new long[] {5}).shape()).containsExactly(1);
        assertThat(Tensor.arange(1).shape()).containsExactly(1);
        assertThat(Tensor.scalar(5).shape()).isEmpty();
        assertThat(Tensor.of(new float[0]).shape()).containsExactly(0);
        assertThatIllegalArgumentException().isThrownBy(() -> Tensor.of(new float[] {1, 2}, 3));
    }

    @Test
    void emptyTensorsGoThroughEverything() {
        Tensor none = Tensor.zeros(0, 3).requiresGrad(true);
        assertThat(none.add(1).mul(none).t().shape()).containsExactly(3, 0);
        assertThat(none.sum().item()).isZero();
        assertThat(none.sum(0).toFloats()).containsExactly(0, 0, 0);
        assertThat(none.sum(1).shape()).containsExactly(0);
        assertThat(none.mean().item()).isNaN();
        assertThat(none.matmul(Tensor.ones(3, 4)).shape()).containsExactly(0, 4);
        assertThat(Tensor.ones(2, 0).matmul(Tensor.ones(0, 3)).toFloats())
                .containsOnly(0)
                .hasSize(6);
        assertThat(none.softmax(-1).shape()).containsExactly(0, 3);
        assertThat(Tensor.ones(3, 0).softmax(-1).shape()).containsExactly(3, 0);
        assertThat(none.argmax(1, false).shape()).containsExactly(0);
        assertThat(none.sort(0, false).values().shape()).containsExactly(0, 3);
        assertThat(none.cumsum(0).shape()).containsExactly(0, 3);
        assertThat(none.slice(0, 0, 5).reshape(3, 0).shape()).containsExactly(3, 0);
        assertThat(none.indexSelect(0, Tensor.zeros(DType.I64, 0)).shape()).containsExactly(0, 3);
        assertThat(Functional.concat(0, none, Tensor.ones(1, 3)).toFloats()).containsExactly(1, 1, 1);
        assertThat(Functional.rmsNorm(none, Tensor.ones(3), 1e-5).shape()).containsExactly(0, 3);
        assertThat(Functional.layerNorm(none, Tensor.ones(3), null, 1e-5).shape())
                .containsExactly(0, 3);
        assertThat(Functional.swiglu(none, none).shape()).containsExactly(0, 3);
        assertThat(CrossEntropies.crossEntropy(none, Tensor.zeros(DType.I64, 0)).item())
                .isNaN();
        Tensor q = Tensor.ones(1, 2, 0, 4);
        Tensor k = Tensor.ones(1, 2, 5, 4);
        assertThat(Attention.attend(q, k, k, null, Attention.Options.FULL).shape())
                .containsExactly(1, 2, 0, 4);
        assertThat(Attention.attend(k, q, q, null, Attention.Options.FULL).toFloats())
                .containsOnly(0);
        none.gelu().square().sum().backward();
        assertThat(none.grad().orElseThrow().shape()).containsExactly(0, 3);
        assertThatIllegalArgumentException().isThrownBy(() -> none.max(0, false));
    }
}
