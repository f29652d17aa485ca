package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Operations and cases that no golden file has: first and second derivatives against finite differences in F64.
class GradientsTest {
    private static final Map<String, BinaryOperator<Tensor>> OPS = new LinkedHashMap<>();

    static {
        // a (3, 4), b (3, 4), positive and away from kinks
        OPS.put("amin", (a, b) -> a.mul(b).amin(new int[] {0}, true));
        OPS.put("min", (a, b) -> a.mul(b).min(1, false).values());
        OPS.put(
                "prod with zeros",
                (a, b) -> a.mul(Tensor.of(new double[] {0, 1, 0, 2})).mul(b).prod(1, false));
        OPS.put(
                "prod with one zero",
                (a, b) -> a.mul(Tensor.of(new double[] {0, 1, 3, 2})).mul(b).prod(1, true));
        OPS.put(
                "cumprod with a zero",
                (a, b) -> a.mul(Tensor.of(new double[] {2, 0, 1, 3})).mul(b).cumprod(1));
        OPS.put("triu", (a, b) -> a.mul(b).triu(-1));
        OPS.put("norm over two", (a, b) -> a.mul(b).norm(0, 1));
        OPS.put(
                "logsumexp with -inf",
                (a, b) -> a.mul(b)
                        .maskedFill(Tensor.of(new boolean[] {true, false, false, true}), Double.NEGATIVE_INFINITY)
                        .logsumexp(new int[] {1}, false));
        OPS.put("pow", (a, b) -> a.pow(b));
        OPS.put("div", Tensor::div);
        OPS.put("std", (a, b) -> a.mul(b).std(new int[] {0}, 1, true));
        OPS.put(
                "select and squeeze",
                (a, b) -> a.select(1, -2).mul(b.slice(1, 1, 2).squeeze(1)));
        OPS.put("chunk", (a, b) -> a.chunk(1, 3).get(1).mul(b.chunk(1, 2).get(0)));
        OPS.put("flatten of a transpose", (a, b) -> a.t().flatten(0, 1).mul(b.reshape(-1)));
        OPS.put("contiguous of a transpose", (a, b) -> a.t().contiguous().matmul(b));
        OPS.put("expand", (a, b) -> a.unsqueeze(1).expand(3, 2, 4).mul(b.unsqueeze(1)));
        OPS.put("broadcast both ways", (a, b) -> a.slice(0, 0, 1).mul(b.slice(1, 0, 1)));
        OPS.put("repeat", (a, b) -> a.repeat(2, 1, 2).mul(b.repeatInterleave(2, 1)));
        OPS.put("roll and flip", (a, b) -> a.roll(-1, 0).mul(b.flip(1)));
        OPS.put("topk", (a, b) -> a.mul(b).topk(2, 1, false).values());
        OPS.put("sort", (a, b) -> a.mul(b).sort(0, true).values());
        OPS.put("gather of fewer rows", (a, b) -> a.mul(b).gather(1, Tensor.of(new long[] {3, 3, 0, 1}, 2, 2)));
        OPS.put("scatterAdd", (a, b) -> a.scatterAdd(0, Tensor.of(new long[] {2, 0, 2, 1}, 1, 4), b.slice(0, 0, 1)));
        OPS.put("pad", (a, b) -> a.pad(new long[] {1, -1, -1, 2}, 3).mul(2));
        OPS.put("where", (a, b) -> a.gt(b).where(a.square(), b.pow(3)));
        OPS.put("matmul of three and two", (a, b) -> a.reshape(3, 2, 2).matmul(b.reshape(2, 6)));
        OPS.put("matmul broadcast", (a, b) -> a.reshape(3, 1, 2, 2).matmul(b.reshape(3, 2, 2)));
        OPS.put("matmul of vectors", (a, b) -> a.select(0, 0).matmul(b.t()));
        OPS.put("sqrt rsqrt reciprocal", (a, b) -> a.sqrt().mul(b.rsqrt()).add(a.reciprocal()));
        OPS.put("log family", (a, b) -> a.log().mul(b.log1p()).add(a.expm1()));
        OPS.put("trigonometry", (a, b) -> a.sin().mul(b.cos()).add(a.tanh()).add(b.erf()));
        OPS.put("sigmoids", (a, b) -> a.sigmoid().mul(b.logSigmoid()).add(a.softplus(2, 20)));
        OPS.put("relu and abs", (a, b) -> a.sub(b).relu().add(a.sub(b).abs().square()));
        OPS.put("clamp", (a, b) -> a.mul(b).clamp(0.7, 1.9).square());
        OPS.put("maximum", (a, b) -> a.maximum(b).mul(a.minimum(b)));
        OPS.put("silu and gelus", (a, b) -> a.silu().mul(b.gelu()).add(a.geluTanh()));
        OPS.put("remainder", (a, b) -> a.mul(3).remainder(b).square());
        OPS.put("floor is constant", (a, b) -> a.mul(b.mul(0).add(3).floor()));
        OPS.put(
                "crossEntropySoft",
                (a, b) -> CrossEntropies.crossEntropySoft(a, b.softmax(1), CrossEntropies.Reduction.NONE));
        OPS.put("attention bias", (a, b) -> {
            Tensor q = a.reshape(1, 1, 3, 4);
            return Attention.attend(q, q, q, b.slice(1, 0, 3), Attention.Options.CAUSAL);
        });
        OPS.put(
                "conv2d",
                (a, b) -> Functional.conv2d(
                        a.reshape(1, 1, 3, 4),
                        b.slice(0, 0, 2).reshape(2, 1, 2, 2),
                        b.select(0, 2).slice(0, 0, 2),
                        new int[] {1, 2},
                        new int[] {1, 0},
                        new int[] {2, 1},
                        1));
        OPS.put("bicubic", (a, b) -> Functional.interpolateBicubic(a.mul(b).reshape(1, 1, 3, 4), 5, 2));
        OPS.put("embedding", (a, b) -> Functional.embedding(Tensor.of(new long[] {2, 0, 2}), a.mul(b)));
        OPS.put("dropout", (a, b) -> Functional.dropout(a.mul(b), 0.5, Rng.of(3)));
        OPS.put("from F32 and back", (a, b) -> a.mul(b.mul(0).to(DType.F32).add(2)));
    }

