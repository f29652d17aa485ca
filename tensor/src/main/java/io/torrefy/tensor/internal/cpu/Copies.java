package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;

/// Strided copies and fills.
final class Copies {
    /// Dense copies are split into blocks of this many bytes.
    private static final int COPY_BLOCK = 512 * 1024;

    private static final int TILE = 16;
    private static final int SHORT_RUN = 16;

    private Copies() {}

    static void copy(DType from, DType to, long[] shape, long x, long[] xStrides, long y, long[] yStrides) {
        boolean same = from == to || (from == DType.BOOL && to == DType.U8);
        if (Layout.dense(shape, xStrides) && Layout.dense(shape, yStrides)) {
            copyDense(from, to, same, Layout.count(shape), x, y);
            return;
        }
        int[] order = byStride(shape, xStrides, yStrides);
        Layout layout = Layout.of(permute(shape, order), permute(xStrides, order), permute(yStrides, order));
        if (same && transposes(layout)) {
            transposeAll(from.bytes(), layout, x, y);
            return;
        }
        int xSize = from.bytes();
        int ySize = to.bytes();
        long xs = xSize * layout.strides[0][0];
        long ys = ySize * layout.strides[1][0];
        Blocks.run(
                layout.count,
                (start, count) -> layout.forEach(start, start + count, (n, at) -> {
                    if (same) {
                        moveRow(xSize, n, x + xSize * at[0], xs, y + xSize * at[1], ys);
                    } else {
                        Casts.convert(from, to, n, x + xSize * at[0], xs, y + ySize * at[1], ys);
                    }
                }));
    }

    private static void copyDense(DType from, DType to, boolean same, long n, long x, long y) {
        int xSize = from.bytes();
        int ySize = to.bytes();
        if (!same) {
            Blocks.run(
                    n,
                    (start, count) ->
                            Casts.convert(from, to, count, x + xSize * start, xSize, y + ySize * start, ySize));
        } else if (n * xSize <= 2 * COPY_BLOCK) {
            Mem.copy(n * xSize, x, y);
        } else {
            Blocks.run(n * xSize, COPY_BLOCK, COPY_BLOCK, (start, count) -> Mem.copy(count, x + start, y + start));
        }
    }

    /// Dimensions so that the strides of y, then those of x, fall: the order of a copy is free.
    private static int[] byStride(long[] shape, long[] xStrides, long[] yStrides) {
        int[] order = new int[shape.length];
        for (int i = 0; i < order.length; i++) {
            int d = i;
            int at = i;
            while (at > 0 && before(yStrides[d], xStrides[d], yStrides[order[at - 1]], xStrides[order[at - 1]])) {
                order[at] = order[at - 1];
                at--;
            }
            order[at] = d;
        }
        return order;
    }

    private static boolean before(long y1, long x1, long y2, long x2) {
        return Math.abs(y1) > Math.abs(y2) || (Math.abs(y1) == Math.abs(y2) && Math.abs(x1) > Math.abs(x2));
    }

    private static long[] permute(long[] values, int[] order) {
        long[] result = new long[order.length];
        for (int i = 0; i < order.length; i++) {
            result[i] = values[order[i]];
        }
        return result;
    }

