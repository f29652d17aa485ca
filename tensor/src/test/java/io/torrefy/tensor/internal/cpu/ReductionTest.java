package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.ReduceOp;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReductionTest {
    private static final int L = Mem.FS.length();
    private final int threads = Parallel.threads();

    @AfterEach
    void restoreThreads() {
        Parallel.threads(threads);
    }

    /// (outer, n, inner).
    private static int[][] shapes() {
        return new int[][] {
            {1, 1, 1}, {3, L - 1, 1}, {3, L, 1}, {2, L + 1, 1}, {5, 4 * L + 3, 1}, {1, 70_001, 1}, {3, 40_003, 1},
            {300, 257, 1}, {1, 5, 3}, {4, 9, L}, {2, 7, L + 1}, {2, 33, 5 * L + 3}, {1, 600, 70}, {2, 513, 1030},
            {40_000, 2, 1}, {100, 3, 400}, {1, 3, 100_000}, {1, 30_000, 3}, {2, 300, 1024 + 1}
        };
    }

    private static double reference(ReduceOp op, float[] x, int first, int n, int step) {
        double sum = 0;
        double product = 1;
        double max = Double.NEGATIVE_INFINITY;
        double min = Double.POSITIVE_INFINITY;
        int argmax = 0;
        int argmin = 0;
        for (int j = 0; j < n; j++) {
            double v = x[first + j * step];
            sum += v;
            product *= v;
            argmax = v > max ? j : argmax;
            argmin = v < min ? j : argmin;
            max = Math.max(max, v);
            min = Math.min(min, v);
        }
        return switch (op) {
            case SUM -> sum;
            case PROD -> product;
            case MAX -> max;
            case MIN -> min;
            case ARGMAX -> argmax;
            case ARGMIN -> argmin;
        };
    }

    @ParameterizedTest
    @EnumSource
    void agreesWithDoubleOnAnyNumberOfThreads(ReduceOp op) {
        boolean argument = op == ReduceOp.ARGMAX || op == ReduceOp.ARGMIN;
        for (int[] s : shapes()) {
            float[] x = Buffers.random(s[0] * s[1] * s[2], 9, 1);
            for (int i = 0; argument && i < x.length; i++) {
                x[i] = Math.round(x[i] * 3); // ties
            }
            long in = Buffers.of(x);
            int lanes = s[0] * s[2];
            long y = Buffers.bytes(8L * lanes);
            byte[] first = null;
            for (int t : new int[] {1, 2, 3, 7}) {
                Parallel.threads(t);
                Elementwise.fill(DType.U8, 8L * lanes, y, 1);
                Reductions.reduce(op, DType.F32, s[0], s[1], s[2], in, y);
                byte[] bits = Buffers.bytes(y, (argument ? 8 : 4) * lanes);
                first = first == null ? bits : first;
                assertThat(Arrays.equals(bits, first))
                        .as("%s with %d threads", Arrays.toString(s), t)
                        .isTrue();
            }
            for (int lane = 0; lane < lanes; lane++) {
                double want = reference(op, x, lane / s[2] * s[1] * s[2] + lane % s[2], s[1], s[2]);
                double got = argument ? Mem.i64(y + 8L * lane) : Mem.f32(y + 4L * lane);
                double tolerance = op == ReduceOp.SUM ? 2e-7 * Math.sqrt(s[1]) * 4 : 1e-6 * Math.abs(want) + 1e-37;
                if (!(Math.abs(got - want) <= tolerance)) {
                    assertThat(got)
                            .as("%s %s lane %d", op, Arrays.toString(s), lane)
                            .isEqualTo(want);
                }
            }
        }
    }

    @Test
    void longSumsStayAccurate() {
        int n = 5_000_000;
        float[] x = new float[n];
        Arrays.fill(x, 0.1f);
        long y = Buffers.bytes(4);
        Reductions.reduce(ReduceOp.SUM, DType.F32, 1, n, 1, Buffers.of(x), y);
        assertThat((double) Mem.f32(y)).isCloseTo((double) 0.1f * n, Offset.offset(0.2));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 40})
    void nanIsTheExtreme(int inner) {
        int n = 3 * L + 5;
        for (int place : new int[] {0, 1, L, n - 1}) {
            float[] x = Buffers.random(n * inner, 4, 1);
            x[place * inner] = Float.NaN;
            long in = Buffers.of(x);
            long y = Buffers.bytes(8L * inner);
            for (ReduceOp op : new ReduceOp[] {ReduceOp.MAX, ReduceOp.MIN}) {
                Reductions.reduce(op, DType.F32, 1, n, inner, in, y);
                assertThat(Mem.f32(y)).isNaN();
            }
            for (ReduceOp op : new ReduceOp[] {ReduceOp.ARGMAX, ReduceOp.ARGMIN}) {
                Reductions.reduce(op, DType.F32, 1, n, inner, in, y);
                assertThat(Mem.i64(y)).isEqualTo(place);
            }
        }
        float[] low = new float[n];
        Arrays.fill(low, Float.NEGATIVE_INFINITY);
        long y = Buffers.bytes(8);
        Reductions.reduce(ReduceOp.ARGMAX, DType.F32, 1, n, 1, Buffers.of(low), y);
        assertThat(Mem.i64(y)).isZero();
    }

    @Test
    void otherTypes() {
        long y = Buffers.bytes(64);
        long longs = Buffers.of(3L, Long.MAX_VALUE, -4L, 2L, 7L, 7L);
        Reductions.reduce(ReduceOp.MAX, DType.I64, 2, 3, 1, longs, y);
        assertThat(Buffers.longs(y, 2)).containsExactly(Long.MAX_VALUE, 7);
        Reductions.reduce(ReduceOp.ARGMAX, DType.I64, 2, 3, 1, longs, y);
        assertThat(Buffers.longs(y, 2)).containsExactly(1, 1);
        Reductions.reduce(ReduceOp.SUM, DType.I64, 1, 2, 3, longs, y);
        assertThat(Buffers.longs(y, 3)).containsExactly(5, Long.MAX_VALUE + 7, 3);
        Reductions.reduce(ReduceOp.SUM, DType.I32, 1, 3, 1, Buffers.of(1, 2, 3), y);
        assertThat(Buffers.ints(y, 1)).containsExactly(6);
        Reductions.reduce(ReduceOp.PROD, DType.F64, 1, 3, 1, Buffers.of(1.5, 2, 3), y);
        assertThat(Buffers.doubles(y, 1)).containsExactly(9);
        Reductions.reduce(ReduceOp.SUM, DType.F32, 2, 0, 1, 0, y);
        assertThat(Buffers.floats(y, 2)).containsExactly(0, 0);
        Reductions.reduce(ReduceOp.PROD, DType.F64, 1, 0, 2, 0, y);
        assertThat(Buffers.doubles(y, 2)).containsExactly(1, 1);
    }

    @Test
    void scansAlongTheMiddle() {
        int n = 1000;
        float[] x = Buffers.random(2 * n * 3, 6, 1);
        long y = Buffers.bytes(4L * x.length);
        Reductions.scan(ReduceOp.SUM, DType.F32, 2, n, 3, Buffers.of(x), y);
        for (int o = 0; o < 2; o++) {
            for (int i = 0; i < 3; i++) {
                double sum = 0;
                for (int j = 0; j < n; j++) {
                    int at = (o * n + j) * 3 + i;
                    sum += x[at];
                    assertThat((double) Mem.f32(y + 4L * at)).isCloseTo(sum, Offset.offset(1e-5));
                }
            }
        }
        Reductions.scan(ReduceOp.PROD, DType.I64, 1, 4, 1, Buffers.of(1L, 2L, -3L, 4L), y);
        assertThat(Buffers.longs(y, 4)).containsExactly(1, 2, -6, -24);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 47, 48, 49, 1000, 40_000})
    void sortsStably(int n) {
        Random random = new Random(n);
        float[] x = new float[n];
        double[] wide = new double[n];
        long[] whole = new long[n];
        for (int i = 0; i < n; i++) {
            int kind = random.nextInt(12);
            x[i] = kind == 0 ? Float.NaN : kind == 1 ? -0f : kind == 2 ? 0f : random.nextInt(200) - 100;
            x[i] = kind == 3 ? Float.NEGATIVE_INFINITY : kind == 4 ? Float.POSITIVE_INFINITY : x[i];
            wide[i] = x[i];
            whole[i] = random.nextLong() >> random.nextInt(64);
        }
        for (boolean descending : new boolean[] {false, true}) {
            Comparator<Integer> up = Comparator.comparingDouble(i -> x[i] + 0f);
            int[] want = order(n, descending ? up.reversed() : up);
            check(DType.F32, n, descending, Buffers.of(x), want);
            check(DType.F64, n, descending, Buffers.of(wide), want);
            Comparator<Integer> longs = Comparator.comparingLong(i -> whole[i]);
            check(DType.I64, n, descending, Buffers.of(whole), order(n, descending ? longs.reversed() : longs));
        }
    }

    private static int[] order(int n, Comparator<Integer> comparator) {
        return IntStream.range(0, n).boxed().sorted(comparator).mapToInt(i -> i).toArray();
    }

    private static void check(DType type, int n, boolean descending, long x, int[] want) {
        int size = type.bytes();
        long values = Buffers.bytes(8L * n);
        long indices = Buffers.bytes(8L * n);
        Reductions.sort(type, 1, n, descending, x, values, indices);
        for (int i = 0; i < n; i++) {
            assertThat(Mem.i64(indices + 8L * i)).isEqualTo(want[i]);
            assertThat(Mem.i32(values + (long) size * i)).isEqualTo(Mem.i32(x + (long) size * want[i]));
        }
    }

    @Test
    void sortsManyRows() {
        float[] x = Buffers.random(3000 * 70, 8, 1);
        long values = Buffers.bytes(4L * x.length);
        long indices = Buffers.bytes(8L * x.length);
        Reductions.sort(DType.F32, 3000, 70, false, Buffers.of(x), values, indices);
        for (int r = 0; r < 3000; r++) {
            float[] row = Arrays.copyOfRange(x, r * 70, r * 70 + 70);
            Arrays.sort(row);
            assertThat(Buffers.floats(values + 280L * r, 70)).isEqualTo(row);
        }
    }
}
