package io.torrefy.nn;

import io.torrefy.export.Export;

/// Settings of [RmsProp].
///
/// @param alpha decay of the mean square
/// @param eps added to its root
/// @param weightDecay L2 penalty, added to the gradient
/// @param momentum how much of the velocity stays; 0 keeps none
/// @param centered divide by the standard deviation instead of the root mean square
@Export(value = "optim.RmsPropOptions", since = "0.1")
public record RmsPropOptions(double alpha, double eps, double weightDecay, double momentum, boolean centered) {
    /// PyTorch's defaults.
    public static final RmsPropOptions DEFAULT = new RmsPropOptions(0.99, 1e-8, 0, 0, false);

    /// @throws IllegalArgumentException if a number is out of its range
    public RmsPropOptions {
        Options.rate("alpha", alpha);
        Options.notNegative("eps", eps);
        Options.notNegative("weightDecay", weightDecay);
        Options.notNegative("momentum", momentum);
    }

    public RmsPropOptions withAlpha(double value) {
        return new RmsPropOptions(value, eps, weightDecay, momentum, centered);
    }

    public RmsPropOptions withEps(double value) {
        return new RmsPropOptions(alpha, value, weightDecay, momentum, centered);
    }

    public RmsPropOptions withWeightDecay(double value) {
        return new RmsPropOptions(alpha, eps, value, momentum, centered);
    }

    public RmsPropOptions withMomentum(double value) {
        return new RmsPropOptions(alpha, eps, weightDecay, value, centered);
    }

    public RmsPropOptions withCentered(boolean value) {
        return new RmsPropOptions(alpha, eps, weightDecay, momentum, value);
    }
}
