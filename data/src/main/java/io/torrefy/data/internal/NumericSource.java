package io.torrefy.data.internal;

import io.torrefy.data.ColumnMode;
import io.torrefy.data.EncodedColumn.Dense;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.NumericColumn;

/// The numbers of a numeric column.
public record NumericSource(NumericColumn column, Normalization normalization, ColumnMode mode) {
    /// The numbers of every row, float32.
    public Dense encode(Call call) {
        var cells = call.raw(column.key());
        int width = Math.toIntExact(column.width());
        boolean complete = isComplete(cells, width);
        Problems.of("columns")
                .expect(
                        !(cells.values() instanceof FeatureValues.Strings),
                        "numbers in feature \"" + column.key() + "\"",
                        cells.kind())
                .expect(
                        mode == ColumnMode.STRICT || cells.dense(),
                        "a dense feature for the numerical column, key: " + column.key(),
                        "a sparse or ragged one, which is not supported")
                .raise();
        var input = complete ? cells.values() : filled(cells, width);
        if (normalization.isIdentity() && input instanceof FeatureValues.Floats floats) {
            return new Dense(cells.rows(), width, floats.array());
        }
        var out = call.buffers().floats(input.size());
        Blocks.run(out.length, (from, to) -> {
            normalization.apply(input, from, to, out);
            if (mode == ColumnMode.STRICT) {
                int bad = normalization.firstLost(input, from, to, out);
                if (bad >= 0) {
                    throw normalization.lost(column.key(), input, bad, out[bad], bad / width);
                }
            }
        });
        return new Dense(cells.rows(), width, out);
    }

    private static boolean isComplete(Cells cells, int width) {
        if (cells.positions().length > 0) {
            return false;
        }
        boolean complete = true;
        for (int row = 0; row < cells.rows(); row++) {
            complete &= cells.rowSplits()[row + 1] - cells.rowSplits()[row] == width;
        }
        return complete;
    }

    /// Empty rows get the default; any other number of values than `width` is an error.
    private FeatureValues filled(Cells cells, int width) {
        return switch (cells.values()) {
            case FeatureValues.Floats floats -> {
                var out = new float[cells.rows() * width];
                fill(cells, width, floats.array(), out);
                yield new FeatureValues.Floats(out);
            }
            case FeatureValues.Longs longs -> {
                var out = new long[cells.rows() * width];
                fill(cells, width, longs.array(), out);
                yield new FeatureValues.Longs(out);
            }
            case FeatureValues.Strings strings -> strings;
        };
    }

    private void fill(Cells cells, int width, Object from, Object to) {
        var defaults = column.defaultValue();
        for (int row = 0; row < cells.rows(); row++) {
            int start = cells.rowSplits()[row];
            int n = cells.rowSplits()[row + 1] - start;
            boolean whole =
                    n == width && cells.position(row, start) == 0 && cells.position(row, start + n - 1) == n - 1;
            if (whole) {
                System.arraycopy(from, start, to, row * width, n);
            } else if (n == 0 && !defaults.isEmpty()) {
                for (int i = 0; i < width; i++) {
                    set(to, row * width + i, defaults.get(i));
                }
            } else {
                throw new RowException(
                        "expected " + (width == 1 ? "one value" : width + " values") + " in every row of feature \""
                                + column.key() + "\"" + (n == 0 ? ", or a default_value" : "") + "; got "
                                + (n == 0 ? "none" : n),
                        row,
                        "");
            }
        }
    }

    private static void set(Object array, int at, Number value) {
        if (array instanceof float[] floats) {
            floats[at] = value.floatValue();
        } else {
            ((long[]) array)[at] = value.longValue();
        }
    }
}
