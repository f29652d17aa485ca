package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Kernels;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Updates;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.BiPredicate;

/// Momentum made orthogonal by Newton-Schulz iterations (Jordan 2024, kellerjordan.github.io/posts/muon), for matrices.
/// [#of] is `torch.optim.Muon`; [#moonlight] is what Moonlight and Kimi-VL were trained with, which gives the
/// parameters that are no matrices to AdamW. A tensor of more dimensions counts as the matrix (first, all others).
///
/// A matrix takes two passes around the iterations; matrices go one after the other, so that only one direction and one
/// update are in memory at a time. What AdamW has goes in one pass.
///
/// The references iterate in bf16, this one in the dtype of the state; and Moonlight's momentum is larger by
/// 1 / (1 - momentum), which the normalisation takes out again.
@Export(value = "optim.Muon", since = "0.1")
public final class Muon extends Optimizer {
    /// The quintic's coefficients (Jordan 2024).
    private static final double A = 3.4445;

    private static final double B = -4.7750;
    private static final double C = 2.0315;

    private final ParameterGroups groups;
    private final MuonOptions options;
    private final AdamOptions adam;
    private final BiPredicate<String, Tensor> matrices;
    /// Passes over one matrix.
    private final Updates own = new Updates();

    private Muon(
            ParameterGroups groups,
            double learningRate,
            MuonOptions options,
            AdamOptions adam,
            BiPredicate<String, Tensor> matrices) {
        super(groups, learningRate);
        this.groups = groups;
        this.options = options;
        this.adam = adam;
        this.matrices = matrices;
        List<String> wrong = groups.entries().stream()
                .filter(e ->
                        matrices.test(e.name(), e.parameter()) && e.parameter().rank() < 2)
                .map(ParameterGroups.Entry::name)
                .toList();
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("[muon] expected matrices; got fewer dimensions in "
                    + String.join(", ", wrong)
                    + ". Hint: Muon.moonlight gives such parameters to AdamW, groups.where(...) leaves them out.");
        }
    }

    /// As `torch.optim.Muon`.
    ///
    /// @throws IllegalArgumentException if a parameter has fewer than two dimensions
    public static Muon of(ParameterGroups groups, double learningRate) {
        return new Muon(groups, learningRate, MuonOptions.DEFAULT, AdamOptions.DEFAULT, (_, _) -> true);
    }

    public static Muon of(SequencedMap<String, Tensor> named, double learningRate) {
        return of(ParameterGroups.of(named), learningRate);
    }

    public static Muon of(List<Tensor> parameters, double learningRate) {
        return of(ParameterGroups.of(parameters), learningRate);
    }

    /// Moonlight's recipe (Liu et al. 2025): one learning rate and decay for all; Muon, with updates of AdamW's
    /// size, for parameters of two and more dimensions but embeddings and the head (names with `embed`, `wte`,
    /// `wpe` or
    /// `lm_head`); AdamW (0.9, 0.95) for the rest, which decays too.
    public static Muon moonlight(ParameterGroups groups, double learningRate) {
        return moonlight(
                groups,
                learningRate,
                (name, p) -> p.rank() >= 2
                        && !name.contains("embed")
                        && !name.contains("wte")
                        && !name.contains("wpe")
                        && !name.contains("lm_head"));
    }

    /// The same with the matrices that `matrices` accepts.
    public static Muon moonlight(ParameterGroups groups, double learningRate, BiPredicate<String, Tensor> matrices) {
        return new Muon(
                groups,
                learningRate,
                MuonOptions.DEFAULT.withAdjust(MuonOptions.Adjust.MATCH_RMS_ADAMW),
                AdamOptions.DEFAULT.withBetas(0.9, 0.95).withWeightDecay(MuonOptions.DEFAULT.weightDecay()),
                matrices);
    }

    /// The settings.
    public MuonOptions options() {
        return options;
    }

    /// A new optimiser of the same parameters with other settings, without state. The weight decay is AdamW's too.
    public Muon withOptions(MuonOptions value) {
        return new Muon(groups, learningRate(), value, adam.withWeightDecay(value.weightDecay()), matrices);
    }

    public Muon withWeightDecay(double value) {
        return withOptions(options.withWeightDecay(value));
    }

    private boolean isMatrix(Slot slot) {
        return matrices.test(slot.name(), slot.entry.parameter());
    }

    @Override
    List<String> stateKinds(Slot slot) {
        return isMatrix(slot) ? List.of("momentum") : AdamFamily.kinds(adam);
    }

    @Override
    void fused(Updates updates, Slot slot, Tensor p, Tensor g, double gradScale, double lr) {
        if (!isMatrix(slot)) {
            AdamFamily.fused(updates, slot, p, g, gradScale, lr, adam, true);
            return;
        }
        try (Scope _ = Scope.open()) {
            Tensor direction = Tensor.empty(DType.F32, p.shape());
            Tensor momentum = slot.state("momentum", 0);
            own.momentum(direction, g, momentum, options.momentum(), options.nesterov(), gradScale);
            own.run();
            apply(slot, p, direction, lr);
        }
    }

    @Override
    void unfused(Slot slot, Tensor p, Tensor grad, double gradScale, double lr) {
        if (!isMatrix(slot)) {
            AdamFamily.unfused(slot, p, grad, gradScale, lr, adam, true);
            return;
        }
        double mu = options.momentum();
        Tensor g = grad.mul(gradScale);
        Tensor momentum = slot.state("momentum", 0).mulInPlace(mu).addInPlace(g.mul(1 - mu));
        apply(slot, p, options.nesterov() ? g.mul(1 - mu).add(momentum.mul(mu)) : momentum, lr);
    }

    private void apply(Slot slot, Tensor p, Tensor direction, double lr) {
        Tensor matrix = direction.reshape(p.size(0), -1);
        double keep = 1 - lr * slot.weightDecay(options.weightDecay());
        double factor = lr * options.adjust().factor(matrix.size(0), matrix.size(1));
        blend(p, keep, orthogonal(matrix).reshape(p.shape()), -factor);
    }

    /// About U V^T of the singular value decomposition U S V^T: singular values in 0.7 to 1.2 instead of 1, which
    /// does as well. The Gram matrix is that of the shorter side.
    private Tensor orthogonal(Tensor matrix) {
        boolean tall = matrix.size(0) > matrix.size(1);
        Tensor x = matrix.mul(1 / Math.max(norm(matrix), options.eps()));
        for (int i = 0; i < options.iterations(); i++) {
            Tensor gram = tall ? x.t().matmul(x) : x.matmul(x.t());
            Tensor change = blend(gram.matmul(gram), C, gram, B);
            x = blend(tall ? x.matmul(change) : change.matmul(x), 1, x, A);
        }
        return x;
    }

    private static double norm(Tensor matrix) {
        return matrix.dtype() == DType.F32
                ? Math.sqrt(Kernels.sumOfSquares(matrix))
                : matrix.square().sum().sqrt().item();
    }

    /// `y = a y + b x`.
    private Tensor blend(Tensor y, double a, Tensor x, double b) {
        if (y.dtype() != DType.F32) {
            return y.mulInPlace(a).addInPlace(x.mul(b));
        }
        own.blend(y, a, x, b);
        own.run();
        return y;
    }
}
