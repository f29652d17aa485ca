package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.AttentionPlan;
import java.util.Arrays;

/// The backward pass of `FlashAttention` for one call. The keys of a long sequence are cut into parts, the fewer the
/// more heads there are; an item owns one part of one key head, runs all queries of its group of query heads over it,
/// in order, and writes dK and dV of its keys. Its share of dQ goes to dQ itself for the first part and to memory of
/// its own for the others (the workspace), which are added in order at the end. Within an item, keys are taken in spans
/// that fit the second-level cache together with their gradients.
final class FlashBackward {
    private static final int KEYS = FlashForward.KEYS;
    private static final int Q = AttentionView.QUERIES;
    private static final int ROWS = AttentionRowTiles.ROWS;
    private static final int ROWS_PER_TASK = 256;

    /// Items of a long sequence, parts times key heads, that keep threads busy; more cost memory for more shares of
    /// dQ.
    private static final int ITEMS = 32;

    private static final int MOST_PARTS = 16;

    /// The factor of sums that are not rescaled; never written.
    private static final float[] ONES = ones();

    private final AttentionPlan plan;
    private final long q;
    private final long k;
    private final long v;
    private final long o;
    private final long lse;
    private final long dO;
    private final long dq;
    private final long dk;
    private final long dv;
    private final int group;
    private final int keyStride;
    private final int valueStride;
    private final int span;
    private final long[] firstQuery;
    private final long totalQueries;
    private final long[] partial;
    private int headsPerItem;

    private FlashBackward(
            AttentionPlan plan, long q, long k, long v, long o, long lse, long dO, long dq, long dk, long dv) {
        this.plan = plan;
        this.q = q;
        this.k = k;
        this.v = v;
        this.o = o;
        this.lse = lse;
        this.dO = dO;
        this.dq = dq;
        this.dk = dk;
        this.dv = dv;
        group = plan.heads() / plan.kvHeads();
        keyStride = AttentionPack.padded(plan.headDim());
        valueStride = AttentionPack.padded(plan.valueDim());
        span = FlashForward.span(2 * (keyStride + valueStride), 131_072);
        AttentionWork work = AttentionScratch.get().work;
        firstQuery = work.firstQueries(plan);
        totalQueries = plan.totalQueries();
        partial = work.partials(plan.sequences());
    }

    static void run(
            AttentionPlan plan,
            long q,
            long k,
            long v,
            long o,
            long lse,
            long dO,
            long dq,
            long dk,
            long dv,
            long workspace) {
        FlashBackward call = new FlashBackward(plan, q, k, v, o, lse, dO, dq, dk, dv);
        call.layPartials();
        call.run(workspace);
        call.combine(workspace);
    }

    /// Bytes of workspace that a call needs.
    static long workspace(AttentionPlan plan) {
        return new FlashBackward(plan, 0, 0, 0, 0, 0, 0, 0, 0, 0).layPartials();
    }

    private static float[] ones() {
        float[] ones = new float[Q];
        Arrays.fill(ones, 1f);
        return ones;
    }

    private int spans(int sequence) {
        return Math.max(1, (plan.kLength()[sequence] + span - 1) / span);
    }

    private int parts(int sequence) {
        return Math.clamp(ITEMS / plan.kvHeads(), 1, Math.min(MOST_PARTS, spans(sequence)));
    }

    /// First span of part `part`.
    private int firstSpan(int sequence, int part) {
        return part * spans(sequence) / parts(sequence);
    }

    /// Gives every sequence with several parts its place for [part - 1, heads, queries, headDim]; returns the
    /// bytes.
    private long layPartials() {
        long bytes = 0;
        for (int s = 0; s < plan.sequences(); s++) {
            partial[s] = bytes;
            bytes += (parts(s) - 1) * partBytes(s);
        }
        return bytes;
    }

    private long partBytes(int sequence) {
        return 4L * plan.heads() * plan.qLength()[sequence] * plan.headDim();
    }

