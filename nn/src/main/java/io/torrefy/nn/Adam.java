package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import java.util.List;
import java.util.SequencedMap;

/// Adam (Kingma and Ba 2015, algorithm 1), as `torch.optim.Adam`: weight decay is an L2 penalty added to the gradient,
/// 0 by default.
@Export(value = "optim.Adam", since = "0.1")
public final class Adam extends AdamFamily {
    private Adam(ParameterGroups groups, double learningRate, AdamOptions options) {
        super(groups, learningRate, options, false);
    }

    public static Adam of(ParameterGroups groups, double learningRate) {
        return new Adam(groups, learningRate, AdamOptions.DEFAULT);
    }

    public static Adam of(SequencedMap<String, Tensor> named, double learningRate) {
        return of(ParameterGroups.of(named), learningRate);
    }

    public static Adam of(List<Tensor> parameters, double learningRate) {
        return of(ParameterGroups.of(parameters), learningRate);
    }

    /// A new optimiser of the same parameters with other settings, without state; so the other `with` forms.
    public Adam withOptions(AdamOptions value) {
        return new Adam(groups, learningRate(), value);
    }

    public Adam withBetas(double beta1, double beta2) {
        return withOptions(options.withBetas(beta1, beta2));
    }

    public Adam withEps(double value) {
        return withOptions(options.withEps(value));
    }

    public Adam withWeightDecay(double value) {
        return withOptions(options.withWeightDecay(value));
    }

    public Adam withAmsgrad() {
        return withOptions(options.withAmsgrad(true));
    }
}
