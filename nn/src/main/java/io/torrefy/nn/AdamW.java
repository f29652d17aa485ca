package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import java.util.List;
import java.util.SequencedMap;

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), as `torch.optim.AdamW`: parameters
/// shrink by `learningRate * weightDecay` before the step; 0.01 by default.
@Export(value = "optim.AdamW", since = "0.1")
public final class AdamW extends AdamFamily {
    private AdamW(ParameterGroups groups, double learningRate, AdamOptions options) {
        super(groups, learningRate, options, true);
    }

    public static AdamW of(ParameterGroups groups, double learningRate) {
        return new AdamW(groups, learningRate, AdamOptions.DEFAULT.withWeightDecay(1e-2));
    }

    public static AdamW of(SequencedMap<String, Tensor> named, double learningRate) {
        return of(ParameterGroups.of(named), learningRate);
    }

    public static AdamW of(List<Tensor> parameters, double learningRate) {
        return of(ParameterGroups.of(parameters), learningRate);
    }

    /// A new optimiser of the same parameters with other settings, without state; so the other `with` forms.
    public AdamW withOptions(AdamOptions value) {
        return new AdamW(groups, learningRate(), value);
    }

    public AdamW withBetas(double beta1, double beta2) {
        return withOptions(options.withBetas(beta1, beta2));
    }

    public AdamW withEps(double value) {
        return withOptions(options.withEps(value));
    }

    public AdamW withWeightDecay(double value) {
        return withOptions(options.withWeightDecay(value));
    }

    public AdamW withAmsgrad() {
        return withOptions(options.withAmsgrad(true));
    }
}
