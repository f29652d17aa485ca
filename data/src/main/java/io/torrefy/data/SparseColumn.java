package io.torrefy.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Coordinates and values from features of their own ([FeatureSpec.Sparse]).
final class SparseColumn implements ParsedColumn {
    private final String name;
    private final FeatureSpec.Sparse spec;
    private final List<FeatureSlot> indices;
    private final FeatureSlot values;

    private SparseColumn(String name, FeatureSpec.Sparse spec, List<FeatureSlot> indices, FeatureSlot values) {
        this.name = name;
        this.spec = spec;
        this.indices = indices;
        this.values = values;
    }

    static SparseColumn of(String name, FeatureSpec.Sparse spec, FeatureSlots slots) {
        var indices = new ArrayList<FeatureSlot>();
        Optional<FeatureValues> none = Optional.of(new FeatureValues.Longs(new long[0]));
        for (String key : spec.indexKeys()) {
            indices.add(slots.add(key, ValueKind.INT64, FeatureSlot.ANY, none));
        }
        Optional<FeatureValues> noValues = Optional.of(new ValueColumn(spec.kind()).build());
        return new SparseColumn(
                name, spec, indices, slots.add(spec.valueKey(), spec.kind(), FeatureSlot.ANY, noValues));
    }

    @Override
    public FeatureData build(int rows) {
        int rank = indices.size() + 1;
        FeatureValues all = values.values.build();
        long[][] dimensions = indices.stream()
                .map(slot -> ((FeatureValues.Longs) slot.values.build()).array())
                .toArray(long[][]::new);
        var column = new ValueColumn(spec.kind());
        long[] coordinates = new long[Math.multiplyExact(all.size(), rank)];
        int at = 0;
        for (int row = 0; row < rows; row++) {
            checkCounts(row);
            for (int i : order(row, dimensions)) {
                coordinates[at++] = row;
                for (int d = 0; d < dimensions.length; d++) {
                    coordinates[at++] =
                            checked(row, d, dimensions[d][indices.get(d).rowStart(row) + i]);
                }
                column.add(all, values.rowStart(row) + i);
            }
        }
        return new FeatureData.Sparse(column.build(), coordinates, ParsedColumn.shape(rows, spec.sizes()));
    }

    private void checkCounts(int row) {
        for (FeatureSlot index : indices) {
            if (index.rowLength(row) != values.rowLength(row)) {
                throw new RowException(
                        row,
                        "sparse feature \"" + name + "\" with as many indices in \"" + index.name + "\" as values in \""
                                + values.name + "\"; got " + index.rowLength(row) + " and " + values.rowLength(row));
            }
        }
    }

    private long checked(int row, int dimension, long index) {
        if (index < 0 || index >= spec.sizes()[dimension]) {
            throw new RowException(
                    row,
                    "sparse feature \"" + name + "\" with indices of 0 to " + (spec.sizes()[dimension] - 1) + " in \""
                            + indices.get(dimension).name + "\"; got " + index);
        }
        return index;
    }

    /// The values of a row by their coordinates.
    private int[] order(int row, long[][] dimensions) {
        IntStream inPlace = IntStream.range(0, values.rowLength(row));
        if (spec.alreadySorted()) {
            return inPlace.toArray();
        }
        Comparator<Integer> byCoordinates = (a, b) -> {
            int order = 0;
            for (int d = 0; order == 0 && d < dimensions.length; d++) {
                int start = indices.get(d).rowStart(row);
                order = Long.compare(dimensions[d][start + a], dimensions[d][start + b]);
            }
            return order;
        };
        Integer[] sorted = inPlace.boxed().toArray(Integer[]::new);
        Arrays.sort(sorted, byCoordinates);
        return Arrays.stream(sorted).mapToInt(i -> i).toArray();
    }
}
