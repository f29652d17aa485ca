package io.torrefy.rl.deep;

import io.torrefy.nn.Activation;
import io.torrefy.nn.Layer;
import io.torrefy.nn.Linear;
import io.torrefy.nn.Sequential;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// Fully connected networks.
final class Networks {
    private Networks() {}

    /// Layers with PyTorch's initial values.
    static Sequential mlp(int in, int[] hidden, int out, Activation activation, Rng rng) {
        return stack(in, hidden, out, activation, (from, to, _) -> Linear.of(from, to, true, rng));
    }

    /// Layers with orthogonal weights and biases of 0: a gain of √2, the last layer's `gain`. Detail 2 of "The 37
    /// implementation details of PPO" (Huang et al. 2022).
    static Sequential orthogonal(int in, int[] hidden, int out, Activation activation, double gain, Rng rng) {
        return stack(
                in, hidden, out, activation, (from, to, last) -> orthogonal(from, to, last ? gain : Math.sqrt(2), rng));
    }

    /// The parameters of an actor and its critic, for an optimiser that both share.
    static SequencedMap<String, Tensor> parameters(Layer actor, Layer critic) {
        SequencedMap<String, Tensor> both = new LinkedHashMap<>();
        actor.namedParameters().forEach((part, p) -> both.put("actor." + part, p));
        critic.namedParameters().forEach((part, p) -> both.put("critic." + part, p));
        return both;
    }

    private interface Maker {
        Linear make(int in, int out, boolean last);
    }

    private static Sequential stack(int in, int[] hidden, int out, Activation activation, Maker maker) {
        List<Layer> layers = new ArrayList<>();
        int from = in;
        for (int size : hidden) {
            layers.add(maker.make(from, size, false));
            layers.add(activation);
            from = size;
        }
        layers.add(maker.make(from, out, true));
        return Sequential.of(layers.toArray(new Layer[0]));
    }

    private static Linear orthogonal(int in, int out, double gain, Rng rng) {
        Linear layer = Linear.normal(in, out, true, 1, rng);
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            double[] drawn = rng.normal(DType.F64, (long) in * out).toDoubles();
            boolean tall = out > in;
            double[][] rows = new double[Math.min(in, out)][Math.max(in, out)];
            for (int i = 0; i < drawn.length; i++) {
                rows[i / Math.max(in, out)][i % Math.max(in, out)] = drawn[i];
            }
            orthonormalize(rows);
            double[] weight = new double[in * out];
            for (int o = 0; o < out; o++) {
                for (int i = 0; i < in; i++) {
                    weight[o * in + i] = gain * (tall ? rows[i][o] : rows[o][i]);
                }
            }
            layer.weight().copyFrom(Tensor.of(weight, out, in));
        }
        return layer;
    }

    /// Gram and Schmidt's, each row twice: once is not enough in floating point (Giraud et al. 2005).
    static void orthonormalize(double[][] rows) {
        for (int r = 0; r < rows.length; r++) {
            for (int pass = 0; pass < 2; pass++) {
                for (int q = 0; q < r; q++) {
                    double along = dot(rows[r], rows[q]);
                    for (int i = 0; i < rows[r].length; i++) {
                        rows[r][i] -= along * rows[q][i];
                    }
                }
            }
            double norm = Math.sqrt(dot(rows[r], rows[r]));
            for (int i = 0; i < rows[r].length; i++) {
                rows[r][i] /= norm;
            }
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
