package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;
import java.util.Arrays;

/// The items of one call: every sequence is cut into items, sequences with the most work come first, and a number of
/// neighbouring small items makes a task. An item owns what it writes, so how items are grouped changes no result. The
/// arrays grow to the largest call of their thread and stay.
final class AttentionWork {
    /// Tasks are at least this much work, in scores times head size, so that handing one out costs nothing beside
    /// it.
    private static final long TASK = 400_000;

    /// Items that are plenty for any number of threads.
    static final int PLENTY = 64;

    private long[] order = {};
    private long[] firstQuery = {};
    private long[] partial = {};
    private int[] firstItem = {};
    private int sequences;
    private long cost;
    private int perTask;

    void start(int count) {
        if (order.length < count) {
            order = new long[count];
            firstItem = new int[count + 1];
        }
        sequences = 0;
        cost = 0;
    }

    /// The number of queries in front of each sequence: where its log-sum-exp starts.
    long[] firstQueries(AttentionPlan plan) {
        if (firstQuery.length < plan.sequences()) {
            firstQuery = new long[plan.sequences()];
        }
        long total = 0;
        for (int s = 0; s < plan.sequences(); s++) {
            firstQuery[s] = total;
            total += plan.qLength()[s];
        }
        return firstQuery;
    }

    /// A place for each sequence's offset in the workspace of the backward pass.
    long[] partials(int count) {
        if (partial.length < count) {
            partial = new long[count];
        }
        return partial;
    }

    /// Announces the next sequence with its cost (at most 2^38).
    void sequence(long work) {
        order[sequences] = (Math.min(work, (1L << 38) - 1) << 24) | sequences;
        cost += work;
        sequences++;
    }

    /// Sorts the sequences by falling cost.
    void sort() {
        boolean sorted = true;
        for (int i = 1; i < sequences && sorted; i++) {
            sorted = order[i - 1] >> 24 == order[i] >> 24;
        }
        if (!sorted) {
            Arrays.sort(order, 0, sequences);
            for (int i = 0, j = sequences - 1; i < j; i++, j--) {
                long swap = order[i];
                order[i] = order[j];
                order[j] = swap;
            }
        }
        firstItem[0] = 0;
    }

    /// The sequence of rank `rank`.
    int at(int rank) {
        return (int) (order[rank] & 0xffffff);
    }

    /// Sets the number of items of the sequence of rank `rank`, in the order of ranks.
    void items(int rank, int items) {
        firstItem[rank + 1] = firstItem[rank] + items;
    }

    /// Number of tasks; each runs the items `[task * perTask, (task + 1) * perTask)`.
    int tasks() {
        int items = firstItem[sequences];
        long each = cost / Math.max(items, 1);
        perTask = (int) Math.clamp(TASK / Math.max(each, 1), 1, Math.max(1, items / 32));
        return (items + perTask - 1) / perTask;
    }

    int firstItem(int task) {
        return task * perTask;
    }

    int endItem(int task) {
        return Math.min((task + 1) * perTask, firstItem[sequences]);
    }

    /// The rank of the sequence that owns `item`.
    int rank(int item) {
        int low = 0;
        int high = sequences;
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (firstItem[middle] <= item) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /// The place of `item` among the items of its sequence.
    int within(int rank, int item) {
        return item - firstItem[rank];
    }
}
