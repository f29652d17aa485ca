package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.FMA;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// F32 loops with an exponential or logarithm in them, over whole vectors. A function runs as passes over a chunk in
/// the
/// first-level cache: the argument of the exponential, the exponential, what is made of it.
///
/// The passes call nothing that takes or returns a vector but the Vector API itself, which is always inlined: own
/// helpers
/// stop being inlined once C2 has about 18 000 nodes, and from then on each call boxes its vectors. Polynomials are
/// minimax
/// fits by Remez' exchange with relative errors below 2e-9.
final class Exponentials {
    private static final int L = FS.length();
    private static final float SQRT_HALF = (float) Math.sqrt(0.5);
    private static final float GELU = (float) Math.sqrt(2 / Math.PI);
    private static final float GELU_CUBIC = 0.044715f;

    /// Largest argument in gradients: with `e^-x` finite, `1 - sigmoid(x) = e^-x sigmoid(x)` cancels nothing.
    private static final float FINITE = 80f;

    /// Its exponential.
    private static final float LARGEST = (float) Math.exp(FINITE);

    private static final float EXP_MAX = 88.72283f;
    private static final float EXP_MIN = -87.33654f;
    private static final float SUBNORMAL_LOG = (float) (23 * 0.6931471805599453);

    private Exponentials() {}