    private static void moveRow(int size, int n, long x, long xs, long y, long ys) {
        if (xs == size && ys == size && n >= SHORT_RUN) {
            Mem.copy((long) n * size, x, y);
            return;
        }
        switch (size) {
            case 1 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i8(y + i * ys, Mem.i8(x + i * xs));
                }
            }
            case 2 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i16(y + i * ys, Mem.i16(x + i * xs));
                }
            }
            case 4 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i32(y + i * ys, Mem.i32(x + i * xs));
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    Mem.i64(y + i * ys, Mem.i64(x + i * xs));
                }
            }
        }
    }

    /// `y[i] = x[i * stride]`, four bytes each.
    static void gather4(int n, long x, long stride, long y) {
        if (stride == 0) {
            int value = Mem.i32(x);
            for (int i = 0; i < n; i++) {
                Mem.i32(y + 4L * i, value);
            }
        } else {
            moveRow(4, n, x, 4 * stride, y, 4);
        }
    }

    // ---- transposition: y is contiguous along dimension 0, x along another -----------------------------------------

    private static boolean transposes(Layout layout) {
        return layout.strides[1][0] == 1
                && layout.strides[0][0] != 1
                && layout.shape[0] >= TILE
                && contiguousIn(layout) > 0;
    }

    private static int contiguousIn(Layout layout) {
        for (int d = 1; d < layout.rank; d++) {
            if (layout.strides[0][d] == 1 && layout.shape[d] >= TILE) {
                return d;
            }
        }
        return -1;
    }

    /// Every task moves a band of `TILE` rows of y in one plane.
    private static void transposeAll(int size, Layout layout, long x, long y) {
        int along = contiguousIn(layout);
        long columns = layout.shape[0];
        long rows = layout.shape[along];
        long xColumn = size * layout.strides[0][0];
        long yRow = size * layout.strides[1][along];
        long bands = (rows + TILE - 1) / TILE;
        long planes = layout.count / (rows * columns);
        int bandsPerTask = (int) Math.max(1, Blocks.SIZE / (TILE * columns));
        long tasks = (planes * bands + bandsPerTask - 1) / bandsPerTask;
        Parallel.run(layout.count <= Blocks.SERIAL ? 1 : Math.toIntExact(tasks), task -> {
            long first = layout.count <= Blocks.SERIAL ? 0 : (long) task * bandsPerTask;
            long last = layout.count <= Blocks.SERIAL ? planes * bands : Math.min(planes * bands, first + bandsPerTask);
            for (long unit = first; unit < last; unit++) {
                long plane = unit / bands;
                long row = unit % bands * TILE;
                long xAt = x + size * (planeOffset(layout, 0, along, plane) + row);
                long yAt = y + size * planeOffset(layout, 1, along, plane) + row * yRow;
                band(size, (int) Math.min(TILE, rows - row), columns, xAt, xColumn, yAt, yRow);
            }
        });
    }

    private static long planeOffset(Layout layout, int operand, int along, long plane) {
        long offset = 0;
        long rest = plane;
        for (int d = 1; d < layout.rank; d++) {
            if (d != along) {
                offset += rest % layout.shape[d] * layout.strides[operand][d];
                rest /= layout.shape[d];
            }
        }
        return offset;
    }

    private static void band(int size, int rows, long columns, long x, long xColumn, long y, long yRow) {
        boolean registers = size == 4 && rows == TILE && Mem.VECTOR && Mem.IS.length() <= TILE;
        for (long c = 0; c < columns; c += TILE) {
            int width = (int) Math.min(TILE, columns - c);
            long from = x + c * xColumn;
            long to = y + c * size;
            if (registers && width == TILE) {
                tile(from, xColumn, to, yRow);
                continue;
            }
            for (int r = 0; r < rows; r++) {
                moveRow(size, width, from + (long) r * size, xColumn, to + r * yRow, size);
            }
        }
    }

    /// A whole tile of four-byte elements, in squares as wide as a vector.
    private static void tile(long x, long xColumn, long y, long yRow) {
        int lanes = Mem.IS.length();
        for (int r = 0; r < TILE; r += lanes) {
            for (int c = 0; c < TILE; c += lanes) {
                Transpose.square(x + c * xColumn + 4L * r, xColumn, lanes, y + r * yRow + 4L * c, yRow);
            }
        }
    }

    // ---- fill ------------------------------------------------------------------------------------------------------

    static void fill(DType type, long n, long y, double value) {
        long pattern = switch (type) {
            case F32 -> twice(Float.floatToRawIntBits((float) value));
            case F64 -> Double.doubleToRawLongBits(value);
            case BF16 -> fourTimes(Casts.toBf16((float) value));
            case F16 -> fourTimes(Float.floatToFloat16((float) value));
            case I64 -> (long) value;
            case I32 -> twice((int) value);
            case U8 -> ((long) value & 0xff) * 0x0101010101010101L;
            case BOOL -> value != 0 ? 0x0101010101010101L : 0;
        };
        Blocks.run(n * type.bytes(), COPY_BLOCK, COPY_BLOCK, (start, count) -> fillBytes(count, y + start, pattern));
    }

    private static long twice(int bits) {
        return (bits & 0xffffffffL) * 0x0000000100000001L;
    }

    private static long fourTimes(short bits) {
        return (bits & 0xffffL) * 0x0001000100010001L;
    }

    private static void fillBytes(int bytes, long y, long pattern) {
        int words = bytes >>> 3;
        for (int i = 0; i < words; i++) {
            Mem.i64(y + 8L * i, pattern);
        }
        for (int i = words << 3; i < bytes; i++) {
            int shift = java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.LITTLE_ENDIAN ? i & 7 : 7 - (i & 7);
            Mem.i8(y + i, (byte) (pattern >>> (8 * shift)));
        }
    }
}
