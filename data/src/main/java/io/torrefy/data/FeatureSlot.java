package io.torrefy.data;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One feature of the records being read into a column: its values, and where the rows end.
final class FeatureSlot {
    /// No fixed number of values.
    static final int ANY = -1;

    final String name;
    final byte[] key;
    final ValueColumn values;
    private final int count;
    private final Optional<FeatureValues> missing;

    // Where the feature of the current row lies in its record; stamped with the row.
    private int row = -1;
    private int from;
    private int to;

    private int[] ends = new int[16];
    private int rows;

    /// Another slot of the same key.
    @Nullable
    FeatureSlot next;

    /// @param count the number of values of each row, or [#ANY]
    /// @param missing the values where the feature is missing; empty: it has to be there
    FeatureSlot(String name, ValueKind kind, int count, Optional<FeatureValues> missing) {
        this.name = name;
        this.key = name.getBytes(StandardCharsets.UTF_8);
        this.values = new ValueColumn(kind);
        this.count = count;
        this.missing = missing;
    }

    /// Notes where the feature lies; what was noted for the same row before is forgotten.
    void found(int newRow, int start, int end) {
        row = newRow;
        from = start;
        to = end;
    }

    /// Reads the feature of `currentRow` into the column, or its default. Problems are described in `problems`.
    void endRow(int currentRow, Wire wire, List<String> problems) {
        int kind = 0;
        int before = values.size();
        if (row == currentRow) {
            int limit = wire.limit;
            wire.at = from;
            wire.limit = to;
            kind = ValueLists.readFeature(wire, values, ValueLists.Unknown.SKIP, ValueLists.Unknown.SKIP);
            wire.limit = limit;
        }
        if (kind == 0) {
            addMissing(problems);
        } else if (kind != values.kind().field()) {
            problems.add("feature \"" + name + "\" as " + values.kind().label() + "; got "
                    + ValueKind.values()[kind - 1].label());
        } else if (count != ANY && values.size() - before != count) {
            problems.add("feature \"" + name + "\" (" + values.kind().label() + ") with " + count + " values; got "
                    + (values.size() - before));
        }
        markRow();
    }

    private void addMissing(List<String> problems) {
        if (missing.isEmpty()) {
            problems.add("feature \"" + name + "\" (" + values.kind().label() + "), which has no default; got none");
        } else {
            values.addAll(missing.get(), 0, missing.get().size());
        }
    }

    /// Ends a row at the values there are.
    void markRow() {
        if (rows == ends.length) {
            ends = Arrays.copyOf(ends, ValueColumn.grown(rows, 1));
        }
        ends[rows++] = values.size();
    }

    /// Where row `i` starts in the values; `rowStart(rows)` is where the last one ends.
    int rowStart(int i) {
        return i == 0 ? 0 : ends[i - 1];
    }

    int rowLength(int i) {
        return ends[i] - rowStart(i);
    }

    /// `rows + 1` entries.
    int[] splits() {
        int[] splits = new int[rows + 1];
        System.arraycopy(ends, 0, splits, 1, rows);
        return splits;
    }
}
