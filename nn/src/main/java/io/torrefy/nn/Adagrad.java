package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Updates;
import java.util.List;
import java.util.SequencedMap;

/// Adagrad (Duchi, Hazan and Singer 2011), as `torch.optim.Adagrad`: each weight's rate falls with the squares of all
/// its gradients so far.
@Export(value = "optim.Adagrad", since = "0.1")
public final class Adagrad extends Optimizer {
    private final ParameterGroups groups;
    private final AdagradOptions options;

    private Adagrad(ParameterGroups groups, double learningRate, AdagradOptions options) {
        super(groups, learningRate);
        this.groups = groups;
        this.options = options;
    }

    public static Adagrad of(ParameterGroups groups, double learningRate) {
        return new Adagrad(groups, learningRate, AdagradOptions.DEFAULT);
    }

    public static Adagrad of(SequencedMap<String, Tensor> named, double learningRate) {
        return of(ParameterGroups.of(named), learningRate);
    }

    public static Adagrad of(List<Tensor> parameters, double learningRate) {
        return of(ParameterGroups.of(parameters), learningRate);
    }

    /// The settings.
    public AdagradOptions options() {
        return options;
    }

    /// A new optimiser of the same parameters with other settings, without state; so the other `with` forms.
    public Adagrad withOptions(AdagradOptions value) {
        return new Adagrad(groups, learningRate(), value);
    }

    public Adagrad withLearningRateDecay(double value) {
        return withOptions(options.withLearningRateDecay(value));
    }

    public Adagrad withWeightDecay(double value) {
        return withOptions(options.withWeightDecay(value));
    }

    public Adagrad withInitialAccumulator(double value) {
        return withOptions(options.withInitialAccumulator(value));
    }

    public Adagrad withEps(double value) {
        return withOptions(options.withEps(value));
    }

    @Override
    List<String> stateKinds(Slot slot) {
        return List.of("sum");
    }

    @Override
    void fused(Updates updates, Slot slot, Tensor p, Tensor g, double gradScale, double lr) {
        double decay = slot.weightDecay(options.weightDecay());
        var step = new Updates.AdagradStep(rate(slot, lr), options.eps(), decay, gradScale);
        updates.adagrad(p, g, slot.state("sum", options.initialAccumulator()), step);
    }

    private double rate(Slot slot, double lr) {
        return lr / (1 + (slot.steps - 1) * options.learningRateDecay());
    }

    @Override
    void unfused(Slot slot, Tensor p, Tensor grad, double gradScale, double lr) {
        Tensor g = grad.mul(gradScale);
        double decay = slot.weightDecay(options.weightDecay());
        if (decay != 0) {
            g = g.add(p.mul(decay));
        }
        Tensor sum = slot.state("sum", options.initialAccumulator()).addInPlace(g.square());
        p.addInPlace(g.div(sum.sqrt().add(options.eps())).mul(-rate(slot, lr)));
    }
}
