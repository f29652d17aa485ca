package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;

/// Which keys the queries of one sequence see: a range, both ends of which grow with the query's index, and in front
/// of it the sink tokens. What a block of queries sees of a block of keys lies in a range again: from the first
/// query's low end, or from the block's first key if that is a sink, to the last query's high end.
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

    /// First keys that queries see outside their window, as soon as they are not in the future.
    int sinks;

    AttentionView of(AttentionPlan plan, int sequence) {
        queries = plan.qLength()[sequence];
        keys = plan.kLength()[sequence];
        causal = plan.causal();
        int[] offsets = plan.causalOffset();
        offset = offsets == null ? 0 : offsets[sequence];
        window = plan.window();
        sinks = window <= 0 ? 0 : Math.min(plan.sinkTokens(), keys);
        return this;
    }

    int blocks() {
        return (queries + QUERIES - 1) / QUERIES;
    }

    /// First key that query `i` sees but for the sinks, at most the number of keys.
    int low(int i) {
        return window <= 0 ? 0 : (int) Math.clamp((long) i + offset - window + 1, 0, keys);
    }

    /// One past the last key that query `i` sees, at least 0.
    int high(int i) {
        return causal ? (int) Math.clamp((long) i + offset + 1, 0, keys) : keys;
    }

    /// First key of `[from, to)` that one of the queries `first` to `last` sees; `seenTo` or more if there is none.
    int seenFrom(int first, int last, int from) {
        return from < Math.min(sinks, high(last)) ? from : Math.max(from, low(first));
    }

    /// One past the last key of `[from, to)` that one of the queries `first` to `last` sees.
    int seenTo(int first, int last, int to) {
        int end = Math.min(to, high(last));
        return low(first) < to ? end : Math.min(end, sinks);
    }

    /// Whether one of the queries `first` to `last` sees a key of `[from, to)`.
    boolean sees(int first, int last, int from, int to) {
        return seenFrom(first, last, from) < seenTo(first, last, to);
    }

    int firstOf(int block) {
        return block * QUERIES;
    }

    int lastOf(int block) {
        return Math.min((block + 1) * QUERIES, queries) - 1;
    }

    /// Fills the range of keys of each group of lanes of `block`, cut to `[from, to)`. An empty range has the
    /// largest possible low end and the smallest high end.
    void groups(int block, int from, int to, int[] low, int[] high) {
        for (int g = 0; g < GROUPS; g++) {
            int first = block * QUERIES + g * GROUP;
            int last = Math.min(first + GROUP, queries) - 1;
            boolean seen = first <= last;
            low[g] = seen ? seenFrom(first, last, from) : Integer.MAX_VALUE;
            high[g] = seen ? seenTo(first, last, to) : Integer.MIN_VALUE;
            if (from < sinks && seen && g > 0) {
                // Later queries may have left these keys but for the sinks; the ends of the groups must not fall.
                high[g] = Math.max(high[g], high[g - 1]);
            }
            if (low[g] >= high[g]) {
                low[g] = Integer.MAX_VALUE;
                high[g] = Integer.MIN_VALUE;
            }
        }
    }

    /// First query that sees key `j`, the window apart.
    int firstQuery(int j) {
        return causal ? (int) Math.clamp((long) j - offset, 0, queries) : 0;
    }

    /// One past the last query that sees key `j`, causality apart.
    int endQuery(int j) {
        return window <= 0 || j < sinks ? queries : (int) Math.clamp((long) j - offset + window, 0, queries);
    }
}
