package io.torrefy.rl.approximation;

import io.torrefy.export.Export;

/// The Fourier basis of an order (Konidaris, Osentoski and Thomas 2011): `cos(pi c · x)` for every vector c of whole
/// numbers from 0 to the order. Inputs lie in [0, 1].
@Export(value = "rl.approximation.FourierFeatures", since = "0.1")
public final class FourierFeatures implements Features {
    private static final int LARGEST = 1 << 20;

    private final int inputs;
    private final int order;
    private final int size;

    private FourierFeatures(int inputs, int order, int size) {
        this.inputs = inputs;
        this.order = order;
        this.size = size;
    }

    /// @param inputs numbers of a state, at least one
    /// @param order at least 0; there are `(order + 1)^inputs` features
    public static FourierFeatures of(int inputs, int order) {
        double size = Math.pow(order + 1.0, inputs);
        if (inputs < 1 || order < 0 || size > LARGEST) {
            throw new IllegalArgumentException("[fourier] expected inputs >= 1, order >= 0 and at most " + LARGEST
                    + " features; got " + inputs + " inputs and order " + order
                    + ". Hint: many inputs want a low order,"
                    + " or tile coding.");
        }
        return new FourierFeatures(inputs, order, (int) size);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int active() {
        return size;
    }

    @Override
    public int inputs() {
        return inputs;
    }

    @Override
    public int of(double[] state, int[] index, double[] value) {
        for (int f = 0; f < size; f++) {
            int rest = f;
            double angle = 0;
            for (int i = 0; i < inputs; i++) {
                angle += rest % (order + 1) * state[i];
                rest /= order + 1;
            }
            index[f] = f;
            value[f] = StrictMath.cos(Math.PI * angle);
        }
        return size;
    }

    @Override
    public String toString() {
        return "FourierFeatures(" + inputs + " inputs, order " + order + ", " + size + " features)";
    }
}