    @TestFactory
    Stream<DynamicTest> firstAndSecondDerivatives() {
        return OPS.entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
                    try (Scope _ = Scope.open()) {
                        Tensor a = Tensor.arange(12).mul(0.37).sin().add(1.6).reshape(3, 4);
                        Tensor b = Tensor.arange(12).mul(0.91).cos().add(1.5).reshape(3, 4);
                        Tensor x = a.to(DType.F64).requiresGrad(true);
                        Tensor y = b.to(DType.F64).requiresGrad(true);
                        GradCheck.check(
                                t -> e.getValue().apply(t.get(0), t.get(1)), java.util.List.of(x, y), 1e-6, 1e-7);
                        GradCheck.checkSecond(
                                t -> e.getValue().apply(t.get(0), t.get(1)), java.util.List.of(x, y), 1e-5, 1e-6);
                    }
                }));
    }

    @Test
    void tiesShareTheGradientOfMaximumAndMinimum() {
        try (Scope _ = Scope.open()) {
            Tensor a = Tensor.of(new double[] {1, 2, 3}).requiresGrad(true);
            Tensor b = Tensor.of(new double[] {1, 3, 2}).requiresGrad(true);
            a.maximum(b).sum().backward();
            assertThat(a.grad().orElseThrow().toDoubles()).containsExactly(0.5, 0, 1);
            assertThat(b.grad().orElseThrow().toDoubles()).containsExactly(0.5, 1, 0);
            a.zeroGrad();
            a.minimum(b).sum().backward();
            assertThat(a.grad().orElseThrow().toDoubles()).containsExactly(0.5, 1, 0);
        }
    }

    @Test
    void targetsAreCheckedWithTheirPosition() {
        try (Scope _ = Scope.open()) {
            Tensor logits = Tensor.ones(4, 5);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CrossEntropies.crossEntropy(logits, Tensor.of(new long[] {-100, 4, 5, 0})))
                    .withMessage("[crossEntropy] expected targets in [0, 5) or -100; got 5 at position 2");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CrossEntropies.tokenLogProbs(logits, Tensor.of(new long[] {0, -100, 1, 0}), 1))
                    .withMessage("[tokenLogProbs] expected targets in [0, 5); got -100 at position 1");
            assertThat(CrossEntropies.crossEntropy(logits, Tensor.of(new long[] {-100, 4, -100, 0}))
                            .item())
                    .isEqualTo(Math.log(5), org.assertj.core.data.Offset.offset(1e-6));
        }
    }
}
