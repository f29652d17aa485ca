package io.torrefy.rl.deep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.nn.Activation;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;

class NetworksTest {
    @Test
    void orthogonalWeightsHaveTheirGainAsEverySingularValue() {
        try (var network = Networks.orthogonal(4, new int[] {7, 3}, 2, Activation.TANH, 0.01, Rng.of(1))) {
            SequencedMap<String, Tensor> all = network.namedParameters();
            orthogonal(all.get("0.weight"), Math.sqrt(2));
            orthogonal(all.get("2.weight"), Math.sqrt(2));
            orthogonal(all.get("4.weight"), 0.01);
            assertThat(all.get("0.bias").toFloats()).containsOnly(0);
            assertThat(all.get("0.weight").shape()).containsExactly(7, 4);
        }
    }

    /// W W' or W' W, whichever is smaller, is the gain's square times the identity.
    private static void orthogonal(Tensor weight, double gain) {
        int out = (int) weight.size(0);
        int in = (int) weight.size(1);
        float[] w = weight.toFloats();
        boolean tall = out > in;
        int n = Math.min(in, out);
        for (int a = 0; a < n; a++) {
            for (int b = 0; b < n; b++) {
                double dot = 0;
                for (int k = 0; k < Math.max(in, out); k++) {
                    dot += tall ? w[k * in + a] * w[k * in + b] : w[a * in + k] * w[b * in + k];
                }
                assertThat(dot).isCloseTo(a == b ? gain * gain : 0, within(1e-5 * gain * gain));
            }
        }
    }
}
