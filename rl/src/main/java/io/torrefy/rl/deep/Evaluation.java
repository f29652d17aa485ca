package io.torrefy.rl.deep;

import io.torrefy.export.Export;

/// Undiscounted returns of whole episodes.
///
/// @param returns of each episode
/// @param lengths of each, in steps
@Export(value = "rl.deep.Evaluation", since = "0.1")
public record Evaluation(double[] returns, int[] lengths) {
    public double meanReturn() {
        double sum = 0;
        for (double value : returns) {
            sum += value;
        }
        return sum / returns.length;
    }

    /// Standard deviation between episodes (Bessel's); 0 of one.
    public double deviation() {
        double mean = meanReturn();
        double squares = 0;
        for (double value : returns) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / Math.max(1, returns.length - 1));
    }

    /// `mean 500.0 (sd 0.0) over 100 episodes`.
    @Override
    public String toString() {
        return "mean " + meanReturn() + " (sd " + deviation() + ") over " + returns.length + " episodes";
    }
}
