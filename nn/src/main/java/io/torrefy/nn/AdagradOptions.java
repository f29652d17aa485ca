package io.torrefy.nn;

import io.torrefy.export.Export;

/// Settings of [Adagrad].
///
/// @param learningRateDecay the rate at step t is `lr / (1 + (t - 1) * learningRateDecay)`
/// @param weightDecay L2 penalty, added to the gradient
/// @param initialAccumulator where the sum of squares starts
/// @param eps added to the root of the sum
@Export(value = "optim.AdagradOptions", since = "0.1")
public record AdagradOptions(double learningRateDecay, double weightDecay, double initialAccumulator, double eps) {
    /// PyTorch's defaults.
    public static final AdagradOptions DEFAULT = new AdagradOptions(0, 0, 0, 1e-10);

    /// @throws IllegalArgumentException if a number is out of its range
    public AdagradOptions {
        Options.notNegative("learningRateDecay", learningRateDecay);
        Options.notNegative("weightDecay", weightDecay);
        Options.notNegative("initialAccumulator", initialAccumulator);
        Options.notNegative("eps", eps);
    }

    public AdagradOptions withLearningRateDecay(double value) {
        return new AdagradOptions(value, weightDecay, initialAccumulator, eps);
    }

    public AdagradOptions withWeightDecay(double value) {
        return new AdagradOptions(learningRateDecay, value, initialAccumulator, eps);
    }

    public AdagradOptions withInitialAccumulator(double value) {
        return new AdagradOptions(learningRateDecay, weightDecay, value, eps);
    }

    public AdagradOptions withEps(double value) {
        return new AdagradOptions(learningRateDecay, weightDecay, initialAccumulator, value);
    }
}
