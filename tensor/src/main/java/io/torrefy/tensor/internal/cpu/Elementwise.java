package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.BinaryOp;
import io.torrefy.tensor.internal.CompareOp;
import io.torrefy.tensor.internal.UnaryOp;

/// Element-wise kernels over broadcast shapes: the choice of loop, block and layout. F32 runs in vector loops where
/// there
/// is one (`UnaryKernels`, `BinaryKernels`); everything else in scalar loops over double or long.
final class Elementwise {
    /// Rows shorter than this are packed into chunks before a vector loop runs over them.
    private static final int SHORT_ROW = 32;

    private Elementwise() {}

    static void copy(DType from, DType to, long[] shape, long x, long[] xStrides, long y, long[] yStrides) {
        Copies.copy(from, to, shape, x, xStrides, y, yStrides);
    }

    static void fill(DType type, long n, long y, double value) {
        Copies.fill(type, n, y, value);
    }

    static void unary(UnaryOp op, DType type, long n, long x, long y, double p0, double p1) {
        if (n <= Blocks.SERIAL) {
            unaryBlock(op, type, (int) n, x, y, p0, p1);
            return;
        }
        int size = type.bytes();
        Blocks.run(n, (start, count) -> unaryBlock(op, type, count, x + size * start, y + size * start, p0, p1));
    }

