package io.torrefy.data.internal;

import io.torrefy.data.FeatureValues;
import io.torrefy.data.Normalizer;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/// Applies a normalizer, in double, rounded once to float32.
public record Normalization(Normalizer normalizer, DoubleUnaryOperator function) {
    /// With the function that the normalizer stands for.
    ///
    /// @throws IllegalArgumentException if it names one that `functions` does not have
    public static Normalization of(Normalizer normalizer, Map<String, DoubleUnaryOperator> functions) {
        return new Normalization(normalizer, function(normalizer, functions));
    }

    private static DoubleUnaryOperator function(Normalizer normalizer, Map<String, DoubleUnaryOperator> functions) {
        return switch (normalizer) {
            case Normalizer.Identity _ -> x -> x;
            case Normalizer.Standardize(double mean, double deviation) ->
                deviation == 0 ? x -> x - mean : x -> (x - mean) / deviation;
            case Normalizer.MinMax(double min, double max) -> max == min ? x -> x - min : x -> (x - min) / (max - min);
            case Normalizer.Log1p _ -> Math::log1p;
            case Normalizer.Clip(double min, double max) -> x -> Math.min(Math.max(x, min), max);
            case Normalizer.Custom(String name) -> {
                var found = functions.get(name);
                if (found == null) {
                    throw new IllegalArgumentException("[columns] expected a normalizer of "
                            + functions.keySet() + "; got \"" + name
                            + "\". Hint: give the encoder the function under this name.");
                }
                yield found;
            }
        };
    }

    boolean isIdentity() {
        return normalizer instanceof Normalizer.Identity;
    }

    /// The one normalizer that most columns have is a loop of its own, without a call for each number.
    void apply(FeatureValues input, int from, int to, float[] out) {
        if (input instanceof FeatureValues.Floats(float[] values)) {
            if (normalizer instanceof Normalizer.Standardize(double mean, double deviation) && deviation != 0) {
                standardize(values, from, to, mean, deviation, out);
                return;
            }
            for (int i = from; i < to; i++) {
                out[i] = (float) function.applyAsDouble(values[i]);
            }
            return;
        }
        long[] values = ((FeatureValues.Longs) input).array();
        for (int i = from; i < to; i++) {
            out[i] = (float) function.applyAsDouble(values[i]);
        }
    }

    /// Where a number first got lost: a finite one that became none, or one that became NaN. -1 where none did.
    int firstLost(FeatureValues input, int from, int to, float[] out) {
        if (allFinite(out, from, to)) {
            return -1;
        }
        for (int i = from; i < to; i++) {
            double x = value(input, i);
            if (Float.isNaN(out[i]) ? !Double.isNaN(x) : Float.isInfinite(out[i]) && Double.isFinite(x)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean allFinite(float[] values, int from, int to) {
        boolean finite = true;
        for (int i = from; i < to; i++) {
            finite &= Math.abs(values[i]) <= Float.MAX_VALUE;
        }
        return finite;
    }

    private static double value(FeatureValues input, int i) {
        return input instanceof FeatureValues.Floats(float[] floats)
                ? floats[i]
                : ((FeatureValues.Longs) input).array()[i];
    }

    /// What to say of number `i` of `input`, which became `out` and is in that row.
    RowException lost(String key, FeatureValues input, int i, float out, int row) {
        double x = value(input, i);
        return normalizer instanceof Normalizer.Log1p
                ? new RowException(
                        "expected numbers above -1 in feature \"" + key + "\", which is log1p; got " + x, row, "")
                : new RowException(
                        "expected a finite number of the normalizer " + normalizer + " in feature \"" + key + "\"; got "
                                + out + " of " + x,
                        row,
                        "");
    }

    private static void standardize(float[] values, int from, int to, double mean, double deviation, float[] out) {
        for (int i = from; i < to; i++) {
            out[i] = (float) ((values[i] - mean) / deviation);
        }
    }
}
