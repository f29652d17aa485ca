package io.torrefy.rl.stochastic;

import io.torrefy.export.Export;

/// The mean of samples that come one by one: `w_{k+1} = w_k + (x_k - w_k) / k` (Zhao, Section 6.1; Sutton and Barto,
/// Section 2.4). No sample is kept, and after each the estimate is the mean of all so far, whatever it began with: the
/// first step has size 1.
///
/// Plain doubles round at every step, which after 10^7 samples around 10^9 costs digits. The estimate is carried as a
/// sum of two doubles (Dekker 1971, Knuth's two-sum), so that [#value] is the mean of the samples rounded once: no
/// double is closer to it.
@Export(value = "rl.stochastic.IncrementalMean", since = "0.1")
public final class IncrementalMean {
    private long count;
    private double mean;
    private double rest;

    /// Nothing seen yet, and no guess: [#value] is NaN.
    public IncrementalMean() {
        this(Double.NaN);
    }

    /// Nothing seen yet, and a guess that the first sample replaces.
    public IncrementalMean(double guess) {
        mean = guess;
    }

    /// Corrects the estimate by a sample.
    public void add(double x) {
        count++;
        if (count == 1) {
            // A step of size 1 forgets the guess. Computed, w + (x - w) would not: 1e300 + (1 - 1e300) is 0, NaN stays.
            mean = x;
            rest = 0;
            return;
        }
        // x - mean, exactly as high + low, less the rest.
        double high = x - mean;
        double back = high + mean;
        double low = (x - back) - (mean - (back - high)) - rest;
        // (high + low) / count as a quotient and the quotient of what it leaves.
        double step = high / count;
        double left = Math.fma(-step, count, high) + low;
        double step2 = left / count;
        // mean + rest + step + step2, exactly as far as two doubles go.
        double sum = mean + step;
        double part = sum - mean;
        double error = (mean - (sum - part)) + (step - part) + (rest + step2);
        mean = sum + error;
        rest = error - (mean - sum);
    }

    /// The mean so far.
    public double value() {
        return mean;
    }

    public long count() {
        return count;
    }
}
