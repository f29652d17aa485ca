package io.torrefy.nn;

import io.torrefy.tensor.Tensor;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.BiPredicate;

/// Momentum made orthogonal by Newton-Schulz iterations (Jordan 2024, kellerjordan.github.io/posts/muon), for matrices.
/// [#of] is `torch.optim.Muon`; [#moonlight] is what Moonlight and Kimi-VL were trained with, which gives the
/// parameters that are no matrices to AdamW. A tensor of more dimensions counts as the matrix (first, all others).
///
/// The references iterate in bf16, this one in the dtype of the state; and Moonlight's momentum is larger by
/// 1 / (1 - momentum), which the normalisation takes out again.
public final class Muon extends Optimizer {
    /// The quintic's coefficients (Jordan 2024).
    private static final double A = 3.4445;

    private static final double B = -4.7750;
    private static final double C = 2.0315;

    private final ParameterGroups groups;
    private final MuonOptions options;
    private final AdamOptions adam;
    private final BiPredicate<String, Tensor> matrices;

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
    void update(Slot slot, Tensor p, Tensor grad, double gradScale, double lr) {
        if (!isMatrix(slot)) {
            AdamFamily.update(slot, p, grad, gradScale, lr, adam, true);
            return;
        }
        double mu = options.momentum();
        Tensor g = grad.mul(gradScale);
        Tensor momentum = slot.state("momentum", 0).mulInPlace(mu).addInPlace(g.mul(1 - mu));
        Tensor direction = options.nesterov() ? g.mul(1 - mu).add(momentum.mul(mu)) : momentum;
        Tensor matrix = direction.reshape(p.size(0), -1);
        Tensor update = orthogonal(matrix).reshape(p.shape());
        p.mulInPlace(1 - lr * slot.weightDecay(options.weightDecay()));
        p.addInPlace(update.mul(-lr * options.adjust().factor(matrix.size(0), matrix.size(1))));
    }

    /// About U V^T of the singular value decomposition U S V^T: singular values in 0.7 to 1.2 instead of 1, which
    /// does as well.
    private Tensor orthogonal(Tensor matrix) {
        boolean tall = matrix.size(0) > matrix.size(1);
        Tensor x = tall ? matrix.t() : matrix;
        double norm = x.square().sum().sqrt().item();
        x = x.mul(1 / Math.max(norm, options.eps()));
        for (int i = 0; i < options.iterations(); i++) {
            Tensor gram = x.matmul(x.t());
            Tensor change = gram.mul(B).add(gram.matmul(gram).mul(C));
            x = x.mul(A).add(change.matmul(x));
        }
        return tall ? x.t() : x;
    }
}
