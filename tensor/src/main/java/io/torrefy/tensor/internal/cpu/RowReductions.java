package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.torrefy.tensor.internal.ReduceOp;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// F32 reductions of contiguous rows. A row is cut into blocks of a fixed size, and a block into runs, in which four
/// vectors accumulate side by side; the sums of runs are added in double lanes. `reduceLanes(ADD)` is avoided: its
/// order
/// is unspecified and differs between the interpreter and compiled code.
final class RowReductions {
    private static final int L = Mem.FS.length();
    private static final int BLOCK = 16 * 1024;

    /// Elements that are added in f32: 16 a lane.
    private static final int RUN = 64 * L;

    private RowReductions() {}

    static void reduce(ReduceOp op, long rows, long n, long x, long y) {
        if (op == ReduceOp.ARGMAX || op == ReduceOp.ARGMIN) {
            eachRow(rows, n, (start, count) -> {
                for (long r = start; r < start + count; r++) {
                    Mem.i64(y + 8 * r, argument(op == ReduceOp.ARGMAX, n, x + 4 * r * n));
                }
            });
        } else if (n <= BLOCK) {
            eachRow(rows, n, (start, count) -> {
                for (long r = start; r < start + count; r++) {
                    Mem.f32(y + 4 * r, (float) block(op, (int) n, x + 4 * r * n));
                }
            });
        } else {
            longRows(op, rows, n, x, y);
        }
    }

    private static void eachRow(long rows, long n, Blocks.Body body) {
        Blocks.run(rows, (int) Math.max(1, Blocks.SIZE / n), (int) Math.max(1, Blocks.SERIAL / n), body);
    }

    private static void longRows(ReduceOp op, long rows, long n, long x, long y) {
        long blocks = (n + BLOCK - 1) / BLOCK;
        double[] partial = new double[Math.toIntExact(rows * blocks)];
        Blocks.run(partial.length, 2, 4, (start, count) -> {
            for (long unit = start; unit < start + count; unit++) {
                long first = unit % blocks * BLOCK;
                long at = x + 4 * (unit / blocks * n + first);
                partial[(int) unit] = block(op, (int) Math.min(BLOCK, n - first), at);
            }
        });
        for (long r = 0; r < rows; r++) {
            int first = (int) (r * blocks);
            double result = partial[first];
            for (int b = 1; b < blocks; b++) {
                result = combine(op, result, partial[first + b]);
            }
            Mem.f32(y + 4 * r, (float) result);
        }
    }

    private static double combine(ReduceOp op, double a, double b) {
        return switch (op) {
            case SUM -> a + b;
            case MAX -> Math.max(a, b);
            default -> Math.min(a, b);
        };
    }

    private static double block(ReduceOp op, int n, long x) {
        int full = Mem.FS.loopBound(n);
        double result;
        if (full == 0) {
            result = op == ReduceOp.SUM ? 0 : Mem.f32(x);
        } else {
            result = switch (op) {
                case SUM -> sum(full, x);
                case MAX -> max(full, x);
                default -> min(full, x);
            };
        }
        for (int i = full; i < n; i++) {
            result = combine(op, result, Mem.f32(x + 4L * i));
        }
        return result;
    }

