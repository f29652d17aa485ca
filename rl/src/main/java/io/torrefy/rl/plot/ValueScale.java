package io.torrefy.rl.plot;

import io.torrefy.export.Export;
import java.util.Arrays;

/// Colours of values: white in the middle, blue below and orange above, clamped at both ends. A fixed scale makes
/// pictures of a sequence comparable.
///
/// @param low the value of the deepest blue
/// @param middle the value of white
/// @param high the value of the deepest orange
@Export(value = "rl.plot.ValueScale", since = "0.1")
public record ValueScale(double low, double middle, double high) {
    private static final Ink BELOW = Ink.of(0x2166AC);
    private static final Ink ABOVE = Ink.of(0xE08214);

    public ValueScale {
        if (!(low <= middle && middle <= high && Double.isFinite(high - low))) {
            throw new IllegalArgumentException(
                    "[plot] expected finite low <= middle <= high; got " + low + ", " + middle + ", " + high + ".");
        }
    }

    /// From the smallest to the greatest finite value, white at 0 where that lies between, else at the end nearer
    /// to it.
    public static ValueScale of(double[] values) {
        double low = Arrays.stream(values).filter(Double::isFinite).min().orElse(0);
        double high = Arrays.stream(values).filter(Double::isFinite).max().orElse(0);
        return new ValueScale(low, Math.clamp(0.0, low, high), high);
    }

    /// The same but the lowest and the highest twentieth clamped: one cliff does not hide everything else.
    public static ValueScale withoutExtremes(double[] values) {
        double[] sorted =
                Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
        if (sorted.length < 20) {
            return of(values);
        }
        int cut = sorted.length / 20;
        return of(new double[] {sorted[cut], sorted[sorted.length - 1 - cut]});
    }

    /// The colour of a value; grey for NaN.
    public Ink color(double value) {
        if (Double.isNaN(value)) {
            return Ink.LIGHT;
        }
        if (value < middle && low < middle) {
            return Ink.WHITE.towards(BELOW, Math.min(1, (middle - value) / (middle - low)));
        }
        return value > middle && middle < high
                ? Ink.WHITE.towards(ABOVE, Math.min(1, (value - middle) / (high - middle)))
                : Ink.WHITE;
    }
}