    private void run(long memory) {
        AttentionWork work = AttentionScratch.get().work;
        int sequences = plan.sequences();
        work.start(sequences);
        long size = (long) group * (plan.headDim() + plan.valueDim()) * 5 / 2;
        for (int s = 0; s < sequences; s++) {
            work.sequence(size * (plan.qLength()[s] + 8L) * (plan.kLength()[s] + 8L));
        }
        work.sort();
        headsPerItem = headsPerItem();
        for (int rank = 0; rank < sequences; rank++) {
            work.items(rank, plan.kvHeads() / headsPerItem * parts(work.at(rank)));
        }
        Parallel.run(work.tasks(), task -> {
            AttentionScratch scratch = AttentionScratch.get();
            for (int item = work.firstItem(task); item < work.endItem(task); item++) {
                int rank = work.rank(item);
                item(work.at(rank), work.within(rank, item), memory, scratch);
            }
        });
    }

    /// As in the forward pass: all heads of a sequence to one thread when there are many sequences.
    private int headsPerItem() {
        int items = 0;
        for (int s = 0; s < plan.sequences(); s++) {
            items += parts(s);
        }
        return items >= AttentionWork.PLENTY ? plan.kvHeads() : 1;
    }

    private void item(int sequence, int index, long memory, AttentionScratch x) {
        int perPart = plan.kvHeads() / headsPerItem;
        int part = index / perPart;
        int kvHead = index % perPart * headsPerItem;
        AttentionView view = x.view.of(plan, sequence);
        if (kvHead == 0) {
            sweep(sequence, view, x);
        }
        for (int h = kvHead; h < kvHead + headsPerItem; h++) {
            part(sequence, h, part, view, memory, x);
        }
    }

    /// See `AttentionPack.sweep`; the gradients are swept too because a store to part of a line reads it first.
    private void sweep(int sequence, AttentionView view, AttentionScratch x) {
        long queries = 2L * view.queries * (plan.qTokenStride() + plan.oTokenStride());
        long keys = 2L * view.keys * (plan.kTokenStride() + plan.vTokenStride());
        if (queries + keys <= 2L * AttentionPack.SWEEP) {
            float sum = sweepQueries(o, dO, plan.oStart()[sequence], plan.oTokenStride(), plan.oHeadStride(), view);
            sum += sweepQueries(q, dq, plan.qStart()[sequence], plan.qTokenStride(), plan.qHeadStride(), view);
            sum += sweepKeys(k, dk, plan.kStart()[sequence], plan.kTokenStride(), plan.kHeadStride(), view);
            sum += sweepKeys(v, dv, plan.vStart()[sequence], plan.vTokenStride(), plan.vHeadStride(), view);
            x.swept = sum;
        }
    }

    private float sweepQueries(
            long tensor, long gradient, long start, long tokenStride, long headStride, AttentionView view) {
        return AttentionPack.sweep(tensor + 4 * start, tokenStride, headStride, plan.heads(), view.queries)
                + AttentionPack.sweep(gradient + 4 * start, tokenStride, headStride, plan.heads(), view.queries);
    }

    private float sweepKeys(
            long tensor, long gradient, long start, long tokenStride, long headStride, AttentionView view) {
        return AttentionPack.sweep(tensor + 4 * start, tokenStride, headStride, plan.kvHeads(), view.keys)
                + AttentionPack.sweep(gradient + 4 * start, tokenStride, headStride, plan.kvHeads(), view.keys);
    }

