package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.Arrays;
import java.util.Optional;

/// Vectors between two bounds, each number with its own; a bound may be infinite.
@Export(value = "rl.Box", since = "0.1")
public final class Box implements Space<float[]> {
    private final float[] low;
    private final float[] high;

    private Box(float[] low, float[] high) {
        this.low = low;
        this.high = high;
    }

    /// All vectors v with `low[i] <= v[i] <= high[i]`.
    ///
    /// @throws IllegalArgumentException on bounds of two lengths or none, NaN, or where the lower one is above
    public static Box of(float[] low, float[] high) {
        if (low.length != high.length || low.length == 0) {
            throw new IllegalArgumentException("[box] expected bounds of one length above 0; got " + low.length
                    + " lower and " + high.length + " upper ones.");
        }
        for (int i = 0; i < low.length; i++) {
            boolean empty = low[i] == Float.POSITIVE_INFINITY || high[i] == Float.NEGATIVE_INFINITY;
            if (!(low[i] <= high[i]) || empty) {
                throw new IllegalArgumentException("[box] expected low <= high; got " + low[i] + " and " + high[i]
                        + " at " + i + ". Hint: an open side is low = -Infinity or high = Infinity.");
            }
        }
        return new Box(low.clone(), high.clone());
    }

    /// Vectors of a length, each number in `[low, high]`.
    public static Box of(float low, float high, int size) {
        float[] lows = new float[size];
        float[] highs = new float[size];
        Arrays.fill(lows, low);
        Arrays.fill(highs, high);
        return of(lows, highs);
    }

    public int size() {
        return low.length;
    }

    public float low(int i) {
        return low[i];
    }

    public float high(int i) {
        return high[i];
    }

    /// Each number by itself: uniform between two finite bounds, exponential above or below one, standard normal
    /// without any; as Gymnasium does.
    @Override
    public float[] sample(SplitMix random) {
        float[] value = new float[low.length];
        for (int i = 0; i < value.length; i++) {
            value[i] = Math.clamp((float) draw(random, low[i], high[i]), low[i], high[i]);
        }
        return value;
    }

    private static double draw(SplitMix random, double low, double high) {
        boolean below = low != Double.NEGATIVE_INFINITY;
        boolean above = high != Double.POSITIVE_INFINITY;
        if (below && above) {
            return low + random.unit() * (high - low);
        }
        if (!below && !above) {
            return random.gaussian();
        }
        double exponential = -StrictMath.log1p(-random.unit());
        return below ? low + exponential : high - exponential;
    }

    @Override
    public boolean contains(float[] value) {
        if (value.length != low.length) {
            return false;
        }
        for (int i = 0; i < value.length; i++) {
            if (!(value[i] >= low[i] && value[i] <= high[i])) {
                return false;
            }
        }
        return true;
    }

    @Override
    public Optional<String> problem(float[] value) {
        if (value.length != low.length) {
            return Optional.of("a vector of " + value.length);
        }
        var outside = new StringBuilder();
        for (int i = 0; i < value.length; i++) {
            if (!(value[i] >= low[i] && value[i] <= high[i])) {
                outside.append(outside.isEmpty() ? "" : ", ")
                        .append(value[i])
                        .append(" at ")
                        .append(i);
            }
        }
        return outside.isEmpty() ? Optional.empty() : Optional.of(outside.toString());
    }

    @Override
    public int flatSize() {
        return low.length;
    }

    @Override
    public void flatten(float[] value, float[] into, int at) {
        if (value.length != low.length) {
            throw refusal("flatten", "an element", value);
        }
        System.arraycopy(value, 0, into, at, value.length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Box box && Arrays.equals(low, box.low) && Arrays.equals(high, box.high);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(low) + Arrays.hashCode(high);
    }

    /// `Box([-1.0, 0.0], [1.0, Infinity])`.
    @Override
    public String toString() {
        return "Box(" + Arrays.toString(low) + ", " + Arrays.toString(high) + ")";
    }
}
