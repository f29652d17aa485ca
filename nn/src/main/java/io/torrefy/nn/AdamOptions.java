package io.torrefy.nn;

import io.torrefy.export.Export;

/// Settings of [Adam] and [AdamW].
///
/// @param beta1 decay of the first moment
/// @param beta2 decay of the second moment
/// @param eps added to the root of the second moment
/// @param weightDecay L2 penalty on the gradient in Adam, decoupled decay in AdamW
/// @param amsgrad divide by the largest second moment so far (Reddi, Kale and Kumar 2018)
@Export(value = "optim.AdamOptions", since = "0.1")
public record AdamOptions(double beta1, double beta2, double eps, double weightDecay, boolean amsgrad) {
    /// PyTorch's defaults, but no weight decay: betas 0.9 and 0.999, eps 1e-8.
    public static final AdamOptions DEFAULT = new AdamOptions(0.9, 0.999, 1e-8, 0, false);

    /// @throws IllegalArgumentException if a beta is outside [0, 1), or eps or the decay is negative
    public AdamOptions {
        Options.rate("beta1", beta1);
        Options.rate("beta2", beta2);
        Options.notNegative("eps", eps);
        Options.notNegative("weightDecay", weightDecay);
    }

    public AdamOptions withBetas(double first, double second) {
        return new AdamOptions(first, second, eps, weightDecay, amsgrad);
    }

    public AdamOptions withEps(double value) {
        return new AdamOptions(beta1, beta2, value, weightDecay, amsgrad);
    }

    public AdamOptions withWeightDecay(double value) {
        return new AdamOptions(beta1, beta2, eps, value, amsgrad);
    }

    public AdamOptions withAmsgrad(boolean value) {
        return new AdamOptions(beta1, beta2, eps, weightDecay, value);
    }
}