    private void part(int sequence, int kvHead, int part, AttentionView view, long memory, AttentionScratch x) {
        prepare(x);
        int firstSpan = firstSpan(sequence, part);
        int endSpan = firstSpan(sequence, part + 1);
        for (int s = firstSpan; s < endSpan; s++) {
            int from = s * span;
            int to = Math.min(from + span, view.keys);
            pack(sequence, kvHead, from, to, x);
            for (int block = 0; block < view.blocks(); block++) {
                boolean seen = view.sees(view.firstOf(block), view.lastOf(block), from, to);
                for (int g = 0; g < group && (seen || s == firstSpan); g++) {
                    int head = kvHead * group + g;
                    unit(sequence, head, view, block, from, to, x);
                    storeQueryGrads(sequence, head, view, block, part, s == firstSpan, memory, x);
                }
            }
            storeKeyGrads(sequence, kvHead, from, to, x);
        }
    }

    private void prepare(AttentionScratch x) {
        x.keys = AttentionScratch.atLeast(x.keys, span * keyStride);
        x.values = AttentionScratch.atLeast(x.values, span * valueStride);
        x.keyGrads = AttentionScratch.atLeast(x.keyGrads, span * keyStride);
        x.valueGrads = AttentionScratch.atLeast(x.valueGrads, span * valueStride);
        x.queries = AttentionScratch.atLeast(x.queries, Q * keyStride);
        x.queriesT = AttentionScratch.atLeast(x.queriesT, Q * keyStride);
        x.outGrads = AttentionScratch.atLeast(x.outGrads, Q * valueStride);
        x.outGradsT = AttentionScratch.atLeast(x.outGradsT, Q * valueStride);
        x.out = AttentionScratch.atLeast(x.out, Q * Math.max(keyStride, valueStride));
        x.scores = AttentionScratch.atLeast(x.scores, KEYS * Q);
        x.scoreGrads = AttentionScratch.atLeast(x.scoreGrads, KEYS * Q);
        x.lse = AttentionScratch.atLeast(x.lse, Q);
        x.delta = AttentionScratch.atLeast(x.delta, Q);
    }

    private void pack(int sequence, int kvHead, int from, int to, AttentionScratch x) {
        int rows = to - from;
        int padded = (rows + ROWS - 1) & -ROWS;
        long key = k + 4 * keyAt(sequence, kvHead, from);
        long value = v + 4 * valueAt(sequence, kvHead, from);
        AttentionPack.rows(key, plan.kTokenStride(), rows, plan.headDim(), x.keys, 0, keyStride, padded);
        AttentionPack.rows(value, plan.vTokenStride(), rows, plan.valueDim(), x.values, 0, valueStride, padded);
        Arrays.fill(x.keyGrads, 0, padded * keyStride, 0f);
        Arrays.fill(x.valueGrads, 0, padded * valueStride, 0f);
    }

    private long keyAt(int sequence, int kvHead, int key) {
        return plan.kStart()[sequence] + kvHead * plan.kHeadStride() + key * plan.kTokenStride();
    }

    private long valueAt(int sequence, int kvHead, int key) {
        return plan.vStart()[sequence] + kvHead * plan.vHeadStride() + key * plan.vTokenStride();
    }

    private long queryAt(int sequence, int head, int query) {
        return plan.qStart()[sequence] + head * plan.qHeadStride() + query * plan.qTokenStride();
    }

    private long outAt(int sequence, int head, int query) {
        return plan.oStart()[sequence] + head * plan.oHeadStride() + query * plan.oTokenStride();
    }

    /// One block of queries of one head over the packed keys `[from, to)`: adds to dK and dV, leaves dQ in `x.out`.
    private void unit(int sequence, int head, AttentionView view, int block, int from, int to, AttentionScratch x) {
        load(sequence, head, view, block, x);
        int first = view.firstOf(block);
        int last = view.lastOf(block);
        int high = view.seenTo(first, last, to);
        for (int start = from; start < high; start += KEYS) {
            int end = view.seenTo(first, last, Math.min(start + KEYS, high));
            if (view.sees(first, last, start, end)) {
                gradients(sequence, head, view, block, from, start, end, x);
                addKeyGrads(from, start, x);
                addQueryGrads(view, block, from, start, end, x);
            }
        }
    }

