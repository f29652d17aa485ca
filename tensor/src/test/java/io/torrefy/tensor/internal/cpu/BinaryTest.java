package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.BinaryOp;
import io.torrefy.tensor.internal.CompareOp;
import io.torrefy.tensor.internal.UnaryOp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BinaryTest {
    private final int threads = Parallel.threads();

    @AfterEach
    void restoreThreads() {
        Parallel.threads(threads);
    }

    /// A shape with the strides of its two arguments, whose storage has `aSize` and `bSize` elements.
    private record Case(String name, long[] shape, long[] a, long[] b, int aSize, int bSize) {}

    private static long[] l(long... values) {
        return values;
    }

    private static Case[] cases() {
        return new Case[] {
            new Case("scalars", l(), l(), l(), 1, 1),
            new Case("b scalar", l(300), l(1), l(0), 300, 1),
            new Case("a scalar", l(300), l(0), l(1), 1, 300),
            new Case("both scalar", l(20), l(0), l(0), 1, 1),
            new Case("row", l(7, 67), l(67, 1), l(0, 1), 469, 67),
            new Case("column", l(7, 67), l(67, 1), l(1, 0), 469, 7),
            new Case("outer product", l(40, 45), l(1, 0), l(0, 1), 40, 45),
            new Case("short rows", l(500, 3), l(3, 1), l(1, 0), 1500, 500),
            new Case("transposed", l(33, 70), l(1, 33), l(70, 1), 33 * 70, 33 * 70),
            new Case("steps", l(50), l(3), l(2), 150, 100),
            new Case("middle", l(3, 5, 40), l(200, 40, 1), l(40, 0, 1), 600, 120),
            new Case("sliced", l(4, 40), l(50, 1), l(41, 1), 200, 200),
            new Case("large row", l(90, 1000), l(1000, 1), l(0, 1), 90_000, 1000),
            new Case("large column", l(90, 1000), l(1000, 1), l(1, 0), 90_000, 90),
            new Case("large transposed", l(300, 301), l(1, 300), l(301, 1), 300 * 301, 300 * 301),
            new Case("large scalar", l(100_000), l(0), l(1), 1, 100_000),
            new Case("empty", l(3, 0, 2), l(0, 2, 1), l(0, 2, 1), 1, 1),
            new Case("ones", l(1, 40, 1), l(9, 1, 7), l(3, 1, 0), 40, 40),
        };
    }

    private static int offset(long[] shape, long[] strides, int flat) {
        long rest = flat;
        long at = 0;
        for (int d = shape.length - 1; d >= 0; d--) {
            at += rest % shape[d] * strides[d];
            rest /= shape[d];
        }
        return (int) at;
    }

    private static double reference(BinaryOp op, double a, double b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case POW -> Math.pow(a, b);
            case MAXIMUM -> Math.max(a, b);
            case MINIMUM -> Math.min(a, b);
            case REMAINDER -> a - b * Math.floor(a / b);
            case RELU_GRAD -> a > 0 ? b : 0;
            case SILU_GRAD -> b * slope(UnaryOp.SILU, a);
            case GELU_TANH_GRAD -> b * slope(UnaryOp.GELU_TANH, a);
            case GELU_ERF_GRAD -> b * slope(UnaryOp.GELU_ERF, a);
            case SIGMOID_GRAD -> b * a * (1 - a);
            case TANH_GRAD -> b * (1 - a * a);
        };
    }

    /// Five-point central difference.
    private static double slope(UnaryOp op, double x) {
        double h = 1e-3;
        return (8 * (f(op, x + h) - f(op, x - h)) - (f(op, x + 2 * h) - f(op, x - 2 * h))) / (12 * h);
    }

    private static double f(UnaryOp op, double x) {
        return ScalarMath.unary(op, x, 0, 0);
    }

    @ParameterizedTest
    @EnumSource
    void agreesWithDoubleInAllLayouts(BinaryOp op) {
        for (Case c : cases()) {
            float[] a = Buffers.random(c.aSize, 1, 1.5);
            float[] b = Buffers.random(c.bSize, 2, 1.5);
            if (op == BinaryOp.POW) {
                for (int i = 0; i < a.length; i++) {
                    a[i] = Math.abs(a[i]);
                }
            }
            int n = (int) Layout.count(c.shape);
            long y = Buffers.bytes(4L * n + 4);
            long y64 = Buffers.bytes(8L * n);
            Mem.f32(y + 4L * n, 77);
            Elementwise.binary(op, DType.F32, c.shape, Buffers.of(a), c.a, Buffers.of(b), c.b, y);
            Elementwise.binary(op, DType.F64, c.shape, Buffers.of(wide(a)), c.a, Buffers.of(wide(b)), c.b, y64);
            for (int i = 0; i < n; i++) {
                double left = a[offset(c.shape, c.a, i)];
                double right = b[offset(c.shape, c.b, i)];
                double want = reference(op, left, right);
                double got = Mem.f32(y + 4L * i);
                double got64 = Mem.f64(y64 + 8L * i);
                if (!(Math.abs(got - want) <= 5e-7 + 5e-7 * Math.abs(want) || (got == want))) {
                    assertThat(got)
                            .as("%s %s(%s, %s) at %d", c.name, op, left, right, i)
                            .isEqualTo(want);
                }
                if (!(Math.abs(got64 - want) <= 3e-11 + 1e-13 * Math.abs(want) || (got64 == want))) {
                    assertThat(got64)
                            .as("f64 %s %s(%s, %s) at %d", c.name, op, left, right, i)
                            .isEqualTo(want);
                }
            }
            assertThat(Mem.f32(y + 4L * n)).as("the element after the last").isEqualTo(77);
        }
    }

    private static double[] wide(float[] values) {
        double[] result = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = values[i];
        }
        return result;
    }

    @ParameterizedTest
    @EnumSource(names = {"ADD", "SILU_GRAD", "REMAINDER"})
    void denseSizesInPlaceAndThreads(BinaryOp op) {
        for (int n : Buffers.sizes()) {
            float[] a = Buffers.random(n, 3, 2);
            long b = Buffers.of(Buffers.random(n, 4, 2));
            int[] first = null;
            for (int t : new int[] {1, 2, 3, 7}) {
                Parallel.threads(t);
                long at = Buffers.of(a);
                Elementwise.binary(op, DType.F32, l(n), at, l(1), b, l(1), at);
                int[] bits = Buffers.ints(at, n);
                first = first == null ? bits : first;
                assertThat(bits).isEqualTo(first);
            }
            for (int i = 0; i < n; i += 97) {
                double want = reference(op, a[i], Mem.f32(b + 4L * i));
                assertThat((double) Float.intBitsToFloat(first[i]))
                        .isCloseTo(want, org.assertj.core.data.Offset.offset(1e-6 + 1e-6 * Math.abs(want)));
            }
        }
    }

    private static float f32(BinaryOp op, float a, float b) {
        long y = Buffers.bytes(4);
        Elementwise.binary(op, DType.F32, l(), Buffers.of(a), l(), Buffers.of(b), l(), y);
        return Mem.f32(y);
    }

    @Test
    void edgesAsInC() {
        float inf = Float.POSITIVE_INFINITY;
        assertThat(f32(BinaryOp.MAXIMUM, Float.NaN, 1)).isNaN();
        assertThat(f32(BinaryOp.MINIMUM, 1, Float.NaN)).isNaN();
        assertThat(f32(BinaryOp.REMAINDER, -5, 3)).isEqualTo(1);
        assertThat(f32(BinaryOp.REMAINDER, 5, -3)).isEqualTo(-1);
        assertThat(f32(BinaryOp.REMAINDER, -1, inf)).isEqualTo(inf);
        assertThat(f32(BinaryOp.REMAINDER, 1, 0)).isNaN();
        assertThat(f32(BinaryOp.POW, -1, inf)).isEqualTo(1);
        assertThat(f32(BinaryOp.POW, 1, Float.NaN)).isEqualTo(1);
        assertThat(f32(BinaryOp.POW, -0f, -1)).isEqualTo(-inf);
        assertThat(f32(BinaryOp.DIV, 1, -0f)).isEqualTo(-inf);
        assertThat(f32(BinaryOp.RELU_GRAD, Float.NaN, 2)).isEqualTo(2);
    }

    @Test
    void integers() {
        long a = Buffers.of(5L, -5L, 2L, -1L, 0L);
        long b = Buffers.of(-3L, 3L, 10L, -3L, 0L);
        long y = Buffers.bytes(64);
        Elementwise.binary(BinaryOp.REMAINDER, DType.I64, l(2), a, l(1), b, l(1), y);
        assertThat(Buffers.longs(y, 2)).containsExactly(-1, 1);
        Elementwise.binary(BinaryOp.POW, DType.I64, l(3), a + 16, l(1), b + 16, l(1), y);
        assertThat(Buffers.longs(y, 3)).containsExactly(1024, -1, 1);
        Elementwise.binary(BinaryOp.MUL, DType.I32, l(2, 2), Buffers.of(1, 2), l(1, 0), Buffers.of(3, 4), l(0, 1), y);
        assertThat(Buffers.ints(y, 4)).containsExactly(3, 4, 6, 8);
    }

    @ParameterizedTest
    @EnumSource(names = {"EQ", "NE", "LT", "LE", "GT", "GE"})
    void comparesWithNan(CompareOp op) {
        float[] a = {1, 2, 2, Float.NaN, 0f, Float.POSITIVE_INFINITY};
        float[] b = {2, 1, 2, Float.NaN, -0f, Float.POSITIVE_INFINITY};
        long y = Buffers.bytes(8);
        Elementwise.compare(op, DType.F32, l(6), Buffers.of(a), l(1), Buffers.of(b), l(1), y);
        for (int i = 0; i < 6; i++) {
            boolean want = switch (op) {
                case EQ -> a[i] == b[i];
                case NE -> a[i] != b[i];
                case LT -> a[i] < b[i];
                case LE -> a[i] <= b[i];
                case GT -> a[i] > b[i];
                default -> a[i] >= b[i];
            };
            assertThat(Mem.i8(y + i)).as("%s %s %s", a[i], op, b[i]).isEqualTo((byte) (want ? 1 : 0));
        }
    }

    @Test
    void comparesOtherTypesBroadcast() {
        long y = Buffers.bytes(64);
        Elementwise.compare(
                CompareOp.GT,
                DType.I64,
                l(2, 3),
                Buffers.of(1L, Long.MAX_VALUE),
                l(1, 0),
                Buffers.of(0L, 1L, Long.MAX_VALUE - 1),
                l(0, 1),
                y);
        assertThat(Buffers.bytes(y, 6)).containsExactly(1, 0, 0, 1, 1, 1);
        Elementwise.compare(
                CompareOp.LT, DType.U8, l(2), Buffers.of((byte) 200, (byte) 3), l(1), Buffers.of((byte) 5), l(0), y);
        assertThat(Buffers.bytes(y, 2)).containsExactly(0, 1);
        long p = Buffers.of((byte) 0, (byte) 0, (byte) 1, (byte) 1);
        long q = Buffers.of((byte) 0, (byte) 1, (byte) 0, (byte) 1);
        Elementwise.compare(CompareOp.XOR, DType.BOOL, l(4), p, l(1), q, l(1), y);
        assertThat(Buffers.bytes(y, 4)).containsExactly(0, 1, 1, 0);
        Elementwise.compare(CompareOp.AND, DType.BOOL, l(4), p, l(1), q, l(1), y);
        assertThat(Buffers.bytes(y, 4)).containsExactly(0, 0, 0, 1);
        Elementwise.compare(CompareOp.OR, DType.BOOL, l(4), p, l(1), q, l(1), y);
        assertThat(Buffers.bytes(y, 4)).containsExactly(0, 1, 1, 1);
    }

    @Test
    void whereSelectsInEverySize() {
        int n = 70_000;
        byte[] c = new byte[n];
        float[] a = Buffers.random(n, 5, 1);
        for (int i = 0; i < n; i++) {
            c[i] = (byte) (i % 3 == 0 ? 1 : 0);
        }
        long y = Buffers.bytes(8L * n);
        Elementwise.where(DType.F32, l(n), Buffers.of(c), l(1), Buffers.of(a), l(1), Buffers.of(-1f), l(0), y);
        for (int i = 0; i < n; i++) {
            assertThat(Mem.f32(y + 4L * i)).isEqualTo(i % 3 == 0 ? a[i] : -1f);
        }
        long mask = Buffers.of((byte) 1, (byte) 0);
        Elementwise.where(DType.I64, l(2, 2), mask, l(1, 0), Buffers.of(7L), l(0, 0), Buffers.of(8L, 9L), l(0, 1), y);
        assertThat(Buffers.longs(y, 4)).containsExactly(7, 7, 8, 9);
        Elementwise.where(DType.BOOL, l(2), mask, l(1), mask, l(0), mask, l(1), y);
        assertThat(Buffers.bytes(y, 2)).containsExactly(1, 0);
    }
}
