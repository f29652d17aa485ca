package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.UnaryOp;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class UnaryTest {
    private static final float INF = Float.POSITIVE_INFINITY;

    /// erf to 18 digits by mpmath.
    private static final double[][] ERF = {
        {0.01, 0.0112834155558496172},
        {0.3, 0.328626759459127416},
        {0.5, 0.520499877813046538},
        {0.9, 0.79690821242283214},
        {0.99, 0.8385080695553698},
        {1.0, 0.842700792949714869},
        {1.25, 0.92290012825645823},
        {1.7, 0.983790458590774561},
        {2.0, 0.995322265018952734},
        {2.49, 0.999570712132266087},
        {2.5, 0.999593047982555041},
        {3.0, 0.999977909503001415},
        {3.5, 0.999999256901627659},
        {3.9, 0.999999965207751403},
        {4.0, 0.9999999845827421},
        {5.0, 0.99999999999846254},
    };

    private final int threads = Parallel.threads();

    @AfterEach
    void restoreThreads() {
        Parallel.threads(threads);
    }

    /// The functions written out once more, in double.
    private static DoubleUnaryOperator reference(UnaryOp op, double p0, double p1) {
        return switch (op) {
            case NEG -> x -> -x;
            case ABS -> Math::abs;
            case SIGN -> Math::signum;
            case SQUARE -> x -> x * x;
            case SQRT -> Math::sqrt;
            case RSQRT -> x -> Math.pow(x, -0.5);
            case RECIPROCAL -> x -> 1 / x;
            case EXP -> Math::exp;
            case EXPM1 -> Math::expm1;
            case LOG -> Math::log;
            case LOG1P -> Math::log1p;
            case SIN -> Math::sin;
            case COS -> Math::cos;
            case TANH -> Math::tanh;
            case ERF -> UnaryTest::erf;
            case SIGMOID -> x -> (1 + Math.tanh(x / 2)) / 2;
            case LOG_SIGMOID -> x -> x < -30 ? x : -Math.log1p(Math.exp(-x));
            case RELU -> x -> Math.max(x, 0);
            case SILU -> x -> x * (1 + Math.tanh(x / 2)) / 2;
            case GELU_TANH -> x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case GELU_ERF -> x -> 0.5 * x * (1 + erf(x / Math.sqrt(2)));
            case SOFTPLUS -> x -> x * p0 > p1 ? x : Math.log(1 + Math.exp(x * p0)) / p0;
            case CLAMP -> x -> Math.max(p0, Math.min(p1, x));
            case POW -> x -> Math.pow(x, p0);
            case ADD_SCALAR -> x -> x + p0;
            case MUL_SCALAR -> x -> x * p0;
            case FLOOR -> Math::floor;
            case CEIL -> Math::ceil;
            case ROUND -> Math::rint;
            case NOT -> x -> x == 0 ? 1 : 0;
        };
    }

    /// The integral of the density by Simpson's rule.
    private static double erf(double x) {
        int steps = 400;
        double h = x / steps;
        double sum = 1 + Math.exp(-x * x);
        for (int i = 1; i < steps; i++) {
            double t = i * h;
            sum += (i % 2 == 0 ? 2 : 4) * Math.exp(-t * t);
        }
        return Math.abs(x) > 6 ? Math.signum(x) : 2 / Math.sqrt(Math.PI) * sum * h / 3;
    }

    private static boolean positiveOnly(UnaryOp op) {
        return op == UnaryOp.SQRT || op == UnaryOp.RSQRT || op == UnaryOp.LOG || op == UnaryOp.LOG1P;
    }

    private static double p0(UnaryOp op) {
        return switch (op) {
            case SOFTPLUS -> 1.5;
            case CLAMP -> -0.75;
            case POW -> 3;
            default -> 0.625;
        };
    }

    private static double p1(UnaryOp op) {
        return op == UnaryOp.SOFTPLUS ? 20 : 1.25;
    }

    private static float[] inputs(UnaryOp op, int n) {
        float[] values = Buffers.random(n, n, 3);
        for (int i = 0; positiveOnly(op) && i < n; i++) {
            values[i] = Math.abs(values[i]) + 1e-6f;
        }
        return values;
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NOT")
    void f32AgreesWithDoubleAtAllSizes(UnaryOp op) {
        DoubleUnaryOperator reference = reference(op, p0(op), p1(op));
        for (int n : Buffers.sizes()) {
            float[] x = inputs(op, n);
            long y = Buffers.bytes(4L * n + 4);
            Mem.f32(y + 4L * n, 77);
            Elementwise.unary(op, DType.F32, n, Buffers.of(x), y, p0(op), p1(op));
            float[] got = Buffers.floats(y, n);
            for (int i = 0; i < n; i++) {
                double want = reference.applyAsDouble(x[i]);
                if (!(Math.abs(got[i] - want) <= 4e-7 * Math.abs(want) + 3e-7)) {
                    assertThat((double) got[i])
                            .as("%s(%s) at %d of %d", op, x[i], i, n)
                            .isEqualTo(want);
                }
            }
            assertThat(Mem.f32(y + 4L * n)).as("the element after the last").isEqualTo(77);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NOT")
    void f64AgreesWithDouble(UnaryOp op) {
        DoubleUnaryOperator reference = reference(op, p0(op), p1(op));
        int n = 203;
        double[] x = new double[n];
        float[] from = inputs(op, n);
        for (int i = 0; i < n; i++) {
            x[i] = from[i];
        }
        long at = Buffers.of(x);
        Elementwise.unary(op, DType.F64, n, at, at, p0(op), p1(op));
        double[] got = Buffers.doubles(at, n);
        double precision = op == UnaryOp.ERF || op == UnaryOp.GELU_ERF ? 1e-11 : 1e-13; // Simpson's
        for (int i = 0; i < n; i++) {
            double want = reference.applyAsDouble(x[i]);
            assertThat(Math.abs(got[i] - want))
                    .as("%s(%s)", op, x[i])
                    .isLessThanOrEqualTo(precision * (1 + Math.abs(want)));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EXP", "LOG", "TANH", "ERF", "SIGMOID", "SILU", "SQRT", "RSQRT", "GELU_TANH"})
    void f32IsWithinAFewUlp(UnaryOp op) {
        int n = 60_000;
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            double t = -1 + 2.0 * i / n;
            x[i] = (float) (positiveOnly(op) ? Math.exp(t * 87) : t * (op == UnaryOp.GELU_TANH ? 2 : 12));
        }
        long y = Buffers.bytes(4L * n);
        Elementwise.unary(op, DType.F32, n, Buffers.of(x), y, 0, 0);
        double worst = 0;
        for (int i = 0; i < n; i++) {
            double want = ScalarMath.unary(op, (double) x[i], 0, 0);
            worst = Math.max(worst, Math.abs(Mem.f32(y + 4L * i) - want) / Math.ulp((float) want));
        }
        double limit = op == UnaryOp.GELU_TANH ? 10 : 2.6;
        assertThat(worst).as("ulp of %s", op).isLessThan(limit);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NOT")
    void bitsDependNeitherOnThreadsNorOnPosition(UnaryOp op) {
        int n = 3 * Blocks.SIZE + 5;
        long x = Buffers.of(inputs(op, n));
        long y = Buffers.bytes(4L * n);
        Parallel.threads(1);
        Elementwise.unary(op, DType.F32, n, x, y, p0(op), p1(op));
        int[] one = Buffers.ints(y, n);
        for (int t : new int[] {2, 3, 7}) {
            Parallel.threads(t);
            Elementwise.unary(op, DType.F32, n, x, y, p0(op), p1(op));
            assertThat(Buffers.ints(y, n)).isEqualTo(one);
        }
        for (int i = 0; i < 40; i++) {
            Elementwise.unary(op, DType.F32, 1, x + 4L * i, y, p0(op), p1(op));
            assertThat(Mem.i32(y)).isEqualTo(one[i]);
        }
    }

    private static float at(UnaryOp op, float x, double p0, double p1) {
        long y = Buffers.of(x);
        Elementwise.unary(op, DType.F32, 1, y, y, p0, p1);
        float alone = Mem.f32(y);
        float[] full = new float[4 * Mem.FS.length()];
        java.util.Arrays.fill(full, x);
        long many = Buffers.of(full);
        Elementwise.unary(op, DType.F32, full.length, many, many, p0, p1);
        assertThat(Float.isNaN(alone) ? Float.isNaN(Mem.f32(many)) : Mem.i32(many) == Mem.i32(y))
                .isTrue();
        return alone;
    }

    private static float at(UnaryOp op, float x) {
        return at(op, x, 1, 20);
    }

    @Test
    void edges() {
        assertThat(at(UnaryOp.EXP, -INF)).isEqualTo(0f);
        assertThat(at(UnaryOp.EXP, 89f)).isEqualTo(INF);
        assertThat(at(UnaryOp.EXP, INF)).isEqualTo(INF);
        assertThat(at(UnaryOp.EXP, 0f)).isEqualTo(1f);
        assertThat(at(UnaryOp.LOG, 0f)).isEqualTo(-INF);
        assertThat(at(UnaryOp.LOG, -0f)).isEqualTo(-INF);
        assertThat(at(UnaryOp.LOG, -1f)).isNaN();
        assertThat(at(UnaryOp.LOG, INF)).isEqualTo(INF);
        assertThat(at(UnaryOp.LOG, 1f)).isEqualTo(0f);
        assertThat(at(UnaryOp.LOG, Float.MIN_VALUE))
                .isCloseTo(-103.278929f, org.assertj.core.data.Offset.offset(1e-5f));
        assertThat(at(UnaryOp.TANH, 20f)).isEqualTo(1f);
        assertThat(at(UnaryOp.TANH, -INF)).isEqualTo(-1f);
        assertThat(at(UnaryOp.TANH, 1e-30f)).isEqualTo(1e-30f);
        assertThat(at(UnaryOp.ERF, INF)).isEqualTo(1f);
        assertThat(at(UnaryOp.ERF, -9f)).isEqualTo(-1f);
        assertThat(at(UnaryOp.SIGMOID, -INF)).isEqualTo(0f);
        assertThat(at(UnaryOp.SIGMOID, INF)).isEqualTo(1f);
        assertThat(at(UnaryOp.SOFTPLUS, -INF)).isEqualTo(0f);
        assertThat(at(UnaryOp.SOFTPLUS, 1000f)).isEqualTo(1000f);
        assertThat(at(UnaryOp.LOG_SIGMOID, -1000f)).isEqualTo(-1000f);
        assertThat(at(UnaryOp.LOG_SIGMOID, 1000f)).isEqualTo(0f);
        assertThat(at(UnaryOp.RSQRT, 0f)).isEqualTo(INF);
        assertThat(at(UnaryOp.RECIPROCAL, -0f)).isEqualTo(-INF);
        assertThat(at(UnaryOp.ROUND, 2.5f)).isEqualTo(2f);
        assertThat(at(UnaryOp.ROUND, -1.5f)).isEqualTo(-2f);
        assertThat(at(UnaryOp.CLAMP, INF, -1, 2)).isEqualTo(2f);
        assertThat(at(UnaryOp.CLAMP, -INF, -1, INF)).isEqualTo(-1f);
        assertThat(at(UnaryOp.CLAMP, 5f, 3, 1)).isEqualTo(1f);
        assertThat(at(UnaryOp.POW, -2f, 3, 0)).isEqualTo(-8f);
        assertThat(at(UnaryOp.POW, 1f, Double.NaN, 0)).isEqualTo(1f);
        assertThat(at(UnaryOp.POW, -INF, 0.5, 0)).isEqualTo(INF);
        assertThat(at(UnaryOp.POW, -8f, 1.0 / 3, 0)).isNaN();
    }

    @ParameterizedTest
    @EnumSource(
            names = {"SIGN", "NOT"},
            mode = EnumSource.Mode.EXCLUDE)
    void nanStaysNan(UnaryOp op) {
        assertThat(at(op, Float.NaN)).isNaN();
        assertThat(at(op, Float.intBitsToFloat(0xffc00001))).isNaN();
    }

    @Test
    void erfOfTheTable() {
        for (double[] pair : ERF) {
            assertThat(ScalarMath.erf(pair[0])).isCloseTo(pair[1], org.assertj.core.data.Offset.offset(5e-16));
            assertThat(ScalarMath.erf(-pair[0])).isCloseTo(-pair[1], org.assertj.core.data.Offset.offset(5e-16));
            assertThat((double) at(UnaryOp.ERF, (float) pair[0]))
                    .isCloseTo(pair[1], org.assertj.core.data.Offset.offset(1.5e-7));
        }
    }

    @Test
    void integers() {
        long x = Buffers.of(-3L, 0L, 5L, Long.MAX_VALUE);
        long y = Buffers.bytes(64);
        Elementwise.unary(UnaryOp.CLAMP, DType.I64, 4, x, y, -1, Double.POSITIVE_INFINITY);
        assertThat(Buffers.longs(y, 4)).containsExactly(-1, 0, 5, Long.MAX_VALUE);
        Elementwise.unary(UnaryOp.SQUARE, DType.I64, 3, x, y, 0, 0);
        assertThat(Buffers.longs(y, 3)).containsExactly(9, 0, 25);
        Elementwise.unary(UnaryOp.NEG, DType.I32, 3, Buffers.of(1, -2, 0), y, 0, 0);
        assertThat(Buffers.ints(y, 3)).containsExactly(-1, 2, 0);
        Elementwise.unary(UnaryOp.NOT, DType.BOOL, 2, Buffers.of((byte) 0, (byte) 1), y, 0, 0);
        assertThat(Buffers.bytes(y, 2)).containsExactly(1, 0);
    }
}
