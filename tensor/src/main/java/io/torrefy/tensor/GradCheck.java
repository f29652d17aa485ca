package io.torrefy.tensor;

import io.torrefy.export.Export;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Compares gradients with central differences in float64, as `torch.autograd.gradcheck`.
@Export(value = "autograd.GradCheck", since = "0.1", members = "autograd.grad_check")
public final class GradCheck {
    private static final double STEP = 1e-6;

    private GradCheck() {}

    /// Checks the gradient of `sum(f(x) * w)`, w fixed and irregular, with respect to each F64 input that requires
    /// grad.
    ///
    /// @throws AssertionError naming the input, the element, the two values, if they differ by more than `atol +
    ///     rtol * |numeric|`
    public static void check(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, double rtol, double atol) {
        try (Scope _ = Scope.open()) {
            for (Tensor x : inputs) {
                if (x.requiresGrad() && x.dtype() != DType.F64) {
                    throw new IllegalArgumentException("[gradCheck] expected F64 inputs; got " + x.describe());
                }
            }
            List<Tensor> wanted = inputs.stream().filter(Tensor::requiresGrad).toList();
            List<Optional<Tensor>> analytic =
                    Autograd.grad(List.of(objective(f, inputs)), wanted, List.of(), false, false);
            for (int i = 0; i < wanted.size(); i++) {
                Tensor x = wanted.get(i);
                double[] g = analytic.get(i).map(Tensor::toDoubles).orElseGet(() -> new double[(int) x.count()]);
                compare(f, inputs, x, inputs.indexOf(x), g, rtol, atol);
            }
        }
    }

    /// With rtol 1e-5 and atol 1e-7.
    public static void check(Function<List<Tensor>, Tensor> f, Tensor... inputs) {
        check(f, List.of(inputs), 1e-5, 1e-7);
    }

    /// Checks second derivatives: the gradients of `sum(f(x) * w)` are functions of the inputs whose own gradients
    /// are compared with central differences, as `torch.autograd.gradgradcheck`.
    public static void checkSecond(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, double rtol, double atol) {
        List<Integer> wanted = IntStream.range(0, inputs.size())
                .filter(i -> inputs.get(i).requiresGrad())
                .boxed()
                .toList();
        for (int i : wanted) {
            check(xs -> gradient(f, xs, xs.get(i)), inputs, rtol, atol);
        }
    }

    /// With rtol 1e-5 and atol 1e-7.
    public static void checkSecond(Function<List<Tensor>, Tensor> f, Tensor... inputs) {
        checkSecond(f, List.of(inputs), 1e-5, 1e-7);
    }

    private static Tensor gradient(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, Tensor x) {
        Tensor g = Autograd.grad(List.of(objective(f, inputs)), List.of(x), List.of(), true, true)
                .getFirst()
                .orElseGet(() -> x.mul(0));
        // A gradient that does not depend on the inputs has second derivatives all the same: zeros.
        return inputs.stream()
                .filter(Tensor::requiresGrad)
                .map(t -> t.mul(0).sum())
                .reduce(g, Tensor::add);
    }

    private static Tensor objective(Function<List<Tensor>, Tensor> f, List<Tensor> inputs) {
        Tensor y = f.apply(inputs);
        double[] w = new double[(int) y.count()];
        for (int i = 0; i < w.length; i++) {
            w[i] = Math.cos(0.7 * i + 0.3);
        }
        return y.mul(Tensor.of(w, y.shape)).sum();
    }

    private static void compare(
            Function<List<Tensor>, Tensor> f,
            List<Tensor> inputs,
            Tensor x,
            int number,
            double[] analytic,
            double rtol,
            double atol) {
        double[] values = x.toDoubles();
        for (int e = 0; e < values.length; e++) {
            double keep = values[e];
            values[e] = keep + STEP;
            double up = at(f, inputs, x, values);
            values[e] = keep - STEP;
            double down = at(f, inputs, x, values);
            values[e] = keep;
            double numeric = (up - down) / (2 * STEP);
            if (!(Math.abs(numeric - analytic[e]) <= atol + rtol * Math.abs(numeric))) {
                throw new AssertionError(String.format(
                        Locale.ROOT,
                        "[gradCheck] input %d, element %d: expected %.10g by differences; got %.10g by backward",
                        number,
                        e,
                        numeric,
                        analytic[e]));
            }
        }
    }

    private static double at(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, Tensor x, double[] values) {
        // Recorded, so that f may itself ask for gradients.
        try (Scope _ = Scope.open()) {
            Tensor moved = Tensor.of(values, x.shape).requiresGrad(true);
            List<Tensor> changed = inputs.stream().map(t -> t == x ? moved : t).toList();
            return objective(f, changed).item();
        }
    }
}
