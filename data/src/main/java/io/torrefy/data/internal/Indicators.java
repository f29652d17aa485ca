package io.torrefy.data.internal;

import io.torrefy.data.ColumnBuffers;
import io.torrefy.data.EncodedColumn.Dense;
import io.torrefy.data.EncodedColumn.IdSequences;
import io.torrefy.data.EncodedColumn.Ids;
import java.util.Arrays;

/// Rows of counts, or of sums of weights, for ids. Ids outside `0..buckets` contribute nothing.
public final class Indicators {
    private Indicators() {}

    /// A row for each row of ids.
    ///
    /// @throws IllegalArgumentException if an array cannot hold it; `name` says of what
    public static Dense of(String name, Ids ids, long buckets, ColumnBuffers buffers) {
        int width = width(name, ids.rows(), buckets);
        return new Dense(ids.rows(), width, counts(ids.rowSplits(), ids.ids(), ids.weights(), width, buffers));
    }

    /// A row for each step.
    public static float[] ofSteps(String name, IdSequences ids, long buckets) {
        int width = width(name, ids.stepSplits().length - 1, buckets);
        return counts(ids.stepSplits(), ids.ids(), ids.weights(), width, new ColumnBuffers());
    }

    private static int width(String name, int rows, long buckets) {
        Problems.of("columns")
                .expect(
                        buckets <= Integer.MAX_VALUE - 8 && rows * buckets <= Integer.MAX_VALUE - 8,
                        "fewer than 2^31 numbers in \"" + name + "\"",
                        rows + " rows of " + buckets,
                        "encode fewer rows at a time, or take an embedding_column.")
                .raise();
        return (int) buckets;
    }

    private static float[] counts(int[] splits, long[] ids, float[] weights, int width, ColumnBuffers buffers) {
        var out = buffers.floats((splits.length - 1) * width);
        Blocks.run(splits.length - 1, (from, to) -> {
            Arrays.fill(out, from * width, to * width, 0);
            for (int row = from; row < to; row++) {
                for (int i = splits[row]; i < splits[row + 1]; i++) {
                    if (ids[i] >= 0 && ids[i] < width) {
                        out[row * width + (int) ids[i]] += weights.length == 0 ? 1 : weights[i];
                    }
                }
            }
        });
        return out;
    }
}
