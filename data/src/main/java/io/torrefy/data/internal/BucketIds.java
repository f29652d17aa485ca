package io.torrefy.data.internal;

import io.torrefy.data.BucketizedColumn;
import io.torrefy.data.ColumnMode;
import io.torrefy.data.EncodedColumn.Ids;
import java.util.Arrays;

/// The ids of a bucketized column: how many boundaries are at or below each number. Few boundaries are compared with in
/// vectors ([BucketCounts]), many are searched, and so is what is left of whole vectors. The search has no branches
/// that depend on the data: on random numbers half of them would be guessed wrong. It compares the floats as integers
/// of the same order. Both give the same ids.
public final class BucketIds implements IdSource {
    private static final int CHUNK = 2048;

    private final NumericSource source;
    private final float[] limits;
    private final int boundaries;
    /// The boundaries as integers, padded with the greatest to one less than a power of two.
    private final int[] keys;
    private final boolean strict;

    /// Of that column, whose numbers are `source`.
    public BucketIds(BucketizedColumn column, NumericSource source, ColumnMode mode) {
        this.source = source;
        boundaries = column.boundaries().size();
        limits = new float[boundaries];
        keys = new int[2 * Integer.highestOneBit(boundaries) - 1];
        Arrays.fill(keys, Integer.MAX_VALUE);
        for (int i = 0; i < boundaries; i++) {
            limits[i] = column.boundaries().get(i).floatValue();
            keys[i] = key(limits[i]);
        }
        strict = mode == ColumnMode.STRICT;
    }

    @Override
    public Ids encode(Call call) {
        var numbers = call.floats(source);
        float[] values = numbers.values();
        int width = numbers.width();
        var ids = call.buffers().longs(values.length);
        Blocks.run(values.length, (from, to) -> {
            search(values, compare(values, from, to, ids), to, ids);
            if (!noneIsNan(values, from, to)) {
                nan(values, from, to, width, ids);
            }
            if (width > 1) {
                for (int i = from; i < to; i++) {
                    ids[i] += (boundaries + 1L) * (i % width);
                }
            }
        });
        return new Ids(call.uniform(width), ids, NO_WEIGHTS, IN_ORDER);
    }

    /// Returns where it had to stop. A chunk's counts stay in the cache until they are widened.
    private int compare(float[] values, int from, int to, long[] ids) {
        if (boundaries > BucketCounts.MOST) {
            return from;
        }
        var counts = new int[Math.min(CHUNK, to - from)];
        int at = from;
        while (at < to) {
            int end = BucketCounts.count(values, at, Math.min(to, at + CHUNK), limits, counts);
            if (end == at) {
                break;
            }
            for (int i = at; i < end; i++) {
                ids[i] = counts[i - at];
            }
            at = end;
        }
        return at;
    }

    private void search(float[] values, int from, int to, long[] ids) {
        int first = (keys.length + 1) / 2;
        for (int i = from; i < to; i++) {
            int key = key(values[i]);
            int below = 0;
            for (int half = first; half > 0; half >>= 1) {
                // All ones if the boundary is greater, so that nothing is added.
                int greater = (int) ((key - (long) keys[below + half - 1]) >> 63);
                below += half & ~greater;
            }
            ids[i] = below;
        }
    }

    /// The bits of a float as an integer of the same order; 0 and -0 are equal.
    private static int key(float x) {
        int bits = Float.floatToRawIntBits(x + 0f);
        return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    }

    private static boolean noneIsNan(float[] values, int from, int to) {
        boolean sound = true;
        for (int i = from; i < to; i++) {
            sound &= !Float.isNaN(values[i]);
        }
        return sound;
    }

    /// An error, or the last bucket, where TensorFlow has it.
    private void nan(float[] values, int from, int to, int width, long[] ids) {
        for (int i = from; i < to; i++) {
            if (Float.isNaN(values[i])) {
                if (strict) {
                    throw new RowException(
                            "expected numbers in feature \"" + source.column().key()
                                    + "\", which is bucketized; got NaN",
                            i / width,
                            "");
                }
                ids[i] = boundaries;
            }
        }
    }
}
