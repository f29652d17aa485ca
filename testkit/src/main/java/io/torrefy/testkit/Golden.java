package io.torrefy.testkit;

import java.util.Arrays;

/// One reference tensor, row-major. `values` is a `float[]` (F32, BF16, F16), `double[]` (F64) or `long[]` (I64, I32,
/// U8, BOOL); the accessors `floats`, `doubles` and `longs` convert.
///
/// @param name the full name inside its file
/// @param dtype as the file spells it
/// @param shape empty for a scalar
public record Golden(String name, String dtype, long[] shape, Object values) {
    /// Number of elements.
    public int size() {
        return switch (values) {
            case float[] f -> f.length;
            case double[] d -> d.length;
            case long[] l -> l.length;
            default -> throw new IllegalStateException("[golden] " + name + " holds " + values.getClass());
        };
    }

    /// Whether the file stores integers or booleans.
    public boolean isInteger() {
        return values instanceof long[];
    }

    /// The element at a flat index, as a double.
    public double at(int index) {
        return switch (values) {
            case float[] f -> f[index];
            case double[] d -> d[index];
            case long[] l -> l[index];
            default -> throw new IllegalStateException("[golden] " + name + " holds " + values.getClass());
        };
    }

    /// The only element of a scalar or of a tensor of size 1.
    ///
    /// @throws IllegalStateException if there are more or none
    public double scalar() {
        if (size() != 1) {
            throw new IllegalStateException("[golden] expected one value in " + this);
        }
        return at(0);
    }

    /// A copy as floats; doubles are rounded.
    public float[] floats() {
        float[] out = new float[size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) at(i);
        }
        return out;
    }

    /// A copy as doubles.
    public double[] doubles() {
        double[] out = new double[size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = at(i);
        }
        return out;
    }

    /// A copy as longs.
    ///
    /// @throws IllegalStateException if the file stores a floating-point type
    public long[] longs() {
        if (values instanceof long[] l) {
            return l.clone();
        }
        throw new IllegalStateException("[golden] expected an integer dtype in " + this);
    }

    /// The part `index` along the first dimension: shape[1..], as one step of a recorded sequence.
    public Golden slice(int index) {
        if (shape.length == 0 || index < 0 || index >= shape[0]) {
            throw new IndexOutOfBoundsException("[golden] slice " + index + " of " + this);
        }
        int part = size() / (int) shape[0];
        int from = index * part;
        int to = from + part;
        Object cut = switch (values) {
            case float[] f -> Arrays.copyOfRange(f, from, to);
            case double[] d -> Arrays.copyOfRange(d, from, to);
            case long[] l -> Arrays.copyOfRange(l, from, to);
            default -> throw new IllegalStateException("[golden] " + name + " holds " + values.getClass());
        };
        return new Golden(name + "[" + index + "]", dtype, Arrays.copyOfRange(shape, 1, shape.length), cut);
    }

    /// Asserts `|actual - this| <= atol + rtol * |this|` for every element.
    ///
    /// @throws AssertionError naming how many elements differ, the first of them and the worst
    public void assertClose(float[] actual, double rtol, double atol) {
        double[] wide = new double[actual.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = actual[i];
        }
        assertClose(wide, rtol, atol);
    }

    /// As the form on floats.
    public void assertClose(double[] actual, double rtol, double atol) {
        Close.check(name, shape, actual, doubles(), new Tolerance(rtol, atol));
    }

    /// As the form on floats, with the tolerance of a case.
    public void assertClose(float[] actual, Tolerance tolerance) {
        assertClose(actual, tolerance.rtol(), tolerance.atol());
    }

    /// As the form on floats, with the tolerance of a case.
    public void assertClose(double[] actual, Tolerance tolerance) {
        assertClose(actual, tolerance.rtol(), tolerance.atol());
    }

    /// Asserts equality with a tensor of integers.
    public void assertEqual(long[] actual) {
        long[] expected = longs();
        if (actual.length != expected.length) {
            throw new AssertionError("[" + name + "] expected " + expected.length + " values; got " + actual.length);
        }
        int first = Arrays.mismatch(actual, expected);
        if (first >= 0) {
            throw new AssertionError("[" + name + "] expected " + expected[first] + " at "
                    + Close.position(first, shape) + "; got " + actual[first]);
        }
    }

    @Override
    public String toString() {
        return name + " " + dtype + Arrays.toString(shape);
    }
}