    private void load(int sequence, int head, AttentionView view, int block, AttentionScratch x) {
        int first = block * Q;
        int rows = Math.min(Q, view.queries - first);
        int padded = AttentionPack.padded(rows);
        int dim = plan.headDim();
        int valueDim = plan.valueDim();
        long at = outAt(sequence, head, first);
        long lseAt = lse + 4 * (head * totalQueries + firstQuery[sequence] + first);
        AttentionPack.rows(o + 4 * at, plan.oTokenStride(), rows, valueDim, x.out, 0, valueStride, padded);
        AttentionPack.rows(dO + 4 * at, plan.oTokenStride(), rows, valueDim, x.outGrads, 0, valueStride, padded);
        AttentionTranspose.transpose(x.outGrads, valueStride, rows, 1f, x.outGradsT, 0);
        for (int i = 0; i < rows; i++) {
            float kept = Mem.f32(lseAt + 4L * i);
            x.lse[i] = kept == Float.NEGATIVE_INFINITY ? Float.POSITIVE_INFINITY : kept * AttentionScores.LOG2E;
        }
        Arrays.fill(x.lse, rows, Q, Float.POSITIVE_INFINITY);
        AttentionScores.dots(x.out, x.outGrads, padded, valueStride, x.delta);
        long query = q + 4 * queryAt(sequence, head, first);
        AttentionPack.rows(query, plan.qTokenStride(), rows, dim, x.queries, 0, keyStride, padded);
        AttentionTranspose.transpose(x.queries, keyStride, rows, plan.scale() * AttentionScores.LOG2E, x.queriesT, 0);
        Arrays.fill(x.out, 0, padded * keyStride, 0f);
    }

    /// Makes P and dS of keys `[start, end)` in `x.scores` and `x.scoreGrads`.
    private void gradients(
            int sequence, int head, AttentionView view, int block, int from, int start, int end, AttentionScratch x) {
        view.groups(block, start, end, x.groupLow, x.groupHigh);
        AttentionScores.product(
                x.keys,
                (start - from) * keyStride,
                keyStride,
                plan.headDim(),
                x.queriesT,
                0,
                x.scores,
                start,
                x.groupLow,
                x.groupHigh);
        AttentionScores.product(
                x.values,
                (start - from) * valueStride,
                valueStride,
                plan.valueDim(),
                x.outGradsT,
                0,
                x.scoreGrads,
                start,
                x.groupLow,
                x.groupHigh);
        for (int g = 0; g < AttentionView.GROUPS; g++) {
            if (x.groupLow[g] < x.groupHigh[g]) {
                int low = start + ((x.groupLow[g] - start) & -ROWS);
                int high = start + ((x.groupHigh[g] - start + ROWS - 1) & -ROWS);
                AttentionScores.addMask(plan, sequence, head, view, block, g, x.scores, start, low, high);
                AttentionScores.hide(view, block, g, x.scores, start, low, high);
                AttentionScores.gradients(
                        x.scores, x.scoreGrads, low - start, high - start, g * AttentionView.GROUP, x.lse, x.delta);
            }
        }
    }

    /// `dV += P^T dO`, `dK += dS^T Q`, a tile of eight keys at a time over the lanes that see one of them.
    private void addKeyGrads(int from, int start, AttentionScratch x) {
        int low = AttentionScores.from(x.groupLow, x.groupHigh, start);
        int high = AttentionScores.to(x.groupLow, x.groupHigh);
        int vectors = Mem.FS.length();
        for (int j = low; j < high; j += ROWS) {
            int first = AttentionScores.firstGroup(j, x.groupHigh);
            int lanes = (AttentionScores.lastGroup(j, x.groupLow) + 1 - first) * AttentionView.GROUP;
            if (lanes > 0) {
                int lane = first * AttentionView.GROUP;
                int at = (j - start) * Q + lane;
                int row = j - from;
                AttentionRowTiles.add(
                        x.scores,
                        at,
                        Q,
                        x.outGrads,
                        lane * valueStride,
                        valueStride,
                        lanes,
                        x.valueGrads,
                        row * valueStride,
                        valueStride,
                        valueStride / vectors);
                AttentionRowTiles.add(
                        x.scoreGrads,
                        at,
                        Q,
                        x.queries,
                        lane * keyStride,
                        keyStride,
                        lanes,
                        x.keyGrads,
                        row * keyStride,
                        keyStride,
                        keyStride / vectors);
            }
        }
    }

