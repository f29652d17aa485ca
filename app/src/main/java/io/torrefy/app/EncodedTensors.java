package io.torrefy.app;

import io.torrefy.data.EncodedColumn;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// All the rows of tables as one tensor a column, gathered in memory: `(rows, 1)` numbers under the column's name; ids
/// of all rows one after the other under `NAME.ids`, those of row `r` from `NAME.row_splits[r]` to the next, and their
/// weights under `NAME.weights`.
final class EncodedTensors {
    private final SequencedMap<String, Column> columns = new LinkedHashMap<>();
    private long rows;

    /// The parts of one tensor of integers or floats.
    private static final class Column {
        private final List<long[]> integers = new ArrayList<>();
        private final List<float[]> floats = new ArrayList<>();
        private final boolean column;

        Column(boolean column) {
            this.column = column;
        }

        Tensor join() {
            if (!integers.isEmpty()) {
                return Tensor.of(integers.stream().flatMapToLong(Arrays::stream).toArray());
            }
            int size = Math.toIntExact(floats.stream().mapToLong(f -> f.length).sum());
            var all = new float[size];
            int at = 0;
            for (float[] part : floats) {
                System.arraycopy(part, 0, all, at, part.length);
                at += part.length;
            }
            return column ? Tensor.of(all, size, 1) : Tensor.of(all);
        }
    }

    /// Adds rows after those that are there.
    void add(EncodedRows more) {
        for (var column : more.schema().columns()) {
            String name = column.name();
            if (more.encoded().column(name) instanceof EncodedColumn.Ids ids) {
                addIds(name, ids);
            } else {
                part(name, true).floats.add(more.encoded().dense(name).values());
            }
        }
        more.labels().ifPresent(l -> {
            if (l.numbers().length > 0) {
                part(EncodedRows.LABEL, false).floats.add(l.numbers());
            } else {
                part(EncodedRows.LABEL, false).integers.add(l.classes());
            }
        });
        rows += more.encoded().rows();
    }

    private void addIds(String name, EncodedColumn.Ids ids) {
        var parts = part(name + ".ids", false).integers;
        long before = parts.stream().mapToLong(p -> p.length).sum();
        parts.add(ids.ids());
        var splits = part(name + ".row_splits", false).integers;
        if (splits.isEmpty()) {
            splits.add(new long[] {0});
        }
        splits.add(Arrays.stream(ids.rowSplits())
                .skip(1)
                .mapToLong(s -> before + s)
                .toArray());
        if (ids.weights().length > 0) {
            part(name + ".weights", false).floats.add(ids.weights());
        }
    }

    private Column part(String name, boolean column) {
        return columns.computeIfAbsent(name, _ -> new Column(column));
    }

    /// How many rows there are.
    long rows() {
        return rows;
    }

    /// The tensors, which belong to the scope that is open.
    SequencedMap<String, Tensor> join() {
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        columns.forEach((name, column) -> tensors.put(name, column.join()));
        return tensors;
    }
}
