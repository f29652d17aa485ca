package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.CrossEntropies.Reduction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Fused F32 kernels against their unfused forms in F64: values and gradients at odd sizes, from dense inputs and from
/// views, and the gradients of the unfused forms against finite differences.
class FusedTest {
    /// 0, 1, L-1, L, L+1, 4L+3 for vectors of 8 floats; L+1 and 4L+3 for 16.
    private static final long[] SIZES = {1, 7, 8, 9, 17, 35, 67};

    /// A fused operation, its unfused form, and inputs for a size.
    private record Fused(
            Function<List<Tensor>, Tensor> fused,
            Function<List<Tensor>, Tensor> unfused,
            Function<Long, long[][]> shapes) {}

    private static final Map<String, Fused> OPS = new LinkedHashMap<>();

    private static void op(
            String name,
            Function<List<Tensor>, Tensor> fused,
            Function<List<Tensor>, Tensor> unfused,
            Function<Long, long[][]> shapes) {
        OPS.put(name, new Fused(fused, unfused, shapes));
    }

    /// Classes for rows of n logits, the second row ignored.
    private static Tensor classes(Tensor logits, boolean ignore) {
        long[] ids = new long[(int) logits.size(0)];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = ignore && i == 1 ? -100 : (i * 5L) % logits.size(1);
        }
        return Tensor.of(ids);
    }

    /// Targets for hidden states t(0) and the output matrix t(1).
    private static Tensor words(List<Tensor> t, boolean ignore) {
        long[] ids = new long[(int) t.get(0).size(0)];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = ignore && i == 1 ? -100 : (i * 5L) % t.get(1).size(0);
        }
        return Tensor.of(ids);
    }

    private static Tensor angles(Tensor x) {
        return Tensor.arange(9 * x.size(2) / 2)
                .mul(0.37)
                .reshape(9, x.size(2) / 2)
                .to(x.dtype());
    }

    private static Tensor positions() {
        return Tensor.of(new long[] {3, 0, 8});
    }

    private static Tensor mask() {
        return Tensor.of(new boolean[] {true, false, true, true, false, false, false, false, true, true}, 2, 5);
    }

    static {
        op(
                "rmsNorm",
                t -> Functional.rmsNorm(t.get(0), t.get(1), 1e-5),
                t -> Functional.unfusedRmsNorm(t.get(0), t.get(1), 1e-5),
                n -> new long[][] {{3, n}, {n}});
        op(
                "layerNorm",
                t -> Functional.layerNorm(t.get(0), t.get(1), t.get(2), 1e-3),
                t -> Functional.unfusedLayerNorm(t.get(0), t.get(1), t.get(2), 1e-3),
                n -> new long[][] {{3, n}, {n}, {n}});
        op(
                "swiglu",
                t -> Functional.swiglu(t.get(0), t.get(1)),
                t -> t.get(0).mul(t.get(0).sigmoid()).mul(t.get(1)),
                n -> new long[][] {{3, n}, {3, n}});
        op("softmax", t -> t.get(0).softmax(1), t -> Softmaxes.unfusedSoftmax(t.get(0)), n -> new long[][] {{3, n}});
        op("logSoftmax", t -> t.get(0).logSoftmax(1), t -> Softmaxes.unfusedLogSoftmax(t.get(0)), n ->
                new long[][] {{3, n}});
        op("silu", t -> t.get(0).silu(), t -> t.get(0).mul(t.get(0).sigmoid()), n -> new long[][] {{n}});
        op(
                "gelu",
                t -> t.get(0).gelu(),
                t -> t.get(0).mul(t.get(0).mul(Math.sqrt(0.5)).erf().add(1)).mul(0.5),
                n -> new long[][] {{n}});
        op(
                "geluTanh",
                t -> t.get(0).geluTanh(),
                t -> {
                    Tensor x = t.get(0);
                    Tensor inner = x.add(x.pow(3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
                    return x.mul(inner.tanh().add(1)).mul(0.5);
                },
                n -> new long[][] {{n}});
        op(
                "affine",
                t -> Functional.affine(t.get(0), t.get(1), t.get(2)),
                t -> t.get(0).matmul(t.get(1)).add(t.get(2)),
                n -> new long[][] {{3, n}, {n, 5}, {5}});
        op(
                "linear",
                t -> Functional.linear(t.get(0), t.get(1), t.get(2)),
                t -> t.get(0).matmul(t.get(1).t()).add(t.get(2)),
                n -> new long[][] {{2, 3, n}, {5, n}, {5}});
        op(
                "geluAffine",
                t -> Functional.geluAffine(t.get(0), t.get(1), t.get(2)),
                t -> t.get(0).geluTanh().matmul(t.get(1)).add(t.get(2)),
                n -> new long[][] {{3, n}, {n, 5}, {5}});
        op(
                "attendJoint",
                t -> Attention.attendJoint(t.get(0), new int[] {0, 2, 2, 7}, Attention.Options.CAUSAL),
                t -> JointAttention.parts(t.get(0), new int[] {0, 2, 2, 7}, Attention.Options.CAUSAL),
                n -> new long[][] {{7, 3, 2, n}});
        for (boolean interleaved : new boolean[] {false, true}) {
            op(
                    "rope" + (interleaved ? " interleaved" : ""),
                    t -> {
                        Tensor a = angles(t.get(0));
                        return Functional.rope(t.get(0), a.cos(), a.sin(), positions(), interleaved);
                    },
                    t -> {
                        Tensor a = angles(t.get(0));
                        return Functional.unfusedRope(t.get(0), a.cos(), a.sin(), positions(), interleaved);
                    },
                    n -> new long[][] {{3, 2, 2 * n}});
        }
        for (double smoothing : new double[] {0, 0.1}) {
            op(
                    "crossEntropy " + smoothing,
                    t -> CrossEntropies.crossEntropy(
                            t.get(0), classes(t.get(0), true), Reduction.NONE, -100, smoothing),
                    t -> CrossEntropies.unfused(t.get(0), classes(t.get(0), true), -100, smoothing),
                    n -> new long[][] {{3, n}});
            op(
                    "crossEntropy mean " + smoothing,
                    t -> CrossEntropies.crossEntropy(
                            t.get(0), classes(t.get(0), true), Reduction.MEAN, -100, smoothing),
                    t -> {
                        Tensor ids = classes(t.get(0), true);
                        Tensor counted = ids.ne(-100).to(t.get(0).dtype()).sum();
                        return CrossEntropies.unfused(t.get(0), ids, -100, smoothing)
                                .sum()
                                .div(counted);
                    },
                    n -> new long[][] {{3, n}});
            op(
                    "crossEntropy sum " + smoothing,
                    t -> CrossEntropies.crossEntropy(t.get(0), classes(t.get(0), true), Reduction.SUM, -100, smoothing),
                    t -> CrossEntropies.unfused(t.get(0), classes(t.get(0), true), -100, smoothing)
                            .sum(),
                    n -> new long[][] {{3, n}});
        }
        op(
                "tokenLogProbs",
                t -> CrossEntropies.tokenLogProbs(t.get(0), classes(t.get(0), false), 0.7)
                        .logProbs(),
                t -> CrossEntropies.unfusedLogProbs(t.get(0), classes(t.get(0), false), 0.7)
                        .logProbs(),
                n -> new long[][] {{3, n}});
        // Five rows in chunks of two: whole ones and a rest.
        for (Reduction reduction : Reduction.values()) {
            op(
                    "linearCrossEntropy " + reduction,
                    t -> LinearCrossEntropy.crossEntropy(t.get(0), t.get(1), words(t, true), reduction, -100, 0.1, 2),
                    t -> CrossEntropies.crossEntropy(
                            t.get(0).matmul(t.get(1).t()), words(t, true), reduction, -100, 0.1),
                    n -> new long[][] {{5, n}, {2 * n + 1, n}});
        }
        op(
                "linearTokenLogProbs",
                t -> LinearCrossEntropy.tokenLogProbs(t.get(0), t.get(1), words(t, false), 0.7, 2)
                        .logProbs(),
                t -> CrossEntropies.unfusedLogProbs(t.get(0).matmul(t.get(1).t()), words(t, false), 0.7)
                        .logProbs(),
                n -> new long[][] {{5, n}, {2 * n + 1, n}});
        attention("full", Attention.Options.FULL, null);
        attention("causal", Attention.Options.CAUSAL, null);
        attention("bottom right", Attention.Options.CAUSAL_CACHED, null);
        attention("window", Attention.Options.CAUSAL_CACHED.withWindow(3).withScale(0.4), null);
        attention("masked", Attention.Options.FULL, n -> mask());
        attention("sink tokens", Attention.Options.CAUSAL_CACHED.withWindow(2).withSinkTokens(1), null);
        for (Attention.Options options : List.of(
                Attention.Options.CAUSAL,
                Attention.Options.CAUSAL_CACHED.withWindow(2).withSinkTokens(1))) {
            op(
                    "attention with sink logits, window " + options.window(),
                    t -> Attention.attend(t.get(0), t.get(1), t.get(2), null, t.get(3), options),
                    t -> Attention.unfused(t.get(0), t.get(1), t.get(2), null, t.get(3), options),
                    n -> new long[][] {{2, 4, 2, n}, {2, 2, 5, n}, {2, 2, 5, n}, {4}});
        }
        op(
                "attention packed with sink logits",
                t -> Attention.attendPacked(
                        t.get(0),
                        t.get(1),
                        t.get(2),
                        new int[] {0, 5},
                        new int[] {0, 5},
                        t.get(3),
                        Attention.Options.CAUSAL),
                t -> Attention.unfused(
                                t.get(0).transpose(0, 1).unsqueeze(0),
                                t.get(1).transpose(0, 1).unsqueeze(0),
                                t.get(2).transpose(0, 1).unsqueeze(0),
                                null,
                                t.get(3),
                                Attention.Options.CAUSAL)
                        .squeeze(0)
                        .transpose(0, 1),
                n -> new long[][] {{5, 4, n}, {5, 2, n}, {5, 2, n}, {4}});
        op(
                "attention packed",
                t -> Attention.attendPacked(
                        t.get(0), t.get(1), t.get(2), packed(0, 1), packed(0, 1), Attention.Options.CAUSAL),
                t -> {
                    List<Tensor> parts = new ArrayList<>();
                    int[] at = packed(0, 1);
                    for (int s = 0; s + 1 < at.length; s++) {
                        Tensor q = t.get(0)
                                .slice(0, at[s], at[s + 1])
                                .transpose(0, 1)
                                .unsqueeze(0);
                        Tensor k = t.get(1)
                                .slice(0, at[s], at[s + 1])
                                .transpose(0, 1)
                                .unsqueeze(0);
                        Tensor v = t.get(2)
                                .slice(0, at[s], at[s + 1])
                                .transpose(0, 1)
                                .unsqueeze(0);
                        parts.add(Attention.unfused(q, k, v, null, null, Attention.Options.CAUSAL)
                                .squeeze(0)
                                .transpose(0, 1));
                    }
                    return Functional.concat(0, parts);
                },
                n -> new long[][] {{7, 4, n}, {7, 2, n}, {7, 2, n}});
    }

    private static int[] packed(int from, int first) {
        return new int[] {from, first, first, 5, 7};
    }

    private static void attention(String name, Attention.Options options, @Nullable Function<Tensor, Tensor> mask) {
        op(
                "attention " + name,
                t -> Attention.attend(
                        t.get(0), t.get(1), t.get(2), mask == null ? null : mask.apply(t.get(0)), options),
                t -> {
                    Tensor additive = mask == null
                            ? null
                            : mask.apply(t.get(0))
                                    .where(Tensor.scalar(0), Tensor.full(DType.F32, Double.NEGATIVE_INFINITY));
                    return Attention.unfused(t.get(0), t.get(1), t.get(2), additive, null, options);
                },
                n -> new long[][] {{2, 4, 2, n}, {2, 2, 5, n}, {2, 2, 5, n}});
    }

    private static List<Tensor> inputs(long[][] shapes, DType dtype) {
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < shapes.length; i++) {
            Tensor x = Rng.of(7 + i).normal(shapes[i]);
            inputs.add(x.to(dtype).requiresGrad(true));
        }
        return inputs;
    }

    /// The value and the gradients of `sum(y * w)`.
    private static List<Tensor> run(Function<List<Tensor>, Tensor> f, List<Tensor> leaves, Layout layout) {
        List<Tensor> bases = new ArrayList<>();
        List<Tensor> views = new ArrayList<>();
        for (Tensor x : leaves) {
            Tensor base = layout.base(x.detach()).requiresGrad(true);
            bases.add(base);
            views.add(layout.view(base, x.shape()));
        }
        Tensor y = f.apply(views);
        Tensor w = Tensor.arange(y.count()).mul(0.7).add(0.3).cos().reshape(y.shape());
        y.backward(layout.view(layout.base(w.to(y.dtype())), y.shape()));
        List<Tensor> out = new ArrayList<>(List.of(y));
        for (int i = 0; i < leaves.size(); i++) {
            out.add(layout.view(bases.get(i).grad().orElseThrow(), leaves.get(i).shape()));
        }
        return out;
    }

    @TestFactory
    Stream<DynamicTest> aFusedKernelComputesItsUnfusedForm() {
        return OPS.entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
                    for (long n : SIZES) {
                        for (Layout layout : Layout.values()) {
                            try (Scope _ = Scope.open()) {
                                compare(e.getValue(), n, layout);
                            }
                        }
                    }
                }));
    }

    private static void compare(Fused op, long n, Layout layout) {
        long[][] shapes = op.shapes.apply(n);
        List<Tensor> actual = run(op.fused, inputs(shapes, DType.F32), layout);
        List<Tensor> expected = run(op.unfused, inputs(shapes, DType.F64), Layout.DENSE);
        for (int i = 0; i < actual.size(); i++) {
            double worst = actual.get(i).sub(expected.get(i)).abs().max().item();
            double scale = expected.get(i).abs().max().item();
            assertThat(worst)
                    .as((i == 0 ? "value" : "gradient " + (i - 1)) + " at size " + n + ", " + layout)
                    .isLessThanOrEqualTo(4e-6 * (1 + scale));
        }
    }

    @TestFactory
    Stream<DynamicTest> gradientsOfTheUnfusedFormsAgreeWithDifferences() {
        return OPS.entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
                    try (Scope _ = Scope.open()) {
                        List<Tensor> x = inputs(e.getValue().shapes.apply(2L), DType.F64);
                        GradCheck.check(e.getValue().fused, x, 1e-6, 1e-7);
                        GradCheck.check(e.getValue().unfused, x, 1e-6, 1e-7);
                    }
                }));
    }

    @Test
    void halvesAreComputedInF32() {
        try (Scope _ = Scope.open()) {
            Tensor x = Rng.of(3).normal(5, 600).mul(200).to(DType.F16);
            Tensor wide = x.to(DType.F32);
            for (Function<Tensor, Tensor> f : List.<Function<Tensor, Tensor>>of(
                    t -> t.abs().mean(),
                    t -> t.mean(1),
                    t -> t.var(new int[] {1}, 1, false).sqrt(),
                    t -> t.norm(1),
                    t -> t.softmax(1),
                    t -> t.amax(new int[] {0}, true),
                    t -> t.logsumexp(new int[] {1}, false),
                    t -> t.sort(1, true).values())) {
                Tensor y = f.apply(x);
                assertThat(y.dtype()).isEqualTo(DType.F16);
                double worst = y.to(DType.F32).sub(f.apply(wide)).abs().max().item();
                double scale = f.apply(wide).abs().max().item();
                assertThat(worst).isLessThanOrEqualTo(1e-3 * scale);
            }
        }
    }

    @Test
    void everyDtypeSurvivesTheUnaryOperations() {
        try (Scope _ = Scope.open()) {
            for (DType dtype : DType.values()) {
                Tensor x = Tensor.of(new double[] {0, 1, 1, 0, 1}).to(dtype);
                assertThat(x.exp().toDoubles()[1]).isEqualTo(Math.E, org.assertj.core.data.Offset.offset(0.02));
                assertThat(x.add(x).toDoubles()).containsExactly(0, 2, 2, 0, 2);
                assertThat(x.sum().item()).isEqualTo(3);
                assertThat(x.div(2).toDoubles()).containsExactly(0, 0.5, 0.5, 0, 0.5);
                assertThat(x.gt(0.5).toBooleans()).containsExactly(false, true, true, false, true);
                assertThat(x.mul(1.5).toDoubles()).containsExactly(0, 1.5, 1.5, 0, 1.5);
                assertThat(x.max().item()).isEqualTo(1);
                assertThat(x.argmax(0, false).item()).isEqualTo(1);
            }
        }
    }
}
