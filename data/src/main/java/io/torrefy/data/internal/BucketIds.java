package io.torrefy.data.internal;

import io.torrefy.data.BucketizedColumn;
import io.torrefy.data.ColumnMode;
import io.torrefy.data.EncodedColumn.Ids;
import java.util.Arrays;

/// The ids of a bucketized column: how many boundaries are at or below each number. The search has no branches that
/// depend on the data: on random numbers half of them would be guessed wrong. It compares the floats as integers of the
/// same order.
public final class BucketIds implements IdSource {
    private final NumericSource source;
    private final int boundaries;
    /// The boundaries as integers, padded with the greatest to one less than a power of two.
    private final int[] keys;
    private final boolean strict;

    /// Of that column, whose numbers are `source`.
    public BucketIds(BucketizedColumn column, NumericSource source, ColumnMode mode) {
        this.source = source;
        boundaries = column.boundaries().size();
        keys = new int[2 * Integer.highestOneBit(boundaries) - 1];
        Arrays.fill(keys, Integer.MAX_VALUE);
        for (int i = 0; i < boundaries; i++) {
            keys[i] = key(column.boundaries().get(i).floatValue());
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
            search(values, from, to, ids);
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
                    throw new IllegalArgumentException("[columns] expected numbers in feature \""
                            + source.column().key() + "\", which is bucketized; got NaN in row " + i / width + ".");
                }
                ids[i] = boundaries;
            }
        }
    }
}
