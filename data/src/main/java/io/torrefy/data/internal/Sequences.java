package io.torrefy.data.internal;

import io.torrefy.data.ColumnMode;
import io.torrefy.data.EncodedColumn.DenseSequences;
import io.torrefy.data.EncodedColumn.IdSequences;
import io.torrefy.data.EncodedColumn.Ids;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.SequenceNumericColumn;
import java.util.Arrays;

/// Puts values into the steps of their rows. A row ends with its last step that has a value; steps without one may
/// stand before it.
public final class Sequences {
    private Sequences() {}

    /// The steps of ids that come from the feature `cells`.
    public static IdSequences ofIds(Ids ids, Cells cells) {
        int rows = ids.rows();
        var rowSplits = new int[rows + 1];
        for (int row = 0; row < rows; row++) {
            int end = ids.rowSplits()[row + 1];
            int steps = end == ids.rowSplits()[row] ? 0 : step(cells, row, ids.position(row, end - 1)) + 1;
            rowSplits[row + 1] = Math.addExact(rowSplits[row], steps);
        }
        var stepSplits = new int[rowSplits[rows] + 1];
        for (int row = 0; row < rows; row++) {
            for (int i = ids.rowSplits()[row]; i < ids.rowSplits()[row + 1]; i++) {
                stepSplits[rowSplits[row] + step(cells, row, ids.position(row, i)) + 1]++;
            }
        }
        Arrays.parallelPrefix(stepSplits, Integer::sum);
        return new IdSequences(rowSplits, stepSplits, ids.ids(), ids.weights());
    }

    /// The step, within its row, of the value at `position` of the row.
    private static int step(Cells cells, int row, int position) {
        if (cells.stepSplits().length == 0) {
            return position / cells.stepWidth();
        }
        int first = cells.steps()[row];
        int at = cells.rowSplits()[row] + position;
        int step = Arrays.binarySearch(cells.stepSplits(), first, cells.steps()[row + 1] + 1, at);
        step = step < 0 ? -step - 2 : step;
        while (cells.stepSplits()[step + 1] == at) {
            step++;
        }
        return step - first;
    }

    /// The steps of a sequence of numbers.
    public static DenseSequences ofNumbers(
            SequenceNumericColumn column, Normalization normalization, Cells cells, ColumnMode mode) {
        int width = column.width();
        Problems.of("columns")
                .expect(
                        !(cells.values() instanceof FeatureValues.Strings),
                        "numbers in feature \"" + column.key() + "\"",
                        cells.kind())
                .raise();
        int[] lengths = lengths(cells);
        int[] rowSplits = new int[cells.rows() + 1];
        int longest = Arrays.stream(lengths).max().orElse(0);
        for (int row = 0; row < cells.rows(); row++) {
            boolean whole = mode == ColumnMode.STRICT ? lengths[row] % width == 0 : longest % width == 0;
            if (!whole) {
                throw new RowException(
                        "expected values in a multiple of " + width
                                + ", the shape of a step, in every row of feature \"" + column.key() + "\"; got "
                                + lengths[row],
                        row,
                        "");
            }
            rowSplits[row + 1] = Math.addExact(rowSplits[row], Math.ceilDiv(lengths[row], width));
        }
        var given = new float[cells.count()];
        normalization.apply(cells.values(), 0, given.length, given);
        int bad = mode == ColumnMode.STRICT ? normalization.firstLost(cells.values(), 0, given.length, given) : -1;
        if (bad >= 0) {
            throw normalization.lost(column.key(), cells.values(), bad, given[bad], cells.rowOf(bad));
        }
        var out = new float[Math.multiplyExact(rowSplits[cells.rows()], width)];
        Arrays.fill(out, (float) column.defaultValue());
        for (int row = 0; row < cells.rows(); row++) {
            for (int i = cells.rowSplits()[row]; i < cells.rowSplits()[row + 1]; i++) {
                out[rowSplits[row] * width + cells.position(row, i)] = given[i];
            }
        }
        return new DenseSequences(rowSplits, width, out, (float) column.defaultValue());
    }

    /// How many places each row has up to its last value.
    private static int[] lengths(Cells cells) {
        var lengths = new int[cells.rows()];
        for (int row = 0; row < lengths.length; row++) {
            int end = cells.rowSplits()[row + 1];
            lengths[row] = end == cells.rowSplits()[row] ? 0 : cells.position(row, end - 1) + 1;
        }
        return lengths;
    }
}
