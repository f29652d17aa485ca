package io.torrefy.tensor.internal.cpu;

/// One job over many flat arrays. Every array is cut into blocks of 64k elements; a task is the blocks that begin in
/// the same 64k elements of all arrays laid end to end. So a long array is a task a block, many short ones share a
/// task, and little work altogether stays in the caller. The cut depends on the counts alone.
final class FlatBlocks {
    /// Elements of a block.
    static final int SIZE = 1 << 16;

    private final int arrays;
    private final long[] counts;
    /// Where each array begins when all lie end to end, and the end.
    private final long[] starts;

    /// Elements `first .. first + count - 1` of an array.
    interface Body {
        void run(int array, long first, int count);
    }

    private FlatBlocks(int arrays, long[] counts) {
        this.arrays = arrays;
        this.counts = counts;
        starts = new long[arrays + 1];
        for (int i = 0; i < arrays; i++) {
            starts[i + 1] = starts[i] + counts[i];
        }
    }

    /// Runs the body over every block of the first `arrays` arrays once.
    static void run(int arrays, long[] counts, Body body) {
        FlatBlocks blocks = new FlatBlocks(arrays, counts);
        int tasks = Math.toIntExact(Math.ceilDiv(blocks.starts[arrays], SIZE));
        Parallel.run(tasks, task -> blocks.run((long) task * SIZE, body));
    }

    private void run(long from, Body body) {
        int array = arrayAt(from);
        long first = Math.ceilDiv(from - starts[array], SIZE) * SIZE;
        while (array < arrays && starts[array] + first < from + SIZE) {
            if (first < counts[array]) {
                body.run(array, first, (int) Math.min(SIZE, counts[array] - first));
            }
            array++;
            first = 0;
        }
    }

    /// The last array that begins at `position` or before it.
    private int arrayAt(long position) {
        int low = 0;
        int high = arrays - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (starts[middle] <= position) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
}
