package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.StepProgram;

/// One new token of one sequence in attention over a key-value cache, for one key head and the query heads that share
/// it: their norms and rotation, the token's key and value into the cache, then the attention over it.
final class CachedHeads {
    private CachedHeads() {}

    static void run(StepProgram.CachedAttention a, StepProgram.Rows rows, int row, int kvHead) {
        int dim = a.dim();
        int group = a.heads() / a.kvHeads();
        int position = rows.positions()[row];
        long q = a.qkv() + 4L * dim * ((long) row * (a.heads() + 2L * a.kvHeads()) + (long) kvHead * group);
        long k = q + 4L * dim * (a.heads() - (long) kvHead * group + kvHead);
        long v = k + 4L * dim * a.kvHeads();
        long slot = 4 * (rows.slots()[row] * a.slotStride() + kvHead * a.headStride());
        long place = slot + 4 * position * a.tokenStride();
        long keys = a.keys() + slot;
        long values = a.values() + slot;
        turn(a, a.keyNorm(), k, position, a.keys() + place);
        Mem.copy(4L * dim, v, a.values() + place);
        long y = a.y() + 4L * dim * ((long) row * a.heads() + (long) kvHead * group);
        AttentionScratch scratch = AttentionScratch.get();
        AttentionDecode.reserve(a.capacity(), dim, dim, scratch);
        float scale = (float) (1 / Math.sqrt(dim));
        for (int h = 0; h < group; h++) {
            long query = q + 4L * dim * h;
            turn(a, a.queryNorm(), query, position, query);
            AttentionDecode.head(
                    query,
                    dim,
                    scale,
                    keys,
                    4 * a.tokenStride(),
                    values,
                    4 * a.tokenStride(),
                    position + 1,
                    y + 4L * dim * h,
                    scratch);
        }
    }

    /// Norm and rotation of a head, to `y`, which may be x.
    private static void turn(StepProgram.CachedAttention a, long norm, long x, int position, long y) {
        int dim = a.dim();
        if (norm != 0) {
            Norms.rmsRow(x, norm, dim, a.eps(), x);
        }
        if (a.cos() != 0) {
            long angles = 4L * (dim / 2) * position;
            Rope.halves(dim / 2, x, a.cos() + angles, a.sin() + angles, 1f, y);
        } else if (x != y) {
            Mem.copy(4L * dim, x, y);
        }
    }
}
