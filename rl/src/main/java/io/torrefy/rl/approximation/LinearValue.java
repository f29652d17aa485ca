package io.torrefy.rl.approximation;

import io.torrefy.export.Export;

/// A value that is linear in features, v(s) = w · phi(s), and its semi-gradient update. Not for several threads at
/// once.
@Export(value = "rl.approximation.LinearValue", since = "0.1")
public final class LinearValue {
    private final Features features;
    private final double[] weights;
    private final int[] index;
    private final double[] value;

    /// With weights of 0.
    public LinearValue(Features features) {
        this.features = features;
        weights = new double[features.size()];
        index = new int[features.active()];
        value = new double[features.active()];
    }

    public Features features() {
        return features;
    }

    /// The weights themselves.
    public double[] weights() {
        return weights;
    }

    /// v(s).
    public double at(double... state) {
        int n = features.of(state, index, value);
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += weights[index[i]] * value[i];
        }
        return sum;
    }

    /// w += step phi(s), which is the gradient of v.
    public void move(double step, double... state) {
        int n = features.of(state, index, value);
        for (int i = 0; i < n; i++) {
            weights[index[i]] += step * value[i];
        }
    }
}
