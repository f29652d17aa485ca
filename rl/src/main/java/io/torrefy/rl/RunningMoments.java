package io.torrefy.rl;

import java.util.Arrays;

/// Mean and variance of what passes by, number by number, as Gymnasium's `RunningMeanStd` has them: from 1e-4 of an
/// observation of mean 0 and variance 1, by the update of Chan et al. 1979 for batches of one.
final class RunningMoments {
    private static final double EPSILON = 1e-8;

    private final double[] mean;
    private final double[] variance;
    private double count = 1e-4;

    RunningMoments(int size) {
        mean = new double[size];
        variance = new double[size];
        Arrays.fill(variance, 1);
    }

    void add(int i, double value) {
        double total = count + 1;
        double delta = value - mean[i];
        mean[i] += delta / total;
        variance[i] = (variance[i] * count + delta * delta * count / total) / total;
    }

    /// After all numbers of an observation were added.
    void counted() {
        count++;
    }

    double mean(int i) {
        return mean[i];
    }

    double deviation(int i) {
        return Math.sqrt(variance[i] + EPSILON);
    }
}
