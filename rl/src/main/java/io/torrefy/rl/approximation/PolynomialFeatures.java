package io.torrefy.rl.approximation;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.List;

/// All products of the inputs' powers up to a degree in all: 1, x, y, x², xy, y², … (S. Zhao, "Mathematical Foundations
/// of Reinforcement Learning", section 8.2.4). Scale inputs to [-1, 1], or high powers say little.
@Export(value = "rl.approximation.PolynomialFeatures", since = "0.1")
public final class PolynomialFeatures implements Features {
    private final int inputs;
    private final int degree;
    /// Of each feature and input its power, by rising degree and in each by falling powers of the first input.
    private final int[][] powers;

    private PolynomialFeatures(int inputs, int degree) {
        this.inputs = inputs;
        this.degree = degree;
        List<int[]> all = new ArrayList<>();
        for (int d = 0; d <= degree; d++) {
            collect(new int[inputs], 0, d, all);
        }
        powers = all.toArray(new int[0][]);
    }

    private static void collect(int[] power, int from, int left, List<int[]> all) {
        if (from == power.length - 1) {
            power[from] = left;
            all.add(power.clone());
            return;
        }
        for (int p = left; p >= 0; p--) {
            power[from] = p;
            collect(power, from + 1, left - p, all);
        }
    }

    /// @param inputs numbers of a state, at least one
    /// @param degree at least 0
    public static PolynomialFeatures of(int inputs, int degree) {
        if (inputs < 1 || degree < 0) {
            throw new IllegalArgumentException(
                    "[polynomial] expected inputs >= 1 and degree >= 0; got " + inputs + " and " + degree + ".");
        }
        return new PolynomialFeatures(inputs, degree);
    }

    @Override
    public int size() {
        return powers.length;
    }

    @Override
    public int active() {
        return powers.length;
    }

    @Override
    public int inputs() {
        return inputs;
    }

    @Override
    public int of(double[] state, int[] index, double[] value) {
        for (int f = 0; f < powers.length; f++) {
            double product = 1;
            for (int i = 0; i < inputs; i++) {
                for (int p = 0; p < powers[f][i]; p++) {
                    product *= state[i];
                }
            }
            index[f] = f;
            value[f] = product;
        }
        return powers.length;
    }

    @Override
    public String toString() {
        return "PolynomialFeatures(" + inputs + " inputs, degree " + degree + ", " + powers.length + " features)";
    }
}
