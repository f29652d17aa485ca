package io.torrefy.rl.envs;

/// Sine and cosine of the angles that a pole can have before it has fallen, by their Taylor series to x^11 and x^10:
/// within an ulp for |x| up to [#LIMIT]. Written with the operations that a vector unit has, so that
/// a lane of [CartPoleVector] gets the bits that [CartPole] gets.
final class SmallAngle {
    /// Above 12 degrees, which is 0.2095.
    static final double LIMIT = 0.22;

    static final double S3 = -1.0 / 6;
    static final double S5 = 1.0 / 120;
    static final double S7 = -1.0 / 5040;
    static final double S9 = 1.0 / 362880;
    static final double S11 = -1.0 / 39916800;
    static final double C4 = 1.0 / 24;
    static final double C6 = -1.0 / 720;
    static final double C8 = 1.0 / 40320;
    static final double C10 = -1.0 / 3628800;

    private SmallAngle() {}

    static double sin(double x) {
        if (!(Math.abs(x) <= LIMIT)) {
            return Math.sin(x);
        }
        double z = x * x;
        double p = Math.fma(Math.fma(Math.fma(Math.fma(S11, z, S9), z, S7), z, S5), z, S3);
        return Math.fma(x * z, p, x);
    }

    static double cos(double x) {
        if (!(Math.abs(x) <= LIMIT)) {
            return Math.cos(x);
        }
        double z = x * x;
        double p = Math.fma(Math.fma(Math.fma(C10, z, C8), z, C6), z, C4);
        return Math.fma(z, Math.fma(z, p, -0.5), 1);
    }
}
