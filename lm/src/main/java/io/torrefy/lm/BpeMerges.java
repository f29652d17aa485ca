package io.torrefy.lm;

import java.util.Arrays;
import java.util.PriorityQueue;

/// The merge table of a byte-pair encoding and the merging of one word: of all adjacent pairs the one of lowest rank is
/// merged, the leftmost first among equals, until no pair has a rank (Sennrich et al., arXiv:1508.07909).
final class BpeMerges {
    private static final int NO_RANK = Integer.MAX_VALUE;
    /// Below this length looking through all pairs beats keeping a heap of them.
    private static final int SCAN_LIMIT = 48;

    // Open addressing: a pair's key is left << 32 | right, never -1 since ids are non-negative.
    private final long[] keys;
    private final int[] ranks;
    private final int[] results;
    private final int mask;

    BpeMerges(int expected) {
        int capacity = Integer.highestOneBit(Math.max(8, expected * 2)) << 1;
        keys = new long[capacity];
        Arrays.fill(keys, -1);
        ranks = new int[capacity];
        results = new int[capacity];
        mask = capacity - 1;
    }

    /// Adds the merge of `left` and `right` to `result`. Of a pair given twice the later rank holds.
    void put(int left, int right, int rank, int result) {
        int slot = slot(left, right);
        keys[slot] = key(left, right);
        ranks[slot] = rank;
        results[slot] = result;
    }

    /// Merges the first `n` of `symbols` in place and returns how many remain.
    int merge(int[] symbols, int n) {
        if (n < 2) {
            return n;
        }
        return n <= SCAN_LIMIT ? mergeByScan(symbols, n) : mergeByHeap(symbols, n);
    }

    private int mergeByScan(int[] symbols, int count) {
        int n = count;
        var slots = new int[n - 1];
        for (int i = 0; i < n - 1; i++) {
            slots[i] = slot(symbols[i], symbols[i + 1]);
        }
        while (n > 1) {
            int best = -1;
            int bestRank = NO_RANK;
            for (int i = 0; i < n - 1; i++) {
                int rank = rankAt(slots[i]);
                if (rank < bestRank) {
                    bestRank = rank;
                    best = i;
                }
            }
            if (best < 0) {
                break;
            }
            symbols[best] = results[slots[best]];
            System.arraycopy(symbols, best + 2, symbols, best + 1, n - best - 2);
            if (best + 2 < n) {
                System.arraycopy(slots, best + 1, slots, best, n - best - 2);
            }
            n--;
            if (best > 0) {
                slots[best - 1] = slot(symbols[best - 1], symbols[best]);
            }
            if (best < n - 1) {
                slots[best] = slot(symbols[best], symbols[best + 1]);
            }
        }
        return n;
    }

    /// A linked list of symbols and a heap of (rank, position); entries that no longer hold are dropped as they
    /// surface.
    private int mergeByHeap(int[] symbols, int n) {
        var next = new int[n];
        var previous = new int[n];
        var pairSlot = new int[n];
        var heap = new PriorityQueue<Long>(n);
        for (int i = 0; i < n; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        for (int i = 0; i < n; i++) {
            offer(symbols, next, pairSlot, heap, i);
        }
        while (!heap.isEmpty()) {
            long entry = heap.remove();
            int at = (int) entry;
            if (pairSlot[at] < 0 || rankAt(pairSlot[at]) != (int) (entry >>> 32)) {
                continue;
            }
            int gone = next[at];
            symbols[at] = results[pairSlot[at]];
            pairSlot[gone] = -1;
            next[at] = next[gone];
            if (next[at] < n) {
                previous[next[at]] = at;
            }
            offer(symbols, next, pairSlot, heap, at);
            if (previous[at] >= 0) {
                offer(symbols, next, pairSlot, heap, previous[at]);
            }
        }
        int kept = 0;
        for (int i = 0; i < n; i = next[i]) {
            symbols[kept++] = symbols[i];
        }
        return kept;
    }

    private void offer(int[] symbols, int[] next, int[] pairSlot, PriorityQueue<Long> heap, int at) {
        if (next[at] >= next.length) {
            pairSlot[at] = -1;
            return;
        }
        int slot = slot(symbols[at], symbols[next[at]]);
        pairSlot[at] = slot;
        int rank = rankAt(slot);
        if (rank != NO_RANK) {
            heap.add((long) rank << 32 | at);
        }
    }

    private int rankAt(int slot) {
        return keys[slot] == -1 ? NO_RANK : ranks[slot];
    }

    private int slot(int left, int right) {
        long key = key(left, right);
        int slot = (int) (key * 0x9E3779B97F4A7C15L >>> 32) & mask;
        while (keys[slot] != -1 && keys[slot] != key) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private static long key(int left, int right) {
        return (long) left << 32 | right;
    }
}
