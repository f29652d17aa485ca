package io.torrefy.data.internal;

import io.torrefy.data.ColumnMode;
import io.torrefy.data.EncodedColumn.Ids;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.WeightedCategoricalColumn;

/// Ids with the weights that stand in the same places of another feature.
public record WeightedIds(WeightedCategoricalColumn column, IdSource inner, ColumnMode mode) implements IdSource {
    @Override
    public Ids encode(Call call) {
        var ids = call.ids(inner);
        var cells = call.raw(column.weightFeatureKey());
        checkType(cells);
        return mode == ColumnMode.STRICT ? byPlace(ids, cells, call) : asTensorFlow(ids, cells);
    }

    private void checkType(Cells cells) {
        boolean floats = cells.values() instanceof FeatureValues.Floats;
        boolean integers = cells.values() instanceof FeatureValues.Longs;
        Problems.of("columns")
                .expect(
                        column.dtype().isFloating() ? floats : integers,
                        "weights of dtype " + column.dtype().typeName() + " in feature \"" + cells.key() + "\"",
                        "bad dtype: " + cells.kind())
                .raise();
    }

    private static float[] floats(Cells cells) {
        if (cells.values() instanceof FeatureValues.Floats(float[] array)) {
            return array;
        }
        long[] longs = ((FeatureValues.Longs) cells.values()).array();
        var array = new float[longs.length];
        for (int i = 0; i < array.length; i++) {
            array[i] = longs[i];
        }
        return array;
    }

    /// A weight belongs to the id of its place. A missing value takes its weight with it; other than that there
    /// must be one for each.
    private Ids byPlace(Ids ids, Cells cells, Call call) {
        int[] places = inner instanceof LeafIds leaf ? call.raw(leaf.key()).rowSplits() : ids.rowSplits();
        float[] all = floats(cells);
        var weights = new float[ids.ids().length];
        for (int row = 0; row < ids.rows(); row++) {
            int at = cells.rowSplits()[row];
            int end = cells.rowSplits()[row + 1];
            boolean whole = end - at == places[row + 1] - places[row];
            for (int i = ids.rowSplits()[row]; whole && i < ids.rowSplits()[row + 1]; i++) {
                int place = ids.position(row, i);
                while (at < end && cells.position(row, at) < place) {
                    at++;
                }
                whole = at < end && cells.position(row, at) == place;
                weights[i] = whole ? all[at] : 0;
            }
            if (!whole) {
                throw mismatch(row, places[row + 1] - places[row], end - cells.rowSplits()[row]);
            }
        }
        return new Ids(ids.rowSplits(), ids.ids(), weights, ids.positions());
    }

    /// A dense feature loses its zeros first; what is left must stand where the ids stand.
    private Ids asTensorFlow(Ids ids, Cells cells) {
        float[] all = floats(cells);
        var weights = new float[ids.ids().length];
        for (int row = 0; row < ids.rows(); row++) {
            int i = ids.rowSplits()[row];
            int end = ids.rowSplits()[row + 1];
            int found = 0;
            boolean same = true;
            for (int at = cells.rowSplits()[row]; at < cells.rowSplits()[row + 1]; at++) {
                if (cells.dense() && all[at] == 0) {
                    continue;
                }
                same &= i < end && ids.position(row, i) == cells.position(row, at);
                if (same) {
                    weights[i++] = all[at];
                }
                found++;
            }
            if (!same || i < end) {
                throw mismatch(row, end - ids.rowSplits()[row], found);
            }
        }
        return new Ids(ids.rowSplits(), ids.ids(), weights, ids.positions());
    }

    private RowException mismatch(int row, int ids, int weights) {
        return new RowException(
                "expected a weight in \"" + column.weightFeatureKey() + "\" for each id of \""
                        + column.categoricalColumn().name() + "\", in the same places; got " + ids + " ids and "
                        + weights + " weights",
                row,
                "");
    }
}