    /// Written without helpers that take or return vectors: see `Exponentials`.
    private static double sum(int n, long x) {
        DoubleVector low = DoubleVector.zero(Mem.DS);
        DoubleVector high = DoubleVector.zero(Mem.DS);
        for (int start = 0; start < n; start += RUN) {
            int end = Math.min(n, start + RUN);
            FloatVector s0 = FloatVector.zero(Mem.FS);
            FloatVector s1 = FloatVector.zero(Mem.FS);
            FloatVector s2 = FloatVector.zero(Mem.FS);
            FloatVector s3 = FloatVector.zero(Mem.FS);
            int i = start;
            for (; i <= end - 4 * L; i += 4 * L) {
                s0 = s0.add(FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, x + 4L * i, Mem.ORDER));
                s1 = s1.add(FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, x + 4L * (i + L), Mem.ORDER));
                s2 = s2.add(FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, x + 4L * (i + 2 * L), Mem.ORDER));
                s3 = s3.add(FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, x + 4L * (i + 3 * L), Mem.ORDER));
            }
            for (; i < end; i += L) {
                s0 = s0.add(FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, x + 4L * i, Mem.ORDER));
            }
            FloatVector run = s0.add(s1).add(s2.add(s3));
            low = low.add(run.convertShape(VectorOperators.F2D, Mem.DS, 0));
            high = high.add(run.convertShape(VectorOperators.F2D, Mem.DS, 1));
        }
        long scratch = Scratch.get().tail(0);
        low.add(high).intoMemorySegment(Mem.ALL, scratch, Mem.ORDER);
        return lanes(scratch);
    }

    /// The sum of L/2 doubles in a fixed order.
    private static double lanes(long x) {
        double a = 0;
        double b = 0;
        for (int i = 0; i < L / 2; i += 2) {
            a += Mem.f64(x + 8L * i);
            b += Mem.f64(x + 8L * i + 8);
        }
        return a + b;
    }

    private static double max(int n, long x) {
        FloatVector m0 = fromMemorySegment(FS, ALL, x, ORDER);
        FloatVector m1 = m0;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            m0 = m0.max(fromMemorySegment(FS, ALL, x + 4L * i, ORDER));
            m1 = m1.max(fromMemorySegment(FS, ALL, x + 4L * (i + L), ORDER));
        }
        for (; i < n; i += L) {
            m0 = m0.max(fromMemorySegment(FS, ALL, x + 4L * i, ORDER));
        }
        return m0.max(m1).reduceLanes(VectorOperators.MAX);
    }

    private static double min(int n, long x) {
        FloatVector m0 = fromMemorySegment(FS, ALL, x, ORDER);
        FloatVector m1 = m0;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            m0 = m0.min(fromMemorySegment(FS, ALL, x + 4L * i, ORDER));
            m1 = m1.min(fromMemorySegment(FS, ALL, x + 4L * (i + L), ORDER));
        }
        for (; i < n; i += L) {
            m0 = m0.min(fromMemorySegment(FS, ALL, x + 4L * i, ORDER));
        }
        return m0.min(m1).reduceLanes(VectorOperators.MIN);
    }

    /// The extreme first, then the first place that holds it: two fast passes beat one that carries indices.
    private static long argument(boolean max, long n, long x) {
        ReduceOp op = max ? ReduceOp.MAX : ReduceOp.MIN;
        double extreme = Mem.f32(x);
        for (long start = 0; start < n; start += BLOCK) {
            extreme = combine(op, extreme, block(op, (int) Math.min(BLOCK, n - start), x + 4 * start));
        }
        for (long start = 0; start < n; start += BLOCK) {
            int found = find((float) extreme, (int) Math.min(BLOCK, n - start), x + 4 * start);
            if (found >= 0) {
                return start + found;
            }
        }
        throw new IllegalStateException("[argmax] the row changed while it was read");
    }

    private static int find(float value, int n, long x) {
        int full = Mem.FS.loopBound(n);
        boolean nan = Float.isNaN(value);
        for (int i = 0; i < full; i += L) {
            FloatVector v = fromMemorySegment(FS, ALL, x + 4L * i, ORDER);
            VectorMask<Float> hit = nan ? v.test(VectorOperators.IS_NAN) : v.compare(VectorOperators.EQ, value);
            if (hit.anyTrue()) {
                return i + hit.firstTrue();
            }
        }
        for (int i = full; i < n; i++) {
            float v = Mem.f32(x + 4L * i);
            if (nan ? Float.isNaN(v) : v == value) {
                return i;
            }
        }
        return -1;
    }
}
