package io.torrefy.data;

import java.util.Optional;

/// How slots become the data of a feature, one for each [FeatureSpec].
interface ParsedColumn {
    /// The feature's data of `rows` rows.
    ///
    /// @throws RowException where the slots of a row do not fit together
    FeatureData build(int rows);

    /// A row whose features do not fit together.
    final class RowException extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final int row;

        RowException(int row, String message) {
            super(message);
            this.row = row;
        }

        int row() {
            return row;
        }
    }

    /// The column of `spec`, with slots of its own in `slots`.
    static ParsedColumn of(String name, FeatureSpec spec, FeatureSlots slots) {
        Optional<FeatureValues> none = Optional.of(new ValueColumn(spec.kind()).build());
        return switch (spec) {
            case FeatureSpec.FixedLen fixed -> {
                int count = (int) elements(fixed.shape());
                FeatureSlot slot = slots.add(name, fixed.kind(), count, fixed.defaultValue());
                yield rows -> new FeatureData.Dense(slot.values.build(), shape(rows, fixed.shape()));
            }
            case FeatureSpec.VarLen varLen -> {
                FeatureSlot slot = slots.add(name, varLen.kind(), FeatureSlot.ANY, none);
                yield varLen.sparse()
                        ? rows -> sparse(slot, rows)
                        : _ -> new FeatureData.Ragged(slot.values.build(), slot.splits());
            }
            case FeatureSpec.FixedLenSequence sequence -> {
                FeatureSlot slot = slots.add(name, sequence.kind(), FeatureSlot.ANY, none);
                yield rows -> padded(name, sequence, slot, rows);
            }
            case FeatureSpec.Sparse sparse -> SparseColumn.of(name, sparse, slots);
            case FeatureSpec.Ragged ragged -> RaggedColumn.of(name, ragged, slots);
        };
    }

    /// `(rows, shape...)`.
    static long[] shape(long rows, long... shape) {
        long[] all = new long[shape.length + 1];
        all[0] = rows;
        System.arraycopy(shape, 0, all, 1, shape.length);
        return all;
    }

    static long elements(long[] shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        return count;
    }

    private static FeatureData sparse(FeatureSlot slot, int rows) {
        long[] indices = new long[2 * slot.values.size()];
        int longest = 0;
        int at = 0;
        for (int row = 0; row < rows; row++) {
            int length = slot.rowLength(row);
            longest = Math.max(longest, length);
            for (int i = 0; i < length; i++) {
                indices[at++] = row;
                indices[at++] = i;
            }
        }
        return new FeatureData.Sparse(slot.values.build(), indices, new long[] {rows, longest});
    }

    private static FeatureData padded(String name, FeatureSpec.FixedLenSequence spec, FeatureSlot slot, int rows) {
        int stride = (int) elements(spec.shape());
        int longest = 0;
        for (int row = 0; row < rows; row++) {
            int length = slot.rowLength(row);
            if (length % stride != 0) {
                throw new RowException(
                        row,
                        "feature \"" + name + "\" (" + spec.kind().label() + ") with a multiple of " + stride
                                + " values; got " + length);
            }
            longest = Math.max(longest, length);
        }
        FeatureValues values = slot.values.build();
        FeatureValues padding = spec.padding().orElse(ValueColumn.zero(spec.kind()));
        var column = new ValueColumn(spec.kind());
        for (int row = 0; row < rows; row++) {
            column.addAll(values, slot.rowStart(row), slot.rowStart(row + 1));
            column.fill(padding, longest - slot.rowLength(row));
        }
        return new FeatureData.Dense(column.build(), shape(rows, shape(longest / stride, spec.shape())));
    }
}
