package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static io.torrefy.tensor.internal.cpu.Mem.f32;
import static io.torrefy.tensor.internal.cpu.Rows.L;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Softmax and log-softmax by rows, with the row's maximum subtracted. A row of -infinity, and one that holds +infinity
/// or NaN, gives NaN, as torch does.
final class Softmax {
    private Softmax() {}

    static void softmax(long rows, long n, long x, long y) {
        int columns = Math.toIntExact(n);
        Rows.run(rows, n, (_, first, count) -> {
            long at = 4 * n * first;
            if (Mem.VECTOR) {
                softmaxRows(count, columns, x + at, y + at);
            } else {
                SoftmaxScalar.softmax(count, n, x + at, y + at);
            }
        });
    }

    private static void softmaxRows(long rows, int n, long x, long y) {
        for (long r = 0; r < rows; r++) {
            long at = 4L * n * r;
            double sum = RowExp.store(x + at, n, RowSums.max(x + at, n), y + at);
            RowExp.rescale(y + at, n, (float) (1 / sum), 0f);
        }
    }

    /// `dx = y (dy - sum(y dy))`.
    static void softmaxBackward(long rows, long n, long y, long dy, long dx) {
        int columns = Math.toIntExact(n);
        Rows.run(rows, n, (_, first, count) -> {
            long at = 4 * n * first;
            if (Mem.VECTOR) {
                softmaxBackwardRows(count, columns, y + at, dy + at, dx + at);
            } else {
                SoftmaxScalar.softmaxBackward(count, n, y + at, dy + at, dx + at);
            }
        });
    }

    private static void softmaxBackwardRows(long rows, int n, long y, long dy, long dx) {
        for (long r = 0; r < rows; r++) {
            long at = 4L * n * r;
            softmaxGradient(y + at, dy + at, n, (float) RowSums.dot(y + at, dy + at, n), dx + at);
        }
    }

    private static void softmaxGradient(long y, long dy, int n, float dot, long dx) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            fromMemorySegment(FS, ALL, dy + 4L * i, ORDER)
                    .sub(dot)
                    .mul(fromMemorySegment(FS, ALL, y + 4L * i, ORDER))
                    .intoMemorySegment(ALL, dx + 4L * i, ORDER);
        }
        if (i < n) {
            VectorMask<Float> tail = Rows.below(n - i);
            FloatVector g = fromMemorySegment(FS, ALL, dy + 4L * i, ORDER, tail).sub(dot);
            g.mul(fromMemorySegment(FS, ALL, y + 4L * i, ORDER, tail)).intoMemorySegment(ALL, dx + 4L * i, ORDER, tail);
        }
    }

    static void logSoftmax(long rows, long n, long x, long y) {
        int columns = Math.toIntExact(n);
        Rows.run(rows, n, (_, first, count) -> {
            long at = 4 * n * first;
            if (Mem.VECTOR) {
                logSoftmaxRows(count, columns, x + at, y + at);
            } else {
                SoftmaxScalar.logSoftmax(count, n, x + at, y + at);
            }
        });
    }

    private static void logSoftmaxRows(long rows, int n, long x, long y) {
        for (long r = 0; r < rows; r++) {
            long at = 4L * n * r;
            float max = RowSums.max(x + at, n);
            double sum = RowExp.sum(x + at, n, 1f, max);
            subtract(x + at, n, max, (float) Math.log(sum), y + at);
        }
    }

    /// `y = (x - max) - log`: both at once would lose the digits of a small log beside a large maximum.
    private static void subtract(long x, int n, float max, float log, long y) {
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            fromMemorySegment(FS, ALL, x + 4L * i, ORDER).sub(max).sub(log).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        if (i < n) {
            VectorMask<Float> tail = Rows.below(n - i);
            fromMemorySegment(FS, ALL, x + 4L * i, ORDER, tail)
                    .sub(max)
                    .sub(log)
                    .intoMemorySegment(ALL, y + 4L * i, ORDER, tail);
        }
    }

    /// `dx = dy - exp(y) sum(dy)`.
    static void logSoftmaxBackward(long rows, long n, long y, long dy, long dx) {
        int columns = Math.toIntExact(n);
        Rows.run(rows, n, (_, first, count) -> {
            long at = 4 * n * first;
            if (Mem.VECTOR) {
                logSoftmaxBackwardRows(count, columns, y + at, dy + at, dx + at);
            } else {
                SoftmaxScalar.logSoftmaxBackward(count, n, y + at, dy + at, dx + at);
            }
        });
    }

    private static void logSoftmaxBackwardRows(long rows, int n, long y, long dy, long dx) {
        for (long r = 0; r < rows; r++) {
            long at = 4L * n * r;
            logSoftmaxGradient(y + at, dy + at, n, (float) RowSums.sum(dy + at, n), dx + at);
        }
    }

    /// In two loops: see `RowExp`.
    private static void logSoftmaxGradient(long y, long dy, int n, float sum, long dx) {
        RowExp.store(y, n, 0f, dx);
        FloatVector minus = FloatVector.broadcast(Mem.FS, -sum);
        int i = 0;
        for (int end = Rows.whole(n); i < end; i += L) {
            FloatVector p = fromMemorySegment(FS, ALL, dx + 4L * i, ORDER);
            p.fma(minus, fromMemorySegment(FS, ALL, dy + 4L * i, ORDER)).intoMemorySegment(ALL, dx + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            f32(dx + 4L * i, Math.fma(f32(dx + 4L * i), -sum, f32(dy + 4L * i)));
        }
    }
}
