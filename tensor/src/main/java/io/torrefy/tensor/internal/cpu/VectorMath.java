package io.torrefy.tensor.internal.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/// Elementary functions on f32 vectors. `exp` and `exp2` have scalar twins that give the same bits as a lane of the
/// vector form, for the tail of a row.
///
/// The argument is split as `x = n ln 2 + r` (or `n + r` for base two) with `|r| <= ln(2)/2`: adding 1.5 * 2^23 rounds
/// to the nearest integer and leaves n in the low bits of the sum, from where a shift moves it into the exponent. The
/// polynomials are minimax in the relative error (3e-9 and 2e-9), fitted by Lawson's iteration on Chebyshev nodes.
///
/// Vector arguments of these methods stay in registers only while C2 inlines the methods. It stops past about 18 000
/// nodes in a compilation, and an operation of the Vector API is several hundred: one exponential more than about two
/// in a compilation, inlined callees included, and every value is boxed (ten times slower). So each function here is
/// one flat method, and a hot loop that may be inlined beside others writes the steps out (`AttentionScores`).
final class VectorMath {
    static final float ROUND = 12582912f;
    static final float LOG2E = 1.44269504f;
    static final float LN2_HIGH = 0.693359375f;
    static final float LN2_LOW = -2.12194440e-4f;

    /// Above this exp is infinite, below `EXP_MIN` it is zero: results that would be subnormal are flushed.
    private static final float EXP_MAX = 88.72283f;

    private static final float EXP_MIN = -87.33654f;
    static final float EXP2_MIN = -126f;

    static final float E2 = 0.49999994f;
    static final float E3 = 0.1666652f;
    static final float E4 = 0.041668393f;
    static final float E5 = 0.008368781f;
    static final float E6 = 0.0013814467f;

    static final float T1 = 0.6931472f;
    static final float T2 = 0.24022648f;
    static final float T3 = 0.05550332f;
    static final float T4 = 0.009618439f;
    static final float T5 = 0.0013399003f;
    static final float T6 = 0.00015353257f;

    static final float G0 = 3.3333331174e-1f;
    static final float G1 = -2.4999993993e-1f;
    static final float G2 = 2.0000714765e-1f;
    static final float G3 = -1.6668057665e-1f;
    static final float G4 = 1.4249322787e-1f;
    static final float G5 = -1.2420140846e-1f;
    static final float G6 = 1.1676998740e-1f;
    static final float G7 = -1.1514610310e-1f;
    static final float G8 = 7.0376836292e-2f;

    private static final VectorShuffle<Float> ROTATE_8 = rotate(8);
    private static final VectorShuffle<Float> ROTATE_4 = rotate(4);
    private static final VectorShuffle<Float> ROTATE_2 = rotate(2);
    private static final VectorShuffle<Float> ROTATE_1 = rotate(1);

    private static final VectorShuffle<Double> ROTATE_DOUBLES_4 = rotateDoubles(4);
    private static final VectorShuffle<Double> ROTATE_DOUBLES_2 = rotateDoubles(2);
    private static final VectorShuffle<Double> ROTATE_DOUBLES_1 = rotateDoubles(1);

    private VectorMath() {}

    private static VectorShuffle<Float> rotate(int by) {
        int lanes = Mem.FS.length();
        return VectorShuffle.fromOp(Mem.FS, i -> (i + by) % lanes);
    }

    /// The sum of the lanes, in one order always. (`reduceLanes(ADD)` leaves the order open, and takes another one
    /// once its caller is compiled.)
    static float sum(FloatVector x) {
        FloatVector s = x;
        if (Mem.FS.length() > 8) {
            s = s.add(s.rearrange(ROTATE_8));
        }
        if (Mem.FS.length() > 4) {
            s = s.add(s.rearrange(ROTATE_4));
        }
        if (Mem.FS.length() > 2) {
            s = s.add(s.rearrange(ROTATE_2));
        }
        return s.add(s.rearrange(ROTATE_1)).lane(0);
    }

    /// The sum of the lanes of doubles, in one order always.
    static double sum(DoubleVector x) {
        DoubleVector s = x;
        if (Mem.DS.length() > 4) {
            s = s.add(s.rearrange(ROTATE_DOUBLES_4));
        }
        if (Mem.DS.length() > 2) {
            s = s.add(s.rearrange(ROTATE_DOUBLES_2));
        }
        return s.add(s.rearrange(ROTATE_DOUBLES_1)).lane(0);
    }

    private static VectorShuffle<Double> rotateDoubles(int by) {
        int lanes = Mem.DS.length();
        return VectorShuffle.fromOp(Mem.DS, i -> (i + by) % lanes);
    }

