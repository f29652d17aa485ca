package io.torrefy.rl.planning;

import java.util.Arrays;

/// A curve while it grows.
final class Residuals {
    private double[] values = new double[64];
    private int size;

    void add(double value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, 2 * size);
        }
        values[size++] = value;
    }

    int size() {
        return size;
    }

    double[] all() {
        return Arrays.copyOf(values, size);
    }
}
