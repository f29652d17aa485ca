package io.torrefy.app;

import io.torrefy.tensor.PackedWeights;
import picocli.CommandLine.Option;

/// How a command that writes text keeps the weights that every token reads.
final class WeightsOption {
    @Option(
            names = "--weights",
            paramLabel = "FORMAT",
            description = "f32, bf16 or int8: smaller weights decode faster and are less exact. Default:"
                    + " ${DEFAULT-VALUE}.")
    private PackedWeights.Format weights = PackedWeights.Format.F32;

    PackedWeights.Format format() {
        return weights;
    }
}
