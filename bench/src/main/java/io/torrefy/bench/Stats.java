package io.torrefy.bench;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.Arrays;

/// The middle of some numbers and how far they spread. In JSON an array of the three.
///
/// @param low the first quartile
/// @param median the second
/// @param high the third
@JsonFormat(shape = JsonFormat.Shape.ARRAY)
@JsonPropertyOrder({"low", "median", "high"})
public record Stats(double low, double median, double high) {
    /// Of at least one number.
    public static Stats of(double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("[stats] expected at least one number; got none");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new Stats(quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75));
    }

    /// Linear between neighbours (type 7 of Hyndman and Fan 1996, "Sample quantiles in statistical packages"), as
    /// NumPy and R do.
    private static double quantile(double[] sorted, double q) {
        double at = q * (sorted.length - 1);
        int below = (int) Math.floor(at);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    /// The geometric mean, which treats twice as fast and half as fast alike.
    public static double geometricMean(double... values) {
        return Math.exp(Arrays.stream(values).map(Math::log).average().orElseThrow());
    }
}
