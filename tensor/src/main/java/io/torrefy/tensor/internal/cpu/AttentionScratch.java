package io.torrefy.tensor.internal.cpu;

/// What one thread needs to compute a tile of attention. The arrays grow to the largest call and stay: nothing is
/// allocated in the steady state, and their size depends on the head size alone (decode: on the number of keys).
final class AttentionScratch {
    private static final ThreadLocal<AttentionScratch> SCRATCH = ThreadLocal.withInitial(AttentionScratch::new);

    /// Packed keys and values (rows) of a range of keys, and the sums of their gradients.
    float[] keys = {};

    float[] values = {};
    float[] keyGrads = {};
    float[] valueGrads = {};

    /// Per unit of queries: rows and transposes of the queries and of the output's gradient, output or dQ.
    float[] queries = {};

    float[] queriesT = {};
    float[] outGrads = {};
    float[] outGradsT = {};
    float[] out = {};

    /// Per unit and query: running maximum, sum, factor of the last rescale; log-sum-exp and `rowsum(dO * O)`.
    float[] rowMax = {};

    float[] rowSum = {};
    float[] factor = {};
    float[] lse = {};
    float[] delta = {};

    /// Scores and their gradients, rows are keys, lanes are queries.
    float[] scores = {};

    float[] scoreGrads = {};

    /// First and last-plus-one key of every group of lanes and of every row tile of queries, in the current key
    /// block.
    final int[] groupLow = new int[AttentionView.GROUPS];

    final int[] groupHigh = new int[AttentionView.GROUPS];
    /// What a sweep over memory returned; never read.
    float swept;

    final AttentionView view = new AttentionView();
    final AttentionWork work = new AttentionWork();

    private AttentionScratch() {}

    static AttentionScratch get() {
        return SCRATCH.get();
    }

    /// `array` if it holds `size` elements, otherwise a new one that does; contents are not kept.
    static float[] atLeast(float[] array, int size) {
        return array.length >= size ? array : new float[Math.max(size, Math.min(2 * array.length, size + (1 << 20)))];
    }
}
