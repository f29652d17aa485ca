package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Kernels;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// Limits gradients, as `torch.nn.utils.clip_grad_norm_` and `clip_grad_value_`. Parameters without a gradient do not
/// count.
@Export(value = "optim.GradientClipping", since = "0.1", members = "optim.gradient_clipping")
public final class GradientClipping {
    private GradientClipping() {}

    /// The Euclidean norm of all gradients together, added up in double in the parameters' order: one parallel pass
    /// over those in f32. A NaN or an infinity in any gradient shows in it.
    public static double norm(Collection<Tensor> parameters) {
        List<Tensor> flat = new ArrayList<>(parameters.size());
        for (Tensor parameter : parameters) {
            parameter.grad().filter(GradientClipping::isFlat).ifPresent(flat::add);
        }
        double[] sums = Kernels.sumsOfSquares(flat);
        double sum = 0;
        int next = 0;
        for (Tensor parameter : parameters) {
            Optional<Tensor> grad = parameter.grad();
            if (grad.isPresent()) {
                sum += isFlat(grad.get()) ? sums[next++] : sumOfSquares(grad.get());
            }
        }
        return Math.sqrt(sum);
    }

    private static boolean isFlat(Tensor g) {
        return g.dtype() == DType.F32 && g.isContiguous();
    }

    private static double sumOfSquares(Tensor g) {
        if (g.count() == 0) {
            return 0;
        }
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            return g.dtype() == DType.F64
                    ? g.square().sum().item()
                    : Kernels.sumOfSquares(g.to(DType.F32).contiguous());
        }
    }

    /// What gradients of norm `norm` are multiplied by to have `maxNorm` at most: `min(1, maxNorm / (norm +
    /// 1e-6))`; NaN for a NaN norm. For [Optimizer#step(double)], which scales in the pass that applies the
    /// gradients, where [#clipNorm] takes one of its own.
    public static double coefficient(double norm, double maxNorm) {
        if (!(maxNorm > 0)) {
            throw new IllegalArgumentException("[clip] expected maxNorm > 0; got " + maxNorm);
        }
        return Math.min(1, maxNorm / (norm + 1e-6));
    }

    /// Scales all gradients so that their norm is `maxNorm` at most.
    ///
    /// @return the norm before; check that it is finite: NaN makes every gradient NaN, as in PyTorch
    public static double clipNorm(Collection<Tensor> parameters, double maxNorm) {
        double norm = norm(parameters);
        double coefficient = coefficient(norm, maxNorm);
        if (coefficient != 1) {
            try (Autograd.Mode _ = Autograd.noGrad()) {
                parameters.forEach(p -> p.grad().ifPresent(g -> g.mulInPlace(coefficient)));
            }
        }
        return norm;
    }

    /// Limits every element of every gradient to [-limit, limit].
    public static void clipValue(Collection<Tensor> parameters, double limit) {
        Options.notNegative("limit", limit);
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            parameters.forEach(p -> p.grad().ifPresent(g -> g.copyFrom(g.clamp(-limit, limit))));
        }
    }
}