    /// `dQ += dS K`, a tile of eight queries at a time over the keys that one of them sees.
    private void addQueryGrads(AttentionView view, int block, int from, int start, int end, AttentionScratch x) {
        int count = Math.min(Q, view.queries - block * Q);
        for (int row = 0; row < count; row += ROWS) {
            int first = block * Q + row;
            int last = Math.min(first + ROWS, view.queries) - 1;
            int low = view.seenFrom(first, last, start);
            int high = view.seenTo(first, last, end);
            if (low < high) {
                AttentionColumnTiles.add(
                        x.scoreGrads,
                        (low - start) * Q + row,
                        Q,
                        x.keys,
                        (low - from) * keyStride,
                        keyStride,
                        high - low,
                        x.out,
                        row * keyStride,
                        keyStride,
                        ONES,
                        row,
                        keyStride / Mem.FS.length());
            }
        }
    }

    private void storeQueryGrads(
            int sequence,
            int head,
            AttentionView view,
            int block,
            int part,
            boolean overwrite,
            long memory,
            AttentionScratch x) {
        int first = block * Q;
        int rows = Math.min(Q, view.queries - first);
        long to = dq + 4 * queryAt(sequence, head, first);
        long stride = plan.qTokenStride();
        if (part > 0) {
            stride = plan.headDim();
            to = memory + partialAt(sequence, head, first, part);
        }
        if (overwrite) {
            AttentionPack.store(x.out, 0, keyStride, rows, plan.headDim(), plan.scale(), to, stride);
        } else {
            AttentionPack.add(x.out, 0, keyStride, rows, plan.headDim(), plan.scale(), to, stride);
        }
    }

    private long partialAt(int sequence, int head, int query, int part) {
        long row = (long) head * plan.qLength()[sequence] + query;
        return partial[sequence] + (part - 1) * partBytes(sequence) + 4 * row * plan.headDim();
    }

    private void storeKeyGrads(int sequence, int kvHead, int from, int to, AttentionScratch x) {
        long key = dk + 4 * keyAt(sequence, kvHead, from);
        long value = dv + 4 * valueAt(sequence, kvHead, from);
        AttentionPack.store(
                x.keyGrads, 0, keyStride, to - from, plan.headDim(), plan.scale(), key, plan.kTokenStride());
        AttentionPack.store(x.valueGrads, 0, valueStride, to - from, plan.valueDim(), 1f, value, plan.vTokenStride());
    }

    /// Adds the parts of dQ in order, `ROWS_PER_TASK` rows of a head a task.
    private void combine(long memory) {
        int longest = 0;
        for (int s = 0; s < plan.sequences(); s++) {
            longest = Math.max(longest, parts(s) > 1 ? plan.qLength()[s] : 0);
        }
        int chunks = Math.ceilDiv(longest, ROWS_PER_TASK);
        Parallel.run(plan.sequences() * plan.heads() * chunks, task -> {
            int sequence = task / chunks / plan.heads();
            int head = task / chunks % plan.heads();
            int from = task % chunks * ROWS_PER_TASK;
            int to = Math.min(from + ROWS_PER_TASK, plan.qLength()[sequence]);
            for (int part = 1; part < parts(sequence); part++) {
                for (int i = from; i < to; i++) {
                    AttentionPack.add(
                            plan.headDim(),
                            memory + partialAt(sequence, head, i, part),
                            dq + 4 * queryAt(sequence, head, i));
                }
            }
        });
    }
}
