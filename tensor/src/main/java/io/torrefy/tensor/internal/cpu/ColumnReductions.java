package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.torrefy.tensor.internal.ReduceOp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// F32 reductions of columns, which are at least one vector wide: lanes run along the inner dimension. Longer columns
/// than
/// `ROWS` are cut into blocks of as many rows, and the partial results reduced in the same way: a tree whose form
/// depends
/// on the length alone.
final class ColumnReductions {
    private static final int L = Mem.FS.length();
    private static final int ROWS = 32;
    private static final int WIDTH = 1024;
    private static final int STRIPE = 8;

    private ColumnReductions() {}

    static void reduce(ReduceOp op, long outer, long n, long inner, long x, long y) {
        long blocks = (n + ROWS - 1) / ROWS;
        if (blocks == 1) {
            partials(op, outer, n, inner, x, y);
            return;
        }
        long bytes = outer * blocks * inner * Float.BYTES;
        long partial = Native.allocate(bytes);
        try {
            partials(op, outer, n, inner, x, partial);
            reduce(op, outer, blocks, inner, partial, y);
        } finally {
            Native.release(partial, bytes);
        }
    }

    /// Reduces every (outer, block of rows, chunk of columns) into y (outer, blocks, inner).
    private static void partials(ReduceOp op, long outer, long n, long inner, long x, long y) {
        long blocks = (n + ROWS - 1) / ROWS;
        long chunks = (inner + WIDTH - 1) / WIDTH;
        long cost = Math.min(n, ROWS) * Math.min(inner, WIDTH);
        int units = (int) Math.max(1, Blocks.SIZE / cost);
        int serial = (int) Math.max(1, Blocks.SERIAL / cost);
        Blocks.run(outer * blocks * chunks, units, serial, (start, count) -> {
            for (long unit = start; unit < start + count; unit++) {
                long column = unit % chunks * WIDTH;
                long block = unit / chunks;
                long row = block % blocks * ROWS;
                long from = x + 4 * ((block / blocks * n + row) * inner + column);
                int width = (int) Math.min(WIDTH, inner - column);
                long to = y + 4 * (block * inner + column);
                if (op == ReduceOp.SUM) {
                    sums((int) Math.min(ROWS, n - row), width, from, 4 * inner, to);
                    continue;
                }
                // a last chunk narrower than a vector begins earlier and computes some columns twice
                int back = width < L && column > 0 ? L - width : 0;
                chunk(op, (int) Math.min(ROWS, n - row), width + back, from - 4L * back, 4 * inner, to - 4L * back);
            }
        });
    }

    /// A loop over rows for one or four vectors of columns; see `UnaryKernels` on calls through a type.
    @FunctionalInterface
    private interface Columns {
        void run(int rows, long x, long step, long y);
    }

    private static Columns four(ReduceOp op) {
        return switch (op) {
            case MAX -> ColumnReductions::max4;
            default -> ColumnReductions::min4;
        };
    }

    private static Columns one(ReduceOp op) {
        return switch (op) {
            case MAX -> ColumnReductions::max1;
            default -> ColumnReductions::min1;
        };
    }

    private static void chunk(ReduceOp op, int rows, int width, long x, long step, long y) {
        Columns four = four(op);
        Columns one = one(op);
        int i = 0;
        for (; i <= width - 4 * L; i += 4 * L) {
            four.run(rows, x + 4L * i, step, y + 4L * i);
        }
        for (; i < width; i += L) {
            int at = Math.min(i, width - L);
            one.run(rows, x + 4L * at, step, y + 4L * at);
        }
    }

    /// Some rows side by side, with the sums so far in the cache: memory is read along rows, where it is fetched
    /// ahead, and every column is still added up from its first row to its last.
    private static void sums(int rows, int width, long x, long step, long y) {
        int whole = width - width % L;
        int r = 0;
        if (rows >= STRIPE) {
            setStripe(whole, x, step, y);
            r = STRIPE;
        } else {
            Mem.copy(4L * whole, x, y);
            r = 1;
        }
        for (; r + STRIPE <= rows; r += STRIPE) {
            addStripe(whole, x + r * step, step, y);
        }
        for (; r < rows; r++) {
            addRow(whole, x + r * step, y);
        }
        if (whole < width) {
            sumTail(rows, width - whole, x + 4L * whole, step, y + 4L * whole);
        }
    }

