package io.torrefy.nn;

import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Updates;
import java.util.List;

/// What [Adam] and [AdamW] share: moments, bias corrections and the two forms of a step.
abstract sealed class AdamFamily extends Optimizer permits Adam, AdamW {
    final ParameterGroups groups;
    final AdamOptions options;
    private final boolean decoupled;

    AdamFamily(ParameterGroups groups, double learningRate, AdamOptions options, boolean decoupled) {
        super(groups, learningRate);
        this.groups = groups;
        this.options = options;
        this.decoupled = decoupled;
    }

    /// The settings.
    public AdamOptions options() {
        return options;
    }

    @Override
    List<String> stateKinds(Slot slot) {
        return kinds(options);
    }

    @Override
    void fused(Updates updates, Slot slot, Tensor p, Tensor g, double gradScale, double lr) {
        fused(updates, slot, p, g, gradScale, lr, options, decoupled);
    }

    @Override
    void unfused(Slot slot, Tensor p, Tensor g, double gradScale, double lr) {
        unfused(slot, p, g, gradScale, lr, options, decoupled);
    }

    static List<String> kinds(AdamOptions options) {
        return options.amsgrad() ? List.of("m", "v", "maxV") : List.of("m", "v");
    }

    static void fused(
            Updates updates,
            Slot slot,
            Tensor p,
            Tensor g,
            double gradScale,
            double lr,
            AdamOptions options,
            boolean decoupled) {
        Tensor top = options.amsgrad() ? slot.state("maxV", 0) : null;
        var step = step(slot, gradScale, lr, options, decoupled);
        updates.adam(p, g, slot.state("m", 0), slot.state("v", 0), top, step);
    }

    private static Updates.AdamStep step(
            Slot slot, double gradScale, double lr, AdamOptions options, boolean decoupled) {
        return new Updates.AdamStep(
                lr,
                options.beta1(),
                options.beta2(),
                options.eps(),
                slot.weightDecay(options.weightDecay()),
                decoupled,
                1 - Math.pow(options.beta1(), slot.steps),
                1 - Math.pow(options.beta2(), slot.steps),
                gradScale);
    }

    static void unfused(
            Slot slot, Tensor p, Tensor grad, double gradScale, double lr, AdamOptions options, boolean decoupled) {
        Updates.AdamStep s = step(slot, gradScale, lr, options, decoupled);
        Tensor m = slot.state("m", 0);
        Tensor v = slot.state("v", 0);
        Tensor g = grad.mul(s.gradScale());
        if (s.decoupled()) {
            p.mulInPlace(1 - s.lr() * s.weightDecay());
        } else if (s.weightDecay() != 0) {
            g = g.add(p.mul(s.weightDecay()));
        }
        m.mulInPlace(s.beta1()).addInPlace(g.mul(1 - s.beta1()));
        v.mulInPlace(s.beta2()).addInPlace(g.square().mul(1 - s.beta2()));
        Tensor second = v;
        if (options.amsgrad()) {
            Tensor top = slot.state("maxV", 0);
            second = top.copyFrom(top.maximum(v));
        }
        Tensor denominator = second.sqrt().div(Math.sqrt(s.biasCorrection2())).add(s.eps());
        p.addInPlace(m.div(denominator).mul(-s.lr() / s.biasCorrection1()));
    }
}
