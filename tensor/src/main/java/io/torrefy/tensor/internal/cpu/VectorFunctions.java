package io.torrefy.tensor.internal.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Functions built on `VectorMath`, for any argument. Polynomials are minimax fits by Remez' exchange (relative errors
/// below 2e-9, beneath f32 rounding). As with `VectorMath`, callers must be small.
final class VectorFunctions {
    private static final float SUBNORMAL_SCALE = 0x1p23f;
    private static final float SUBNORMAL_LOG = (float) (23 * 0.6931471805599453);
    private static final float SQRT_HALF = (float) Math.sqrt(0.5);
    static final float GELU = (float) Math.sqrt(2 / Math.PI);
    static final float GELU_CUBIC = 0.044715f;

    private VectorFunctions() {}

    /// Natural logarithm: -infinity at 0, NaN below, subnormal arguments included.
    static FloatVector log(FloatVector x) {
        VectorMask<Float> tiny = x.compare(VectorOperators.LT, Float.MIN_NORMAL);
        FloatVector y = VectorMath.log(x.mul(SUBNORMAL_SCALE, tiny));
        y = y.sub(SUBNORMAL_LOG, tiny);
        y = y.blend(x, x.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY));
        y = y.blend(Float.NEGATIVE_INFINITY, x.compare(VectorOperators.EQ, 0f));
        y = y.blend(Float.NaN, x.compare(VectorOperators.LT, 0f));
        return y.blend(x, x.test(VectorOperators.IS_NAN));
    }

    /// `1 / (1 + e^-x)`.
    static FloatVector sigmoid(FloatVector x) {
        FloatVector e = VectorMath.exp(x.neg());
        return FloatVector.broadcast(Mem.FS, 1f).div(e.add(1f));
    }

    /// `e^-x`, kept finite: with it, `s = 1 / (1 + e^-x)` and `1 - s = e^-x s` are both exact to rounding.
    static FloatVector expOfNegative(FloatVector x) {
        return VectorMath.exp(x.neg().min(80f));
    }

    /// An odd polynomial up to 0.625, beyond it `1 - 2 / (e^2|x| + 1)`.
    static FloatVector tanh(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector e = VectorMath.exp(a.add(a));
        FloatVector far = FloatVector.broadcast(Mem.FS, -2f).div(e.add(1f)).add(1f);
        far = far.blend(far.neg(), x.compare(VectorOperators.LT, 0f));
        return far.blend(tanhNear(x), a.compare(VectorOperators.LT, 0.625f));
    }

    private static FloatVector tanhNear(FloatVector x) {
        FloatVector z = x.mul(x);
        FloatVector p = z.lanewise(VectorOperators.FMA, 0.0020977189f, -0.008128998f);
        p = p.lanewise(VectorOperators.FMA, z, 0.021681642f);
        p = p.lanewise(VectorOperators.FMA, z, -0.0539434f);
        p = p.lanewise(VectorOperators.FMA, z, 0.1333318f);
        p = p.lanewise(VectorOperators.FMA, z, -0.3333333f);
        return p.mul(z).lanewise(VectorOperators.FMA, x, x);
    }

    /// An odd polynomial up to 1, beyond it `1 - e^-R(|x|)` with `R = -log(erfc)`; 1 from 4 on.
    static FloatVector erf(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector far = VectorMath.exp(erfcLog(a.min(4f))).neg().add(1f);
        far = far.blend(far.neg(), x.compare(VectorOperators.LT, 0f));
        return far.blend(erfNear(x), a.compare(VectorOperators.LT, 1f));
    }

    private static FloatVector erfNear(FloatVector x) {
        FloatVector z = x.mul(x);
        FloatVector p = z.lanewise(VectorOperators.FMA, 7.853862e-05f, -0.00080101937f);
        p = p.lanewise(VectorOperators.FMA, z, 0.0051883277f);
        p = p.lanewise(VectorOperators.FMA, z, -0.026853811f);
        p = p.lanewise(VectorOperators.FMA, z, 0.112835854f);
        p = p.lanewise(VectorOperators.FMA, z, -0.37612626f);
        p = p.lanewise(VectorOperators.FMA, z, 0.12837917f);
        return p.lanewise(VectorOperators.FMA, x, x);
    }

    /// `log(erfc(a))` on [0.98, 4].
    private static FloatVector erfcLog(FloatVector a) {
        FloatVector p = a.lanewise(VectorOperators.FMA, -2.1686365e-05f, 0.00044133057f);
        p = p.lanewise(VectorOperators.FMA, a, -0.0042045326f);
        p = p.lanewise(VectorOperators.FMA, a, 0.025208177f);
        p = p.lanewise(VectorOperators.FMA, a, -0.10841845f);
        p = p.lanewise(VectorOperators.FMA, a, -0.63322f);
        p = p.lanewise(VectorOperators.FMA, a, -1.1295784f);
        return p.lanewise(VectorOperators.FMA, a, 0.00018802632f);
    }

    /// `Phi(x) = (1 + erf(x / sqrt 2)) / 2`.
    static FloatVector normalCdf(FloatVector x) {
        return erf(x.mul(SQRT_HALF)).lanewise(VectorOperators.FMA, 0.5f, 0.5f);
    }

    /// `2 sqrt(2/pi) (x + 0.044715 x^3)`: GELU's tanh form is `x sigmoid` of it.
    static FloatVector geluInner(FloatVector x) {
        FloatVector z = x.mul(x);
        return z.lanewise(VectorOperators.FMA, GELU_CUBIC, 1f).mul(x).mul(2 * GELU);
    }

    /// The derivative of `geluInner`.
    static FloatVector geluInnerSlope(FloatVector x) {
        FloatVector z = x.mul(x);
        return z.lanewise(VectorOperators.FMA, 3 * GELU_CUBIC, 1f).mul(2 * GELU);
    }
}
