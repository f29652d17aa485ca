package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;

/// Which keys the queries of one sequence see. Both ends of the range of a query grow with its index, so a block of
/// queries sees from the first query's low end to the last one's high end.
final class AttentionView {
    /// Queries of a block: the lanes of a row of scores.
    static final int QUERIES = 48;

    /// Lanes whose range of keys is kept together, whatever the width of a vector.
    static final int GROUP = 16;

    static final int GROUPS = QUERIES / GROUP;

    int queries;
    int keys;
    private boolean causal;
    private int offset;
    private int window;

    AttentionView of(AttentionPlan plan, int sequence) {
        queries = plan.qLength()[sequence];
        keys = plan.kLength()[sequence];
        causal = plan.causal();
        int[] offsets = plan.causalOffset();
        offset = offsets == null ? 0 : offsets[sequence];
        window = plan.window();
        return this;
    }

    int blocks() {
        return (queries + QUERIES - 1) / QUERIES;
    }

    /// First key that query `i` sees, at most the number of keys.
    int low(int i) {
        return window <= 0 ? 0 : (int) Math.clamp((long) i + offset - window + 1, 0, keys);
    }

    /// One past the last key that query `i` sees, at least 0.
    int high(int i) {
        return causal ? (int) Math.clamp((long) i + offset + 1, 0, keys) : keys;
    }

    int blockLow(int block) {
        return low(block * QUERIES);
    }

    int blockHigh(int block) {
        return high(Math.min((block + 1) * QUERIES, queries) - 1);
    }

    /// Fills the range of keys of each group of lanes of `block`, cut to `[from, to)`. An empty range has the
    /// largest possible low end and the smallest high end.
    void groups(int block, int from, int to, int[] low, int[] high) {
        for (int g = 0; g < GROUPS; g++) {
            int first = block * QUERIES + g * GROUP;
            int last = Math.min(first + GROUP, queries) - 1;
            boolean seen = first <= last;
            low[g] = seen ? Math.max(from, low(first)) : Integer.MAX_VALUE;
            high[g] = seen ? Math.min(to, high(last)) : Integer.MIN_VALUE;
            if (low[g] >= high[g]) {
                low[g] = Integer.MAX_VALUE;
                high[g] = Integer.MIN_VALUE;
            }
        }
    }

    /// First query that sees key `j` or a later one.
    int firstQuery(int j) {
        return causal ? (int) Math.clamp((long) j - offset, 0, queries) : 0;
    }

    /// One past the last query that sees key `j` or an earlier one.
    int endQuery(int j) {
        return window <= 0 ? queries : (int) Math.clamp((long) j - offset + window, 0, queries);
    }
}
