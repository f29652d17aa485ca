package io.torrefy.data.internal;

import io.torrefy.data.FeatureValues;
import io.torrefy.data.Fingerprint64;
import java.util.BitSet;

/// The label of each row of a batch: the fingerprint of a class, or a number.
///
/// @param classes whether labels are classes
/// @param keys of classes: fingerprints of text, integers as they are
/// @param numbers of labels that are numbers
/// @param present which rows have exactly one label
public record RowLabels(boolean classes, long[] keys, float[] numbers, BitSet present) {
    /// Of rows without labels.
    public static final RowLabels NONE = new RowLabels(true, new long[0], new float[0], new BitSet());

    /// Those in `cells`.
    public static RowLabels of(Cells cells) {
        boolean classes = !(cells.values() instanceof FeatureValues.Floats);
        var labels = new RowLabels(
                classes,
                new long[classes ? cells.rows() : 0],
                new float[classes ? 0 : cells.rows()],
                new BitSet(cells.rows()));
        for (int row = 0; row < cells.rows(); row++) {
            int at = only(cells, row);
            if (at >= 0) {
                labels.put(row, cells, at);
            }
        }
        return labels;
    }

    private void put(int row, Cells cells, int at) {
        if (classes) {
            keys[row] = key(cells, at);
            present.set(row);
        } else if (cells.values() instanceof FeatureValues.Floats(float[] array) && Float.isFinite(array[at])) {
            numbers[row] = array[at];
            present.set(row);
        }
    }

    /// Where the one value of a row stands; -1 where it has none or several.
    static int only(Cells cells, int row) {
        int first = cells.rowSplits()[row];
        return cells.rowSplits()[row + 1] - first == 1 && !cells.missing(first) ? first : -1;
    }

    /// What tells a word from others.
    static long key(Cells cells, int i) {
        return switch (cells.values()) {
            case FeatureValues.Strings(byte[] bytes, int[] offsets) ->
                Fingerprint64.of(bytes, offsets[i], offsets[i + 1] - offsets[i]);
            case FeatureValues.Longs(long[] array) -> array[i];
            case FeatureValues.Floats(float[] array) -> Float.floatToIntBits(array[i]);
        };
    }
}
