package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.BinaryOp;
import java.lang.foreign.MemorySegment;

/// Kernels that read or write through I64 indices. Where several sources add into one destination, each task owns
/// columns
/// of the destination and takes the sources in their order.
final class Indexing {
    private static final int COLUMNS = 256;
    private static final int SHORT_ROW_BYTES = 64;

    private Indexing() {}

    static long findOutOfRange(long n, long indices, long limit) {
        for (long i = 0; i < n; i++) {
            long index = Mem.i64(indices + 8 * i);
            if (index < 0 || index >= limit) {
                return i;
            }
        }
        return -1;
    }

    static void indexSelect(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        long bytes = inner * type.bytes();
        int rows = (int) Math.clamp(Blocks.SIZE / Math.max(1, inner), 1, Blocks.SIZE);
        Blocks.run(outer * m, rows, 2 * rows, (start, count) -> {
            for (long row = start; row < start + count; row++) {
                long from = row / m * n + Mem.i64(index + 8 * (row % m));
                moveRow(type.bytes(), bytes, x + from * bytes, y + row * bytes);
            }
        });
    }

    private static void moveRow(int size, long bytes, long x, long y) {
        if (bytes >= SHORT_ROW_BYTES) {
            Mem.copy(bytes, x, y);
            return;
        }
        for (long at = 0; at < bytes; at += size) {
            move(size, x + at, y + at);
        }
    }

    private static void move(int size, long x, long y) {
        switch (size) {
            case 1 -> Mem.i8(y, Mem.i8(x));
            case 2 -> Mem.i16(y, Mem.i16(x));
            case 4 -> Mem.i32(y, Mem.i32(x));
            default -> Mem.i64(y, Mem.i64(x));
        }
    }

    static void indexAdd(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        int size = type.bytes();
        eachColumnRange(outer, inner, m, (o, column, width) -> {
            for (long j = 0; j < m; j++) {
                long to = y + size * ((o * n + Mem.i64(index + 8 * j)) * inner + column);
                addRow(type, width, x + size * ((o * m + j) * inner + column), to);
            }
        });
    }

    private static void addRow(DType type, int n, long x, long y) {
        if (type == DType.F32 && Mem.VECTOR && n >= Mem.FS.length()) {
            BinaryKernels.vv(BinaryOp.ADD, n, y, x, y);
            return;
        }
        for (int i = 0; i < n; i++) {
            add(type, x + (long) type.bytes() * i, y + (long) type.bytes() * i);
        }
    }

    private static void add(DType type, long x, long y) {
        switch (type) {
            case F32 -> Mem.f32(y, Mem.f32(y) + Mem.f32(x));
            case F64 -> Mem.f64(y, Mem.f64(y) + Mem.f64(x));
            case I64 -> Mem.i64(y, Mem.i64(y) + Mem.i64(x));
            case I32 -> Mem.i32(y, Mem.i32(y) + Mem.i32(x));
            default ->
                throw new IllegalArgumentException(
                        "[index_add] expected f32, f64, i64 or i32; got " + type + ". Hint: cast to f32 first.");
        }
    }

    /// Rows to places of their own; few rows at a time, so in the caller's thread.
    static void indexCopy(DType type, long width, long m, long x, long index, long y) {
        long bytes = width * type.bytes();
        for (long j = 0; j < m; j++) {
            MemorySegment.copy(Mem.ALL, x + j * bytes, Mem.ALL, y + Mem.i64(index + 8 * j) * bytes, bytes);
        }
    }

    static void gather(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        int size = type.bytes();
        Blocks.run(outer * m * inner, (start, count) -> {
            long plane = m * inner;
            long o = start / plane;
            long column = start % inner;
            long planeEnd = (o + 1) * plane;
            for (long at = start; at < start + count; at++) {
                if (at == planeEnd) {
                    o++;
                    planeEnd += plane;
                }
                long from = (o * n + Mem.i64(index + 8 * at)) * inner + column;
                move(size, x + size * from, y + size * at);
                column = column + 1 == inner ? 0 : column + 1;
            }
        });
    }

    static void scatterAdd(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        int size = type.bytes();
        eachColumnRange(outer, inner, m, (o, column, width) -> {
            for (long j = 0; j < m; j++) {
                long row = (o * m + j) * inner;
                for (long i = column; i < column + width; i++) {
                    long to = (o * n + Mem.i64(index + 8 * (row + i))) * inner + i;
                    add(type, x + size * (row + i), y + size * to);
                }
            }
        });
    }

    /// Columns `column .. column + width - 1` of plane o.
    @FunctionalInterface
    private interface ColumnRange {
        void run(long o, long column, int width);
    }

    private static void eachColumnRange(long outer, long inner, long m, ColumnRange body) {
        long ranges = (inner + COLUMNS - 1) / COLUMNS;
        long cost = Math.max(1, m * Math.min(inner, COLUMNS));
        int units = (int) Math.clamp(Blocks.SIZE / cost, 1, Blocks.SIZE);
        int serial = outer * inner * m <= Blocks.SERIAL ? Integer.MAX_VALUE : units;
        Blocks.run(outer * ranges, units, serial, (start, count) -> {
            for (long unit = start; unit < start + count; unit++) {
                long column = unit % ranges * COLUMNS;
                body.run(unit / ranges, column, (int) Math.min(COLUMNS, inner - column));
            }
        });
    }
}