    private static void unaryBlock(UnaryOp op, DType type, int n, long x, long y, double p0, double p1) {
        switch (type) {
            case F32 -> {
                if (Mem.VECTOR && UnaryKernels.supports(op, p0)) {
                    UnaryKernels.run(op, n, x, y, (float) p0, (float) p1);
                } else {
                    unaryF32(op, n, x, y, (float) p0, (float) p1);
                }
            }
            case F64 -> {
                for (int i = 0; i < n; i++) {
                    Mem.f64(y + 8L * i, ScalarMath.unary(op, Mem.f64(x + 8L * i), p0, p1));
                }
            }
            case I64 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i64(y + 8L * i, ScalarMath.unary(op, Mem.i64(x + 8L * i), p0, p1));
                }
            }
            case I32 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i32(y + 4L * i, (int) ScalarMath.unary(op, (long) Mem.i32(x + 4L * i), p0, p1));
                }
            }
            case BOOL, U8 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i8(y + i, (byte) ScalarMath.unary(op, (long) (Mem.i8(x + i) & 0xff), p0, p1));
                }
            }
            case BF16, F16 -> throw unsupported("unary", type);
        }
    }

    private static void unaryF32(UnaryOp op, int n, long x, long y, double p0, double p1) {
        for (int i = 0; i < n; i++) {
            Mem.f32(y + 4L * i, (float) ScalarMath.unary(op, (double) Mem.f32(x + 4L * i), p0, p1));
        }
    }

    private static IllegalArgumentException unsupported(String kernel, DType type) {
        return new IllegalArgumentException(
                "[" + kernel + "] expected f32, f64 or an integer dtype; got " + type + ". Hint: cast to f32 first.");
    }

    static void binary(
            BinaryOp op, DType type, long[] shape, long a, long[] aStrides, long b, long[] bStrides, long y) {
        boolean vector = type == DType.F32 && Mem.VECTOR && BinaryKernels.supports(op);
        if (vector && Layout.dense(shape, aStrides) && Layout.dense(shape, bStrides)) {
            binaryDense(op, Layout.count(shape), a, b, y);
            return;
        }
        Layout layout = Layout.of(shape, aStrides, bStrides, Layout.denseStrides(shape));
        if (!vector) {
            Blocks.run(
                    layout.count,
                    (start, count) -> layout.forEach(
                            start, start + count, (n, at) -> binaryRow(op, type, n, at, layout, a, b, y)));
        } else if (rowsSuitVectors(op, layout)) {
            Blocks.run(
                    layout.count,
                    (start, count) -> layout.forEach(
                            start,
                            start + count,
                            (n, at) -> binaryVectorRow(
                                    op,
                                    n,
                                    a + 4 * at[0],
                                    layout.strides[0][0],
                                    b + 4 * at[1],
                                    layout.strides[1][0],
                                    y + 4 * at[2])));
        } else {
            Blocks.run(layout.count, (start, count) -> binaryPacked(op, layout, start, count, a, b, y));
        }
    }

    private static void binaryDense(BinaryOp op, long n, long a, long b, long y) {
        if (n <= Blocks.SERIAL) {
            BinaryKernels.vv(op, (int) n, a, b, y);
        } else {
            Blocks.run(n, (start, count) -> BinaryKernels.vv(op, count, a + 4 * start, b + 4 * start, y + 4 * start));
        }
    }

    private static boolean rowsSuitVectors(BinaryOp op, Layout layout) {
        long a = layout.strides[0][0];
        long b = layout.strides[1][0];
        boolean scalars = BinaryKernels.takesScalars(op) && a + b == 1;
        return (layout.rank == 1 || layout.shape[0] >= SHORT_ROW) && ((a == 1 && b == 1) || (scalars && a * b == 0));
    }

    private static void binaryVectorRow(BinaryOp op, int n, long a, long aStride, long b, long bStride, long y) {
        if (aStride == 0) {
            BinaryKernels.sv(op, n, Mem.f32(a), b, y);
        } else if (bStride == 0) {
            BinaryKernels.vs(op, n, a, Mem.f32(b), y);
        } else {
            BinaryKernels.vv(op, n, a, b, y);
        }
    }

    private static void binaryPacked(BinaryOp op, Layout layout, long start, int count, long a, long b, long y) {
        Scratch scratch = Scratch.get();
        long left = scratch.chunk(0);
        long right = scratch.chunk(1);
        for (int done = 0; done < count; done += Scratch.CHUNK) {
            int n = Math.min(Scratch.CHUNK, count - done);
            long first = start + done;
            layout.forEach(first, first + n, (length, at) -> {
                long to = 4 * (at[2] - first);
                Copies.gather4(length, a + 4 * at[0], layout.strides[0][0], left + to);
                Copies.gather4(length, b + 4 * at[1], layout.strides[1][0], right + to);
            });
            BinaryKernels.vv(op, n, left, right, y + 4 * first);
        }
    }

    private static void binaryRow(
            BinaryOp op, DType type, int n, long[] at, Layout layout, long aBase, long bBase, long yBase) {
        int size = type.bytes();
        long a = aBase + size * at[0];
        long b = bBase + size * at[1];
        long y = yBase + size * at[2];
        long as = size * layout.strides[0][0];
        long bs = size * layout.strides[1][0];
        switch (type) {
            case F32 -> {
                for (int i = 0; i < n; i++) {
                    double v = ScalarMath.binary(op, (double) Mem.f32(a + i * as), (double) Mem.f32(b + i * bs));
                    Mem.f32(y + 4L * i, (float) v);
                }
            }
            case F64 -> {
                for (int i = 0; i < n; i++) {
                    Mem.f64(y + 8L * i, ScalarMath.binary(op, Mem.f64(a + i * as), Mem.f64(b + i * bs)));
                }
            }
            case I64 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i64(y + 8L * i, ScalarMath.binary(op, Mem.i64(a + i * as), Mem.i64(b + i * bs)));
                }
            }
            case I32 -> {
                for (int i = 0; i < n; i++) {
                    long v = ScalarMath.binary(op, (long) Mem.i32(a + i * as), (long) Mem.i32(b + i * bs));
                    Mem.i32(y + 4L * i, (int) v);
                }
            }
            case BF16, F16, U8, BOOL -> throw unsupported("binary", type);
        }
    }

    /// See `Backend`.
    static void geluTanhWithGradient(long n, long x, long dy, long dx, long y) {
        Blocks.run(n, (start, count) -> {
            long at = 4 * start;
            geluBlock(count, x + at, dy + at, dx + at, y + at);
        });
    }

    private static void geluBlock(int n, long x, long dy, long dx, long y) {
        int full = Mem.VECTOR ? Mem.FS.loopBound(n) : 0;
        if (full > 0) {
            Exponentials.geluTanhBoth(full, x, dy, dx, y);
        }
        for (long at = 4L * full; at < 4L * n; at += 4) {
            double v = Mem.f32(x + at);
            Mem.f32(dx + at, (float) ScalarMath.binary(BinaryOp.GELU_TANH_GRAD, v, (double) Mem.f32(dy + at)));
            Mem.f32(y + at, (float) ScalarMath.unary(UnaryOp.GELU_TANH, v, 0, 0));
        }
    }

    static void compare(
            CompareOp op, DType type, long[] shape, long a, long[] aStrides, long b, long[] bStrides, long y) {
        Comparisons.compare(op, type, shape, a, aStrides, b, bStrides, y);
    }

    static void where(
            DType type,
            long[] shape,
            long c,
            long[] cStrides,
            long a,
            long[] aStrides,
            long b,
            long[] bStrides,
            long y) {
        Comparisons.where(type, shape, c, cStrides, a, aStrides, b, bStrides, y);
    }
}
