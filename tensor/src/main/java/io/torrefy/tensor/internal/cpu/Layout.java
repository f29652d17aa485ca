package io.torrefy.tensor.internal.cpu;

/// The loop nest over some strided operands of one shape, with dimensions of size 1 dropped and neighbours merged
/// wherever all operands allow it. Dimension 0 is the innermost. Strides are in elements; a stride of 0 broadcasts.
final class Layout {
    final int rank;
    final long[] shape;
    final long[][] strides;
    final long count;

    private Layout(int rank, long[] shape, long[][] strides, long count) {
        this.rank = rank;
        this.shape = shape;
        this.strides = strides;
        this.count = count;
    }

    /// A row of the innermost dimension, or a part of one: `n` elements that begin at element `at[k]` of operand k.
    /// The array is reused.
    @FunctionalInterface
    interface Row {
        void run(int n, long[] at);
    }

    static Layout of(long[] shape, long[]... operands) {
        int dims = shape.length;
        long[] sizes = new long[Math.max(1, dims)];
        long[][] steps = new long[operands.length][sizes.length];
        int rank = 0;
        long count = 1;
        for (int d = dims - 1; d >= 0; d--) {
            long size = shape[d];
            count *= size;
            if (size == 1) {
                continue;
            }
            if (rank > 0 && merges(operands, d, steps, rank - 1, sizes[rank - 1])) {
                sizes[rank - 1] *= size;
                continue;
            }
            sizes[rank] = size;
            for (int k = 0; k < operands.length; k++) {
                steps[k][rank] = operands[k][d];
            }
            rank++;
        }
        if (rank == 0) {
            sizes[0] = 1;
            for (long[] step : steps) {
                step[0] = 1;
            }
            rank = 1;
        }
        return new Layout(rank, sizes, steps, count);
    }

    private static boolean merges(long[][] operands, int d, long[][] steps, int inner, long size) {
        for (int k = 0; k < operands.length; k++) {
            if (operands[k][d] != steps[k][inner] * size) {
                return false;
            }
        }
        return true;
    }

    /// Whether strides describe a row-major tensor without gaps.
    static boolean dense(long[] shape, long[] strides) {
        long expected = 1;
        for (int d = shape.length - 1; d >= 0; d--) {
            if (shape[d] != 1 && strides[d] != expected) {
                return false;
            }
            expected *= shape[d];
        }
        return true;
    }

    static long count(long[] shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        return count;
    }

    /// Row-major strides.
    static long[] denseStrides(long[] shape) {
        long[] strides = new long[shape.length];
        long step = 1;
        for (int d = shape.length - 1; d >= 0; d--) {
            strides[d] = step;
            step *= shape[d];
        }
        return strides;
    }

    /// Walks the elements `start .. end - 1` of the nest in row-major order, row by row.
    void forEach(long start, long end, Row body) {
        int operands = strides.length;
        long inner = shape[0];
        long[] index = new long[rank];
        long[] base = new long[operands];
        long[] at = new long[operands];
        long column = seek(start, index, base);
        for (long position = start; position < end; ) {
            int n = (int) Math.min(Math.min(inner - column, end - position), 1 << 30);
            for (int k = 0; k < operands; k++) {
                at[k] = base[k] + column * strides[k][0];
            }
            body.run(n, at);
            position += n;
            column += n;
            if (column == inner) {
                column = 0;
                next(index, base);
            }
        }
    }

    private long seek(long start, long[] index, long[] base) {
        long row = start / shape[0];
        for (int d = 1; d < rank; d++) {
            index[d] = row % shape[d];
            row /= shape[d];
            for (int k = 0; k < base.length; k++) {
                base[k] += index[d] * strides[k][d];
            }
        }
        return start % shape[0];
    }

    private void next(long[] index, long[] base) {
        for (int d = 1; d < rank; d++) {
            boolean carry = ++index[d] == shape[d];
            long back = carry ? shape[d] - 1 : 0;
            for (int k = 0; k < base.length; k++) {
                base[k] += carry ? -back * strides[k][d] : strides[k][d];
            }
            if (!carry) {
                return;
            }
            index[d] = 0;
        }
    }
}
