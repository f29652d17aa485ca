package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;
import java.util.Arrays;

/// The forward pass of `FlashAttention` for one call. A unit is a block of 48 queries of one head; the units of the
/// query heads that share keys and values, 8 or 16 of them, make an item: it packs a range of keys and values
/// once and runs all its units over them. Scores are computed transposed, rows are keys and lanes are queries, by 8 x
/// 48 tiles.
final class FlashForward {
    /// Keys of a block: its scores stay in the first-level cache.
    static final int KEYS = 128;

    private static final int Q = AttentionView.QUERIES;
    private static final int UNITS = 8;

    /// Where a sequence has plenty of units, items of twice as many: keys and values are packed half as often.
    private static final int PLENTY = 8 * UNITS;

    private static final int ROWS = AttentionRowTiles.ROWS;

    private final AttentionPlan plan;
    private final long q;
    private final long k;
    private final long v;
    private final long o;
    private final long lse;
    private final int group;
    private final int keyStride;
    private final int valueStride;
    private final int span;
    private final long[] firstQuery;
    private final long totalQueries;
    private final int unitsPerItem;
    private int headsPerItem;

    private FlashForward(AttentionPlan plan, long q, long k, long v, long o, long lse) {
        this.plan = plan;
        this.q = q;
        this.k = k;
        this.v = v;
        this.o = o;
        this.lse = lse;
        group = plan.heads() / plan.kvHeads();
        keyStride = AttentionPack.padded(plan.headDim());
        valueStride = AttentionPack.padded(plan.valueDim());
        span = span(keyStride + valueStride, 65_536);
        long longest = Arrays.stream(plan.qLength()).max().orElse(0);
        unitsPerItem = longest * group >= PLENTY * Q ? 2 * UNITS : UNITS;
        firstQuery = AttentionScratch.get().work.firstQueries(plan);
        totalQueries = plan.totalQueries();
    }

    /// Keys that are packed together so that `perKey` floats each fit `budget` floats: a multiple of `KEYS`.
    static int span(int perKey, int budget) {
        return Math.clamp(budget / perKey / KEYS, 1, 8) * KEYS;
    }

    static void run(AttentionPlan plan, long q, long k, long v, long o, long lse) {
        new FlashForward(plan, q, k, v, o, lse).run();
    }

    private void run() {
        AttentionWork work = AttentionScratch.get().work;
        int sequences = plan.sequences();
        work.start(sequences);
        long size = (long) group * (plan.headDim() + plan.valueDim());
        for (int s = 0; s < sequences; s++) {
            work.sequence(size * plan.qLength()[s] * (plan.kLength()[s] + 8L));
        }
        work.sort();
        headsPerItem = headsPerItem();
        for (int rank = 0; rank < sequences; rank++) {
            work.items(rank, plan.kvHeads() / headsPerItem * chunks(work.at(rank)));
        }
        Parallel.run(work.tasks(), task -> {
            AttentionScratch scratch = AttentionScratch.get();
            for (int item = work.firstItem(task); item < work.endItem(task); item++) {
                int rank = work.rank(item);
                item(work.at(rank), work.within(rank, item), scratch);
            }
        });
    }

    /// One thread takes all heads of a sequence, for the cache's sake, when there are many sequences; otherwise
    /// one.
    private int headsPerItem() {
        int items = 0;
        for (int s = 0; s < plan.sequences(); s++) {
            items += chunks(s);
        }
        return items >= AttentionWork.PLENTY ? plan.kvHeads() : 1;
    }

    private int chunks(int sequence) {
        int units = (plan.qLength()[sequence] + Q - 1) / Q * group;
        return (units + unitsPerItem - 1) / unitsPerItem;
    }

    /// Items of a sequence run from its last queries (which see the most keys) to its first, all key heads of a
    /// chunk.
    private void item(int sequence, int index, AttentionScratch scratch) {
        int perChunk = plan.kvHeads() / headsPerItem;
        int chunk = chunks(sequence) - 1 - index / perChunk;
        int kvHead = index % perChunk * headsPerItem;
        AttentionView view = scratch.view.of(plan, sequence);
        if (kvHead == 0) {
            sweep(sequence, view, scratch);
        }
        for (int h = kvHead; h < kvHead + headsPerItem; h++) {
            if (view.queries == 1) {
                AttentionDecode.run(plan, sequence, h, view, q, k, v, o, lse(sequence, 0), totalQueries, scratch);
            } else {
                chunk(sequence, h, chunk, view, scratch);
            }
        }
    }

