package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.BinaryOp;
import io.torrefy.tensor.internal.UnaryOp;

/// The element-wise functions in double: the kernels of F64, and the oracle and fallback of those of F32.
final class ScalarMath {
    private static final double SQRT_HALF = Math.sqrt(0.5);
    private static final double SQRT_PI = Math.sqrt(Math.PI);
    private static final double GELU = Math.sqrt(2 / Math.PI);
    private static final double GELU_CUBIC = 0.044715;

    private ScalarMath() {}

    static double unary(UnaryOp op, double x, double p0, double p1) {
        return switch (op) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> x > 0 ? 1 : x < 0 ? -1 : 0;
            case SQUARE -> x * x;
            case SQRT -> Math.sqrt(x);
            case RSQRT -> 1 / Math.sqrt(x);
            case RECIPROCAL -> 1 / x;
            case EXP -> Math.exp(x);
            case EXPM1 -> Math.expm1(x);
            case LOG -> Math.log(x);
            case LOG1P -> Math.log1p(x);
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            case TANH -> Math.tanh(x);
            case ERF -> erf(x);
            case SIGMOID -> sigmoid(x);
            case LOG_SIGMOID -> Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
            case RELU -> x <= 0 ? 0 : x;
            case SILU -> x / (1 + Math.exp(-x));
            case GELU_TANH -> x * sigmoid(2 * geluInner(x));
            case GELU_ERF -> x * normalCdf(x);
            case SOFTPLUS -> x * p0 > p1 ? x : Math.log1p(Math.exp(x * p0)) / p0;
            case CLAMP -> x < p0 ? p0 : x > p1 ? p1 : x;
            case POW -> pow(x, p0);
            case ADD_SCALAR -> x + p0;
            case MUL_SCALAR -> x * p0;
            case FLOOR -> Math.floor(x);
            case CEIL -> Math.ceil(x);
            case ROUND -> Math.rint(x);
            case NOT -> x == 0 ? 1 : 0;
        };
    }

    static double binary(BinaryOp op, double a, double b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case POW -> pow(a, b);
            case MAXIMUM -> Math.max(a, b);
            case MINIMUM -> Math.min(a, b);
            case REMAINDER -> remainder(a, b);
            case RELU_GRAD -> a <= 0 ? 0 : b;
            case SILU_GRAD -> b * siluSlope(a);
            case GELU_TANH_GRAD -> b * geluTanhSlope(a);
            case GELU_ERF_GRAD -> b * (normalCdf(a) + a * GELU / 2 * Math.exp(-a * a / 2));
            case SIGMOID_GRAD -> b * a * (1 - a);
            case TANH_GRAD -> b * (1 - a * a);
        };
    }

    static long unary(UnaryOp op, long x, double p0, double p1) {
        return switch (op) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> Long.signum(x);
            case SQUARE -> x * x;
            case ADD_SCALAR -> x + (long) p0;
            case MUL_SCALAR -> x * (long) p0;
            case CLAMP -> Math.min(Math.max(x, (long) Math.ceil(p0)), (long) Math.floor(p1));
            case RELU -> Math.max(x, 0);
            case POW -> pow(x, (long) p0);
            case FLOOR, CEIL, ROUND -> x;
            case NOT -> x == 0 ? 1 : 0;
            default -> throw unsupported(op);
        };
    }

    static long binary(BinaryOp op, long a, long b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case MAXIMUM -> Math.max(a, b);
            case MINIMUM -> Math.min(a, b);
            case POW -> pow(a, b);
            case REMAINDER -> Math.floorMod(a, b);
            default -> throw unsupported(op);
        };
    }

    private static IllegalArgumentException unsupported(Enum<?> op) {
        return new IllegalArgumentException("[" + op.name().toLowerCase(java.util.Locale.ROOT)
                + "] expected a floating-point dtype; got an integer one. Hint: cast to f32 first.");
    }

    /// C's `pow`, which is 1 for a base of 1 or an exponent of 0 whatever the other is.
    static double pow(double x, double e) {
        if (x == 1 || (x == -1 && Double.isInfinite(e))) {
            return 1;
        }
        return Math.pow(x, e);
    }

    /// Integer power; a negative exponent gives the truncated reciprocal, 0 for a base of 0.
    static long pow(long x, long e) {
        if (e < 0) {
            return x == 1 ? 1 : x == -1 ? ((e & 1) == 0 ? 1 : -1) : 0;
        }
        long result = 1;
        for (long base = x; e > 0; e >>= 1, base *= base) {
            if ((e & 1) == 1) {
                result *= base;
            }
        }
        return result;
    }

    /// Python's `%`: the result has the sign of the divisor.
    static double remainder(double a, double b) {
        double r = a % b;
        return r != 0 && (r < 0) != (b < 0) ? r + b : r;
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double siluSlope(double x) {
        double s = sigmoid(x);
        return s * (1 + x * (1 - s));
    }

    private static double geluInner(double x) {
        return GELU * (x + GELU_CUBIC * x * x * x);
    }

    private static double geluTanhSlope(double x) {
        double s = sigmoid(2 * geluInner(x));
        return s + x * s * (1 - s) * 2 * GELU * (1 + 3 * GELU_CUBIC * x * x);
    }

    private static double normalCdf(double x) {
        return 0.5 * erfc(-x * SQRT_HALF);
    }

    /// The error function to about 2e-16.
    static double erf(double x) {
        return Math.abs(x) < 2.5 ? erfSeries(x) : x > 0 ? 1 - erfcFraction(x) : erfcFraction(-x) - 1;
    }

    private static double erfc(double x) {
        return x < 2.5 ? 1 - erf(x) : erfcFraction(x);
    }

    /// `2/sqrt(pi) e^(-x^2) sum 2^k x^(2k+1) / (2k+1)!!`: all terms have one sign (Abramowitz and Stegun 7.1.6).
    private static double erfSeries(double x) {
        double z = 2 * x * x;
        double term = x;
        double sum = x;
        for (int k = 1; Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
            term *= z / (2 * k + 1);
            sum += term;
        }
        return 2 / SQRT_PI * Math.exp(-x * x) * sum;
    }

    /// `erfc(x)` for x >= 2.5 by its continued fraction (Abramowitz and Stegun 7.1.14), backwards from a fixed
    /// depth.
    private static double erfcFraction(double x) {
        double t = 0;
        for (int k = 60; k > 0; k--) {
            t = 0.5 * k / (x + t);
        }
        return Math.exp(-x * x) / (SQRT_PI * (x + t));
    }
}
