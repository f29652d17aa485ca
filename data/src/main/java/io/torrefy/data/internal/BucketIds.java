package io.torrefy.data.internal;

import io.torrefy.data.BucketizedColumn;
import io.torrefy.data.ColumnMode;
import io.torrefy.data.EncodedColumn.Ids;

/// The ids of a bucketized column.
public final class BucketIds implements IdSource {
    private final NumericSource source;
    private final float[] boundaries;
    private final boolean strict;

    /// Of that column, whose numbers are `source`.
    public BucketIds(BucketizedColumn column, NumericSource source, ColumnMode mode) {
        this.source = source;
        boundaries = new float[column.boundaries().size()];
        for (int i = 0; i < boundaries.length; i++) {
            boundaries[i] = column.boundaries().get(i).floatValue();
        }
        strict = mode == ColumnMode.STRICT;
    }

    @Override
    public Ids encode(Call call) {
        var numbers = call.floats(source);
        float[] values = numbers.values();
        int width = numbers.width();
        var ids = new long[values.length];
        Blocks.run(values.length, (from, to) -> {
            if (strict && !NumericSource.noneIsNan(values, from, to)) {
                refuseNan(values, from, width);
            }
            fill(values, from, to, ids);
            if (width > 1) {
                for (int i = from; i < to; i++) {
                    ids[i] += (boundaries.length + 1L) * (i % width);
                }
            }
        });
        return new Ids(Cells.uniform(numbers.rows(), width), ids, NO_WEIGHTS, IN_ORDER);
    }

    /// How many boundaries are at or below each value; NaN is below none of them.
    private void fill(float[] values, int from, int to, long[] ids) {
        for (int i = from; i < to; i++) {
            float x = values[i];
            int base = 0;
            for (int left = boundaries.length; left > 0; ) {
                int half = (left + 1) >>> 1;
                // Moves by half where the value is not below the last boundary of the half; no branch to mispredict.
                base += x < boundaries[base + half - 1] ? 0 : half;
                left -= half;
            }
            ids[i] = base;
        }
    }

    private void refuseNan(float[] values, int from, int width) {
        int at = from;
        while (values[at] == values[at]) {
            at++;
        }
        throw new IllegalArgumentException("[columns] expected numbers in feature \""
                + source.column().key() + "\", which is bucketized; got NaN in row " + at / width + ".");
    }
}