    private static void setStripe(int width, long x, long step, long y) {
        for (int i = 0; i < width; i += L) {
            long at = x + 4L * i;
            FloatVector a = fromMemorySegment(FS, ALL, at, ORDER)
                    .add(fromMemorySegment(FS, ALL, at + step, ORDER))
                    .add(fromMemorySegment(FS, ALL, at + 2 * step, ORDER));
            a = a.add(fromMemorySegment(FS, ALL, at + 3 * step, ORDER))
                    .add(fromMemorySegment(FS, ALL, at + 4 * step, ORDER))
                    .add(fromMemorySegment(FS, ALL, at + 5 * step, ORDER));
            a.add(fromMemorySegment(FS, ALL, at + 6 * step, ORDER))
                    .add(fromMemorySegment(FS, ALL, at + 7 * step, ORDER))
                    .intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void addStripe(int width, long x, long step, long y) {
        for (int i = 0; i < width; i += L) {
            long at = x + 4L * i;
            FloatVector a = fromMemorySegment(FS, ALL, y + 4L * i, ORDER)
                    .add(fromMemorySegment(FS, ALL, at, ORDER))
                    .add(fromMemorySegment(FS, ALL, at + step, ORDER));
            a = a.add(fromMemorySegment(FS, ALL, at + 2 * step, ORDER))
                    .add(fromMemorySegment(FS, ALL, at + 3 * step, ORDER))
                    .add(fromMemorySegment(FS, ALL, at + 4 * step, ORDER));
            a = a.add(fromMemorySegment(FS, ALL, at + 5 * step, ORDER))
                    .add(fromMemorySegment(FS, ALL, at + 6 * step, ORDER))
                    .add(fromMemorySegment(FS, ALL, at + 7 * step, ORDER));
            a.intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void addRow(int width, long x, long y) {
        for (int i = 0; i < width; i += L) {
            fromMemorySegment(FS, ALL, y + 4L * i, ORDER)
                    .add(fromMemorySegment(FS, ALL, x + 4L * i, ORDER))
                    .intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
    }

    private static void max4(int rows, long x, long step, long y) {
        FloatVector a = fromMemorySegment(FS, ALL, x, ORDER);
        FloatVector b = fromMemorySegment(FS, ALL, x + 4L * L, ORDER);
        FloatVector c = fromMemorySegment(FS, ALL, x + 8L * L, ORDER);
        FloatVector d = fromMemorySegment(FS, ALL, x + 12L * L, ORDER);
        long at = x;
        for (int r = 1; r < rows; r++) {
            at += step;
            a = a.max(fromMemorySegment(FS, ALL, at, ORDER));
            b = b.max(fromMemorySegment(FS, ALL, at + 4L * L, ORDER));
            c = c.max(fromMemorySegment(FS, ALL, at + 8L * L, ORDER));
            d = d.max(fromMemorySegment(FS, ALL, at + 12L * L, ORDER));
        }
        a.intoMemorySegment(ALL, y, ORDER);
        b.intoMemorySegment(ALL, y + 4L * L, ORDER);
        c.intoMemorySegment(ALL, y + 8L * L, ORDER);
        d.intoMemorySegment(ALL, y + 12L * L, ORDER);
    }

    private static void min4(int rows, long x, long step, long y) {
        FloatVector a = fromMemorySegment(FS, ALL, x, ORDER);
        FloatVector b = fromMemorySegment(FS, ALL, x + 4L * L, ORDER);
        FloatVector c = fromMemorySegment(FS, ALL, x + 8L * L, ORDER);
        FloatVector d = fromMemorySegment(FS, ALL, x + 12L * L, ORDER);
        long at = x;
        for (int r = 1; r < rows; r++) {
            at += step;
            a = a.min(fromMemorySegment(FS, ALL, at, ORDER));
            b = b.min(fromMemorySegment(FS, ALL, at + 4L * L, ORDER));
            c = c.min(fromMemorySegment(FS, ALL, at + 8L * L, ORDER));
            d = d.min(fromMemorySegment(FS, ALL, at + 12L * L, ORDER));
        }
        a.intoMemorySegment(ALL, y, ORDER);
        b.intoMemorySegment(ALL, y + 4L * L, ORDER);
        c.intoMemorySegment(ALL, y + 8L * L, ORDER);
        d.intoMemorySegment(ALL, y + 12L * L, ORDER);
    }

    private static void sumTail(int rows, int width, long x, long step, long y) {
        VectorMask<Float> tail = Rows.below(width);
        FloatVector a = fromMemorySegment(FS, ALL, x, ORDER, tail);
        for (int r = 1; r < rows; r++) {
            a = a.add(fromMemorySegment(FS, ALL, x + r * step, ORDER, tail));
        }
        a.intoMemorySegment(ALL, y, ORDER, tail);
    }

    private static void max1(int rows, long x, long step, long y) {
        FloatVector a = fromMemorySegment(FS, ALL, x, ORDER);
        for (int r = 1; r < rows; r++) {
            a = a.max(fromMemorySegment(FS, ALL, x + r * step, ORDER));
        }
        a.intoMemorySegment(ALL, y, ORDER);
    }

    private static void min1(int rows, long x, long step, long y) {
        FloatVector a = fromMemorySegment(FS, ALL, x, ORDER);
        for (int r = 1; r < rows; r++) {
            a = a.min(fromMemorySegment(FS, ALL, x + r * step, ORDER));
        }
        a.intoMemorySegment(ALL, y, ORDER);
    }
}