    private void sweep(int sequence, AttentionView view, AttentionScratch x) {
        long queries = view.queries * plan.qTokenStride();
        long keys = view.keys * (plan.kTokenStride() + plan.vTokenStride());
        if (queries + keys <= AttentionPack.SWEEP) {
            long qAt = q + 4 * plan.qStart()[sequence];
            long kAt = k + 4 * plan.kStart()[sequence];
            long vAt = v + 4 * plan.vStart()[sequence];
            x.swept = AttentionPack.sweep(qAt, plan.qTokenStride(), plan.qHeadStride(), plan.heads(), view.queries)
                    + AttentionPack.sweep(kAt, plan.kTokenStride(), plan.kHeadStride(), plan.kvHeads(), view.keys)
                    + AttentionPack.sweep(vAt, plan.vTokenStride(), plan.vHeadStride(), plan.kvHeads(), view.keys);
        }
    }

    private void chunk(int sequence, int kvHead, int chunk, AttentionView view, AttentionScratch scratch) {
        int first = chunk * unitsPerItem;
        int end = Math.min(first + unitsPerItem, view.blocks() * group);
        prepare(scratch);
        for (int unit = first; unit < end; unit++) {
            load(sequence, kvHead * group + unit % group, view, unit / group, unit - first, scratch);
        }
        int firstQuery = view.firstOf(first / group);
        int lastQuery = view.lastOf((end - 1) / group);
        int high = view.high(lastQuery);
        for (int from = 0; from < high; from += span) {
            int to = view.seenTo(firstQuery, lastQuery, from + span);
            if (view.sees(firstQuery, lastQuery, from, to)) {
                pack(sequence, kvHead, from, to, scratch);
                for (int unit = first; unit < end; unit++) {
                    int head = kvHead * group + unit % group;
                    attend(sequence, head, view, unit / group, unit - first, from, to, scratch);
                }
            }
        }
        for (int unit = first; unit < end; unit++) {
            store(sequence, kvHead * group + unit % group, view, unit / group, unit - first, scratch);
        }
    }

    private void prepare(AttentionScratch x) {
        x.keys = AttentionScratch.atLeast(x.keys, span * keyStride);
        x.values = AttentionScratch.atLeast(x.values, span * valueStride);
        x.queries = AttentionScratch.atLeast(x.queries, Q * keyStride);
        x.queriesT = AttentionScratch.atLeast(x.queriesT, unitsPerItem * Q * keyStride);
        x.out = AttentionScratch.atLeast(x.out, unitsPerItem * Q * valueStride);
        x.scores = AttentionScratch.atLeast(x.scores, KEYS * Q);
        x.rowMax = AttentionScratch.atLeast(x.rowMax, unitsPerItem * Q);
        x.rowSum = AttentionScratch.atLeast(x.rowSum, unitsPerItem * Q);
        x.factor = AttentionScratch.atLeast(x.factor, unitsPerItem * Q);
    }

    private long lse(int sequence, int head) {
        return lse + 4 * (head * totalQueries + firstQuery[sequence]);
    }

    private void load(int sequence, int head, AttentionView view, int block, int slot, AttentionScratch x) {
        int rows = Math.min(Q, view.queries - block * Q);
        int padded = AttentionPack.padded(rows);
        long from =
                q + 4 * (plan.qStart()[sequence] + head * plan.qHeadStride() + (long) block * Q * plan.qTokenStride());
        AttentionPack.rows(from, plan.qTokenStride(), rows, plan.headDim(), x.queries, 0, keyStride, padded);
        AttentionTranspose.transpose(
                x.queries, keyStride, rows, plan.scale() * AttentionScores.LOG2E, x.queriesT, slot * Q * keyStride);
        startSoftmax(head, slot * Q, x);
        Arrays.fill(x.out, slot * Q * valueStride, (slot * Q + padded) * valueStride, 0f);
    }

