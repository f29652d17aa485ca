package io.torrefy.nn;

import io.torrefy.export.Export;

/// Settings of [Sgd].
///
/// @param momentum how much of the velocity stays; 0 keeps none
/// @param dampening how much of the gradient is left out of the velocity, but for the first
/// @param nesterov look ahead along the velocity (Sutskever et al. 2013)
/// @param weightDecay L2 penalty, added to the gradient
@Export(value = "optim.SgdOptions", since = "0.1")
public record SgdOptions(double momentum, double dampening, boolean nesterov, double weightDecay) {
    /// PyTorch's defaults: plain gradient descent.
    public static final SgdOptions DEFAULT = new SgdOptions(0, 0, false, 0);

    /// @throws IllegalArgumentException if a number is out of its range
    public SgdOptions {
        Options.notNegative("momentum", momentum);
        Options.notNegative("weightDecay", weightDecay);
        if (nesterov && (momentum == 0 || dampening != 0)) {
            throw new IllegalArgumentException("[optimizer] expected momentum > 0 and no dampening with nesterov; got "
                    + momentum + " and " + dampening);
        }
    }

    public SgdOptions withMomentum(double value) {
        return new SgdOptions(value, dampening, nesterov, weightDecay);
    }

    public SgdOptions withDampening(double value) {
        return new SgdOptions(momentum, value, nesterov, weightDecay);
    }

    public SgdOptions withNesterov(boolean value) {
        return new SgdOptions(momentum, dampening, value, weightDecay);
    }

    public SgdOptions withWeightDecay(double value) {
        return new SgdOptions(momentum, dampening, nesterov, value);
    }
}
