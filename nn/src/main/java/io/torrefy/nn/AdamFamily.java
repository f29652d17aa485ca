package io.torrefy.nn;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.Kernels;
import io.torrefy.tensor.Tensor;
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
    void update(Slot slot, Tensor p, Tensor g, double gradScale, double lr) {
        update(slot, p, g, gradScale, lr, options, decoupled);
    }

    static List<String> kinds(AdamOptions options) {
        return options.amsgrad() ? List.of("m", "v", "maxV") : List.of("m", "v");
    }

    static void update(
            Slot slot, Tensor p, Tensor g, double gradScale, double lr, AdamOptions options, boolean decoupled) {
        var step = new Kernels.AdamStep(
                lr,
                options.beta1(),
                options.beta2(),
                options.eps(),
                slot.weightDecay(options.weightDecay()),
                decoupled,
                1 - Math.pow(options.beta1(), slot.steps),
                1 - Math.pow(options.beta2(), slot.steps),
                gradScale);
        Tensor m = slot.state("m", 0);
        Tensor v = slot.state("v", 0);
        if (p.dtype() != DType.F32) {
            unfused(slot, p, g, m, v, step, options.amsgrad());
        } else if (options.amsgrad()) {
            Kernels.amsgrad(p, g, m, v, slot.state("maxV", 0), step);
        } else {
            Kernels.adam(p, g, m, v, step);
        }
    }

    /// The same step in public operations: the oracle of the kernel, and the form for f64.
    private static void unfused(
            Slot slot, Tensor p, Tensor grad, Tensor m, Tensor v, Kernels.AdamStep s, boolean amsgrad) {
        Tensor g = grad.mul(s.gradScale());
        if (s.decoupled()) {
            p.mulInPlace(1 - s.lr() * s.weightDecay());
        } else if (s.weightDecay() != 0) {
            g = g.add(p.mul(s.weightDecay()));
        }
        m.mulInPlace(s.beta1()).addInPlace(g.mul(1 - s.beta1()));
        v.mulInPlace(s.beta2()).addInPlace(g.square().mul(1 - s.beta2()));
        Tensor second = v;
        if (amsgrad) {
            Tensor top = slot.state("maxV", 0);
            second = top.copyFrom(top.maximum(v));
        }
        Tensor denominator = second.sqrt().div(Math.sqrt(s.biasCorrection2())).add(s.eps());
        p.addInPlace(m.div(denominator).mul(-s.lr() / s.biasCorrection1()));
    }
}