    /// `e^x` of any x; `VectorMath.exp` written out.
    private static void exp(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector x0 = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector t = x0.mul(VectorMath.LOG2E).add(VectorMath.ROUND);
            FloatVector m = t.sub(VectorMath.ROUND);
            FloatVector r = m.lanewise(FMA, -VectorMath.LN2_HIGH, x0);
            r = m.lanewise(FMA, -VectorMath.LN2_LOW, r);
            FloatVector p = r.lanewise(FMA, VectorMath.E6, VectorMath.E5);
            p = p.lanewise(FMA, r, VectorMath.E4);
            p = p.lanewise(FMA, r, VectorMath.E3);
            p = p.lanewise(FMA, r, VectorMath.E2);
            p = p.lanewise(FMA, r, 1f);
            p = p.lanewise(FMA, r, 1f);
            IntVector shift = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            FloatVector e = p.reinterpretAsInts().add(shift).reinterpretAsFloats();
            e = e.blend(0f, x0.compare(VectorOperators.LT, EXP_MIN));
            e = e.blend(Float.POSITIVE_INFINITY, x0.compare(VectorOperators.GT, EXP_MAX));
            e = e.blend(x0, x0.test(VectorOperators.IS_NAN));
            e.intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    static void exp(int n, long x, long y, float p0, float p1) {
        exp(n, x, y);
    }

    /// Natural logarithm of any x: -infinity at 0, NaN below. Subnormal numbers are scaled first.
    private static void log(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector x0 = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            VectorMask<Float> tiny = x0.compare(VectorOperators.LT, Float.MIN_NORMAL);
            IntVector bits = x0.mul(0x1p23f, tiny).reinterpretAsInts();
            IntVector e = bits.sub(0x3f3504f3).lanewise(VectorOperators.ASHR, 23);
            FloatVector f = bits.sub(e.lanewise(VectorOperators.LSHL, 23))
                    .reinterpretAsFloats()
                    .sub(1f);
            FloatVector m = (FloatVector) e.convert(VectorOperators.I2F, 0);
            FloatVector z = f.mul(f);
            FloatVector p = f.lanewise(FMA, -0.0763452f, 0.1276157f);
            p = p.lanewise(FMA, f, -0.1316017f);
            p = p.lanewise(FMA, f, 0.14201759f);
            p = p.lanewise(FMA, f, -0.16623358f);
            p = p.lanewise(FMA, f, 0.20001227f);
            p = p.lanewise(FMA, f, -0.2500082f);
            p = p.lanewise(FMA, f, 0.3333333f);
            FloatVector v = m.lanewise(FMA, VectorMath.LN2_LOW, p.mul(f).mul(z));
            v = z.lanewise(FMA, -0.5f, v);
            v = m.lanewise(FMA, VectorMath.LN2_HIGH, f.add(v));
            v = v.sub(SUBNORMAL_LOG, tiny);
            v = v.blend(x0, x0.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY));
            v = v.blend(Float.NEGATIVE_INFINITY, x0.compare(VectorOperators.EQ, 0f));
            v = v.blend(Float.NaN, x0.compare(VectorOperators.LT, 0f));
            v = v.blend(x0, x0.test(VectorOperators.IS_NAN));
            v.intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    static void log(int n, long x, long y, float p0, float p1) {
        log(n, x, y);
    }

    // ---- sigmoid, SiLU, GELU by tanh: 1 / (1 + e^-u)
    // -----------------------------------------------------------------

    static void sigmoid(int n, long x, long y, float p0, float p1) {
        long t = Scratch.get().chunk(2);
        for (int at = 0; at < n; at += Scratch.CHUNK) {
            int c = Math.min(Scratch.CHUNK, n - at);
            negate(c, x + 4L * at, t);
            exp(c, t, t);
            sigmoidOf(c, t, y + 4L * at);
        }
    }

    static void silu(int n, long x, long y, float p0, float p1) {
        long t = Scratch.get().chunk(2);
        for (int at = 0; at < n; at += Scratch.CHUNK) {
            int c = Math.min(Scratch.CHUNK, n - at);
            negate(c, x + 4L * at, t);
            exp(c, t, t);
            gate(c, x + 4L * at, t, y + 4L * at);
        }
    }

    static void geluTanh(int n, long x, long y, float p0, float p1) {
        long t = Scratch.get().chunk(2);
        for (int at = 0; at < n; at += Scratch.CHUNK) {
            int c = Math.min(Scratch.CHUNK, n - at);
            geluArgument(c, x + 4L * at, t);
            exp(c, t, t);
            gate(c, x + 4L * at, t, y + 4L * at);
        }
    }

    /// `s (1 + x (1 - s)) dy` with `s = sigmoid(x)`.
    static void siluGrad(int n, long x, long dy, long dx) {
        long t = Scratch.get().chunk(2);
        for (int at = 0; at < n; at += Scratch.CHUNK) {
            int c = Math.min(Scratch.CHUNK, n - at);
            negateFinite(c, x + 4L * at, t);
            exp(c, t, t);
            siluSlope(c, x + 4L * at, t, dy + 4L * at, dx + 4L * at);
        }
    }

    /// `(s + x s (1 - s) u') dy` with `s = sigmoid(u(x))`.
    static void geluTanhGrad(int n, long x, long dy, long dx) {
        long t = Scratch.get().chunk(2);
        for (int at = 0; at < n; at += Scratch.CHUNK) {
            int c = Math.min(Scratch.CHUNK, n - at);
            geluArgument(c, x + 4L * at, t);
            exp(c, t, t);
            geluSlope(c, x + 4L * at, t, dy + 4L * at, dx + 4L * at);
        }
    }

    /// `y = gelu(x)` and the gradient, from one exponential. dx may be dy.
    static void geluTanhBoth(int n, long x, long dy, long dx, long y) {
        long t = Scratch.get().chunk(2);
        for (int at = 0; at < n; at += Scratch.CHUNK) {
            int c = Math.min(Scratch.CHUNK, n - at);
            geluArgument(c, x + 4L * at, t);
            exp(c, t, t);
            gate(c, x + 4L * at, t, y + 4L * at);
            geluSlope(c, x + 4L * at, t, dy + 4L * at, dx + 4L * at);
        }
    }

    private static void negate(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            v.neg().intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void negateFinite(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            v.neg().min(FINITE).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    /// `-u = -2 sqrt(2/pi) (x + 0.044715 x^3)`: the tanh form of GELU is `x sigmoid(u)`.
    private static void geluArgument(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector cubic = v.mul(v).lanewise(FMA, GELU_CUBIC, 1f);
            cubic.mul(v).mul(-2 * GELU).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void sigmoidOf(int n, long e, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, e + 4L * i, ORDER);
            FloatVector.broadcast(FS, 1f).div(v.add(1f)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void gate(int n, long x, long e, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector w = fromMemorySegment(FS, ALL, e + 4L * i, ORDER);
            v.div(w.add(1f)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void siluSlope(int n, long x, long e, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector w = fromMemorySegment(FS, ALL, e + 4L * i, ORDER);
            FloatVector g = fromMemorySegment(FS, ALL, dy + 4L * i, ORDER);
            FloatVector s = FloatVector.broadcast(FS, 1f).div(w.add(1f));
            FloatVector slope = v.mul(w.mul(s)).add(1f).mul(s);
            slope.mul(g).intoMemorySegment(ALL, dx + 4L * i, ORDER);
        }
    }

    private static void geluSlope(int n, long x, long e, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector w = fromMemorySegment(FS, ALL, e + 4L * i, ORDER);
            w = w.blend(LARGEST, w.compare(VectorOperators.GT, LARGEST));
            FloatVector g = fromMemorySegment(FS, ALL, dy + 4L * i, ORDER);
            FloatVector s = FloatVector.broadcast(FS, 1f).div(w.add(1f));
            FloatVector du = v.mul(v).lanewise(FMA, 3 * GELU_CUBIC, 1f).mul(2 * GELU);
            FloatVector slope = v.mul(s).mul(w.mul(s)).mul(du).add(s);
            slope.mul(g).intoMemorySegment(ALL, dx + 4L * i, ORDER);
        }
    }

    // ---- tanh -----------------------------------------------------------------------------------------------------

    /// An odd polynomial up to 0.625, beyond it `1 - 2 / (e^2|x| + 1)`.
    static void tanh(int n, long x, long y, float p0, float p1) {
        long t = Scratch.get().chunk(2);
        for (int at = 0; at < n; at += Scratch.CHUNK) {
            int c = Math.min(Scratch.CHUNK, n - at);
            twiceAbs(c, x + 4L * at, t);
            exp(c, t, t);
            tanhOf(c, x + 4L * at, t, y + 4L * at);
        }
    }

    private static void twiceAbs(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            v.abs().mul(2f).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void tanhOf(int n, long x, long e, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector w = fromMemorySegment(FS, ALL, e + 4L * i, ORDER);
            FloatVector far = FloatVector.broadcast(FS, -2f).div(w.add(1f)).add(1f);
            far = far.blend(far.neg(), v.compare(VectorOperators.LT, 0f));
            FloatVector z = v.mul(v);
            FloatVector p = z.lanewise(FMA, 0.0020977189f, -0.008128998f);
            p = p.lanewise(FMA, z, 0.021681642f);
            p = p.lanewise(FMA, z, -0.0539434f);
            p = p.lanewise(FMA, z, 0.1333318f);
            p = p.lanewise(FMA, z, -0.3333333f);
            p = p.mul(z).lanewise(FMA, v, v);
            far.blend(p, v.abs().compare(VectorOperators.LT, 0.625f)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    // ---- erf and the exact GELU -----------------------------------------------------------------------------------

    /// An odd polynomial up to 1, beyond it `1 - e^-R(|x|)` with `R = -log(erfc)`; 1 from 4 on.
    static void erf(int n, long x, long y, float p0, float p1) {
        long t = Scratch.get().chunk(2);
        for (int at = 0; at < n; at += Scratch.CHUNK) {
            int c = Math.min(Scratch.CHUNK, n - at);
            erfcLog(c, x + 4L * at, 1f, t);
            exp(c, t, t);
            erfOf(c, x + 4L * at, 1f, t, y + 4L * at);
        }
    }

    /// `x (1 + erf(x / sqrt 2)) / 2`.
    static void geluErf(int n, long x, long y, float p0, float p1) {
        long t = Scratch.get().chunk(2);
        for (int at = 0; at < n; at += Scratch.CHUNK) {
            int c = Math.min(Scratch.CHUNK, n - at);
            erfcLog(c, x + 4L * at, SQRT_HALF, t);
            exp(c, t, t);
            erfOf(c, x + 4L * at, SQRT_HALF, t, t);
            cdfTimes(c, x + 4L * at, t, y + 4L * at);
        }
    }

    /// `(Phi(x) + x phi(x)) dy`.
    static void geluErfGrad(int n, long x, long dy, long dx) {
        long t = Scratch.get().chunk(2);
        long s = Scratch.get().chunk(3);
        for (int at = 0; at < n; at += Scratch.CHUNK) {
            int c = Math.min(Scratch.CHUNK, n - at);
            erfcLog(c, x + 4L * at, SQRT_HALF, t);
            exp(c, t, t);
            erfOf(c, x + 4L * at, SQRT_HALF, t, t);
            halfSquare(c, x + 4L * at, s);
            exp(c, s, s);
            cdfSlope(c, x + 4L * at, t, s, dy + 4L * at, dx + 4L * at);
        }
    }

    /// `log(erfc(|scale x|))` where the argument is in [0.98, 4].
    private static void erfcLog(int n, long x, float scale, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector a = v.mul(scale).abs().min(4f);
            FloatVector p = a.lanewise(FMA, -2.1686365e-05f, 0.00044133057f);
            p = p.lanewise(FMA, a, -0.0042045326f);
            p = p.lanewise(FMA, a, 0.025208177f);
            p = p.lanewise(FMA, a, -0.10841845f);
            p = p.lanewise(FMA, a, -0.63322f);
            p = p.lanewise(FMA, a, -1.1295784f);
            p = p.lanewise(FMA, a, 0.00018802632f);
            p.intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void erfOf(int n, long x, float scale, long e, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector w = fromMemorySegment(FS, ALL, e + 4L * i, ORDER);
            v = v.mul(scale);
            FloatVector far = w.neg().add(1f);
            far = far.blend(far.neg(), v.compare(VectorOperators.LT, 0f));
            FloatVector z = v.mul(v);
            FloatVector p = z.lanewise(FMA, 7.853862e-05f, -0.00080101937f);
            p = p.lanewise(FMA, z, 0.0051883277f);
            p = p.lanewise(FMA, z, -0.026853811f);
            p = p.lanewise(FMA, z, 0.112835854f);
            p = p.lanewise(FMA, z, -0.37612626f);
            p = p.lanewise(FMA, z, 0.12837917f);
            p = p.lanewise(FMA, v, v);
            far.blend(p, v.abs().compare(VectorOperators.LT, 1f)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void cdfTimes(int n, long x, long erf, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector w = fromMemorySegment(FS, ALL, erf + 4L * i, ORDER);
            w.lanewise(FMA, 0.5f, 0.5f).mul(v).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void halfSquare(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            v.mul(v).mul(-0.5f).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void cdfSlope(int n, long x, long erf, long density, long dy, long dx) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            FloatVector w = fromMemorySegment(FS, ALL, erf + 4L * i, ORDER);
            FloatVector d = fromMemorySegment(FS, ALL, density + 4L * i, ORDER);
            FloatVector g = fromMemorySegment(FS, ALL, dy + 4L * i, ORDER);
            FloatVector slope = d.mul(0.5f * GELU).lanewise(FMA, v, w.lanewise(FMA, 0.5f, 0.5f));
            slope.mul(g).intoMemorySegment(ALL, dx + 4L * i, ORDER);
        }
    }
}
