package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Updates;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;

/// RMSprop (Hinton, Coursera lecture 6e, 2012; centred by Graves 2013, section 4.2), as `torch.optim.RMSprop`.
@Export(
        value = {"optim.RMSprop", "optim.RmsProp"},
        since = "0.1")
public final class RmsProp extends Optimizer {
    private final ParameterGroups groups;
    private final RmsPropOptions options;

    private RmsProp(ParameterGroups groups, double learningRate, RmsPropOptions options) {
        super(groups, learningRate);
        this.groups = groups;
        this.options = options;
    }

    public static RmsProp of(ParameterGroups groups, double learningRate) {
        return new RmsProp(groups, learningRate, RmsPropOptions.DEFAULT);
    }

    public static RmsProp of(SequencedMap<String, Tensor> named, double learningRate) {
        return of(ParameterGroups.of(named), learningRate);
    }

    public static RmsProp of(List<Tensor> parameters, double learningRate) {
        return of(ParameterGroups.of(parameters), learningRate);
    }

    /// The settings.
    public RmsPropOptions options() {
        return options;
    }

    /// A new optimiser of the same parameters with other settings, without state; so the other `with` forms.
    public RmsProp withOptions(RmsPropOptions value) {
        return new RmsProp(groups, learningRate(), value);
    }

    public RmsProp withAlpha(double value) {
        return withOptions(options.withAlpha(value));
    }

    public RmsProp withEps(double value) {
        return withOptions(options.withEps(value));
    }

    public RmsProp withWeightDecay(double value) {
        return withOptions(options.withWeightDecay(value));
    }

    public RmsProp withMomentum(double value) {
        return withOptions(options.withMomentum(value));
    }

    public RmsProp withCentered() {
        return withOptions(options.withCentered(true));
    }

    @Override
    List<String> stateKinds(Slot slot) {
        List<String> kinds = new ArrayList<>(List.of("square"));
        if (options.centered()) {
            kinds.add("mean");
        }
        if (options.momentum() != 0) {
            kinds.add("momentum");
        }
        return kinds;
    }

    @Override
    void fused(Updates updates, Slot slot, Tensor p, Tensor g, double gradScale, double lr) {
        Tensor square = slot.state("square", 0);
        Tensor mean = options.centered() ? slot.state("mean", 0) : null;
        Tensor velocity = options.momentum() == 0 ? null : slot.state("momentum", 0);
        double decay = slot.weightDecay(options.weightDecay());
        var step = new Updates.RmsPropStep(lr, options.alpha(), options.eps(), decay, options.momentum(), gradScale);
        updates.rmsProp(p, g, square, mean, velocity, step);
    }

    @Override
    void unfused(Slot slot, Tensor p, Tensor grad, double gradScale, double lr) {
        Tensor g = grad.mul(gradScale);
        double decay = slot.weightDecay(options.weightDecay());
        if (decay != 0) {
            g = g.add(p.mul(decay));
        }
        double alpha = options.alpha();
        Tensor square =
                slot.state("square", 0).mulInPlace(alpha).addInPlace(g.square().mul(1 - alpha));
        Tensor variance = square;
        if (options.centered()) {
            Tensor mean = slot.state("mean", 0).mulInPlace(alpha).addInPlace(g.mul(1 - alpha));
            variance = square.sub(mean.square());
        }
        Tensor change = g.div(variance.sqrt().add(options.eps()));
        if (options.momentum() != 0) {
            change = slot.state("momentum", 0).mulInPlace(options.momentum()).addInPlace(change);
        }
        p.addInPlace(change.mul(-lr));
    }
}
