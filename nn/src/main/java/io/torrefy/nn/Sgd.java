package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Updates;
import java.util.List;
import java.util.SequencedMap;

/// Stochastic gradient descent, as `torch.optim.SGD`.
@Export(
        value = {"optim.SGD", "optim.Sgd"},
        since = "0.1")
public final class Sgd extends Optimizer {
    private final ParameterGroups groups;
    private final SgdOptions options;

    private Sgd(ParameterGroups groups, double learningRate, SgdOptions options) {
        super(groups, learningRate);
        this.groups = groups;
        this.options = options;
    }

    public static Sgd of(ParameterGroups groups, double learningRate) {
        return new Sgd(groups, learningRate, SgdOptions.DEFAULT);
    }

    public static Sgd of(SequencedMap<String, Tensor> named, double learningRate) {
        return of(ParameterGroups.of(named), learningRate);
    }

    public static Sgd of(List<Tensor> parameters, double learningRate) {
        return of(ParameterGroups.of(parameters), learningRate);
    }

    /// The settings.
    public SgdOptions options() {
        return options;
    }

    /// A new optimiser of the same parameters with other settings, without state; so the other `with` forms.
    public Sgd withOptions(SgdOptions value) {
        return new Sgd(groups, learningRate(), value);
    }

    public Sgd withMomentum(double value) {
        return withOptions(options.withMomentum(value));
    }

    public Sgd withNesterov() {
        return withOptions(options.withNesterov(true));
    }

    public Sgd withWeightDecay(double value) {
        return withOptions(options.withWeightDecay(value));
    }

    @Override
    List<String> stateKinds(Slot slot) {
        return options.momentum() == 0 ? List.of() : List.of("momentum");
    }

    @Override
    void fused(Updates updates, Slot slot, Tensor p, Tensor g, double gradScale, double lr) {
        Tensor velocity = options.momentum() == 0 ? null : slot.state("momentum", 0);
        double decay = slot.weightDecay(options.weightDecay());
        var step = new Updates.SgdStep(lr, options.momentum(), share(slot), options.nesterov(), decay, gradScale);
        updates.sgd(p, g, velocity, step);
    }

    /// How much of a gradient goes into the velocity: all of the first.
    private double share(Slot slot) {
        return slot.steps == 1 ? 1 : 1 - options.dampening();
    }

    @Override
    void unfused(Slot slot, Tensor p, Tensor grad, double gradScale, double lr) {
        Tensor g = grad.mul(gradScale);
        double decay = slot.weightDecay(options.weightDecay());
        if (decay != 0) {
            g = g.add(p.mul(decay));
        }
        if (options.momentum() != 0) {
            Tensor velocity = slot.state("momentum", 0);
            velocity.mulInPlace(options.momentum()).addInPlace(g.mul(share(slot)));
            g = options.nesterov() ? g.add(velocity.mul(options.momentum())) : velocity;
        }
        p.addInPlace(g.mul(-lr));
    }
}