    /// `e^x` of any x to about 1.2 ulp; NaN gives NaN.
    static FloatVector exp(FloatVector x) {
        FloatVector t = x.mul(LOG2E).add(ROUND);
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.lanewise(VectorOperators.FMA, -LN2_HIGH, x);
        r = n.lanewise(VectorOperators.FMA, -LN2_LOW, r);
        FloatVector p = r.lanewise(VectorOperators.FMA, E6, E5);
        p = p.lanewise(VectorOperators.FMA, r, E4);
        p = p.lanewise(VectorOperators.FMA, r, E3);
        p = p.lanewise(VectorOperators.FMA, r, E2);
        p = p.lanewise(VectorOperators.FMA, r, 1f);
        p = p.lanewise(VectorOperators.FMA, r, 1f);
        FloatVector y = p.reinterpretAsInts()
                .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                .reinterpretAsFloats();
        y = y.blend(0f, x.compare(VectorOperators.LT, EXP_MIN));
        y = y.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, EXP_MAX));
        return y.blend(x, x.test(VectorOperators.IS_NAN));
    }

    /// `e^x`, bit for bit a lane of the vector form.
    static float exp(float x) {
        if (Float.isNaN(x)) {
            return x;
        }
        if (x < EXP_MIN) {
            return 0f;
        }
        if (x > EXP_MAX) {
            return Float.POSITIVE_INFINITY;
        }
        float t = x * LOG2E + ROUND;
        float n = t - ROUND;
        float r = Math.fma(n, -LN2_HIGH, x);
        r = Math.fma(n, -LN2_LOW, r);
        float p = Math.fma(r, E6, E5);
        p = Math.fma(p, r, E4);
        p = Math.fma(p, r, E3);
        p = Math.fma(p, r, E2);
        p = Math.fma(p, r, 1f);
        p = Math.fma(p, r, 1f);
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(t) << 23));
    }

    /// `2^x` for x <= 0 as a softmax needs it (x < 128 is allowed; NaN gives NaN, -infinity gives 0).
    static FloatVector exp2(FloatVector x) {
        FloatVector t = x.add(ROUND);
        FloatVector r = x.sub(t.sub(ROUND));
        FloatVector p = r.lanewise(VectorOperators.FMA, T6, T5);
        p = p.lanewise(VectorOperators.FMA, r, T4);
        p = p.lanewise(VectorOperators.FMA, r, T3);
        p = p.lanewise(VectorOperators.FMA, r, T2);
        p = p.lanewise(VectorOperators.FMA, r, T1);
        p = p.lanewise(VectorOperators.FMA, r, 1f);
        FloatVector y = p.reinterpretAsInts()
                .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                .reinterpretAsFloats();
        return y.blend(0f, x.compare(VectorOperators.LT, EXP2_MIN));
    }

    /// `2^x`, bit for bit a lane of the vector form.
    static float exp2(float x) {
        if (x < EXP2_MIN) {
            return 0f;
        }
        float t = x + ROUND;
        float r = x - (t - ROUND);
        float p = Math.fma(r, T6, T5);
        p = Math.fma(p, r, T4);
        p = Math.fma(p, r, T3);
        p = Math.fma(p, r, T2);
        p = Math.fma(p, r, T1);
        p = Math.fma(p, r, 1f);
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(t) << 23));
    }

    /// Natural logarithm of positive normal numbers to about 1 ulp (other arguments are outside its contract), with
    /// the polynomial of Cephes' `logf` for `(log(1 + f) - f + f^2/2) / f^3`, sqrt(1/2) <= 1 + f < sqrt(2).
    static FloatVector log(FloatVector x) {
        IntVector bits = x.reinterpretAsInts();
        IntVector e = bits.sub(0x3f3504f3).lanewise(VectorOperators.ASHR, 23);
        FloatVector m = bits.sub(e.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
        FloatVector n = (FloatVector) e.convert(VectorOperators.I2F, 0);
        FloatVector f = m.sub(1f);
        FloatVector z = f.mul(f);
        FloatVector p = f.lanewise(VectorOperators.FMA, G8, G7);
        p = p.lanewise(VectorOperators.FMA, f, G6);
        p = p.lanewise(VectorOperators.FMA, f, G5);
        p = p.lanewise(VectorOperators.FMA, f, G4);
        p = p.lanewise(VectorOperators.FMA, f, G3);
        p = p.lanewise(VectorOperators.FMA, f, G2);
        p = p.lanewise(VectorOperators.FMA, f, G1);
        p = p.lanewise(VectorOperators.FMA, f, G0);
        FloatVector y = n.lanewise(VectorOperators.FMA, LN2_LOW, p.mul(f).mul(z));
        y = z.lanewise(VectorOperators.FMA, -0.5f, y);
        return n.lanewise(VectorOperators.FMA, LN2_HIGH, f.add(y));
    }
}