    /// The sink logit is the first score of every query: the running maximum, with an exponential of 1.
    private void startSoftmax(int head, int at, AttentionScratch x) {
        float max = plan.sinkLogits() == 0
                ? Float.NEGATIVE_INFINITY
                : Mem.f32(plan.sinkLogits() + 4L * head) * AttentionScores.LOG2E;
        Arrays.fill(x.rowMax, at, at + Q, max);
        Arrays.fill(x.rowSum, at, at + Q, max == Float.NEGATIVE_INFINITY ? 0f : 1f);
    }

    private void pack(int sequence, int kvHead, int from, int to, AttentionScratch x) {
        int rows = to - from;
        int padded = (rows + ROWS - 1) & -ROWS;
        long key = k + 4 * (plan.kStart()[sequence] + kvHead * plan.kHeadStride() + from * plan.kTokenStride());
        long value = v + 4 * (plan.vStart()[sequence] + kvHead * plan.vHeadStride() + from * plan.vTokenStride());
        AttentionPack.rows(key, plan.kTokenStride(), rows, plan.headDim(), x.keys, 0, keyStride, padded);
        AttentionPack.rows(value, plan.vTokenStride(), rows, plan.valueDim(), x.values, 0, valueStride, rows);
    }

    /// Runs one unit over the packed keys `[from, to)`.
    private void attend(
            int sequence, int head, AttentionView view, int block, int slot, int from, int to, AttentionScratch x) {
        int firstQuery = view.firstOf(block);
        int lastQuery = view.lastOf(block);
        int high = view.seenTo(firstQuery, lastQuery, to);
        for (int start = from; start < high; start += KEYS) {
            int end = view.seenTo(firstQuery, lastQuery, Math.min(start + KEYS, high));
            if (view.sees(firstQuery, lastQuery, start, end)) {
                attendBlock(sequence, head, view, block, slot, from, start, end, x);
            }
        }
    }

    private void attendBlock(
            int sequence,
            int head,
            AttentionView view,
            int block,
            int slot,
            int from,
            int start,
            int end,
            AttentionScratch x) {
        view.groups(block, start, end, x.groupLow, x.groupHigh);
        AttentionScores.product(
                x.keys,
                (start - from) * keyStride,
                keyStride,
                plan.headDim(),
                x.queriesT,
                slot * Q * keyStride,
                x.scores,
                start,
                x.groupLow,
                x.groupHigh);
        for (int g = 0; g < AttentionView.GROUPS; g++) {
            int low = x.groupLow[g];
            int high = x.groupHigh[g];
            if (low < high) {
                AttentionScores.addMask(plan, sequence, head, view, block, g, x.scores, start, low, high);
                AttentionScores.hide(view, block, g, x.scores, start, low, high);
                AttentionScores.softmax(
                        x.scores,
                        low - start,
                        high - start,
                        g * AttentionView.GROUP,
                        x.rowMax,
                        x.rowSum,
                        x.factor,
                        slot * Q);
            }
        }
        int count = Math.min(Q, view.queries - block * Q);
        for (int row = 0; row < count; row += ROWS) {
            int first = block * Q + row;
            int last = Math.min(first + ROWS, view.queries) - 1;
            int low = view.seenFrom(first, last, start);
            int high = view.seenTo(first, last, end);
            if (low < high) {
                AttentionColumnTiles.add(
                        x.scores,
                        (low - start) * Q + row,
                        Q,
                        x.values,
                        (low - from) * valueStride,
                        valueStride,
                        high - low,
                        x.out,
                        (slot * Q + row) * valueStride,
                        valueStride,
                        x.factor,
                        slot * Q + row,
                        valueStride / Mem.FS.length());
            }
        }
    }

    private void store(int sequence, int head, AttentionView view, int block, int slot, AttentionScratch x) {
        int rows = Math.min(Q, view.queries - block * Q);
        AttentionScores.finish(x.rowMax, x.rowSum, slot * Q);
        long to =
                o + 4 * (plan.oStart()[sequence] + head * plan.oHeadStride() + (long) block * Q * plan.oTokenStride());
        AttentionPack.store(
                x.out,
                slot * Q * valueStride,
                valueStride,
                rows,
                plan.valueDim(),
                x.rowSum,
                slot * Q,
                to,
                plan.oTokenStride());
        AttentionPack.store(x.rowMax, slot * Q, rows, 1, rows, 1f, lse(sequence, head) + 4L * block * Q, rows);
    }
}
