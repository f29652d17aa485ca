package io.torrefy.data.internal;

import io.torrefy.data.EncodedColumn.Ids;
import io.torrefy.data.FeatureType;
import io.torrefy.data.FeatureValues;
import java.util.concurrent.atomic.AtomicInteger;

/// The ids of a column that reads one raw feature value by value.
///
/// @param strict whether missing values are dropped however the feature is stored, or only from a dense one
public record LeafIds(String key, FeatureType dtype, Lookup lookup, boolean strict) implements IdSource {
    @Override
    public Ids encode(Call call) {
        var cells = call.raw(key);
        checkType(cells);
        var ids = call.buffers().longs(cells.count());
        boolean drops = strict || cells.dense();
        var missing = new AtomicInteger();
        Blocks.run(ids.length, (from, to) -> {
            lookup.fill(cells, from, to, ids);
            if (drops) {
                missing.addAndGet(cells.countMissing(from, to));
            }
        });
        return missing.get() == 0
                ? new Ids(cells.rowSplits(), ids, NO_WEIGHTS, cells.positions())
                : withoutMissing(cells, ids, ids.length - missing.get());
    }

    private void checkType(Cells cells) {
        boolean text = cells.values() instanceof FeatureValues.Strings;
        boolean integer = cells.values() instanceof FeatureValues.Longs;
        Problems.of("columns")
                .expect(
                        dtype == FeatureType.STRING ? text : integer,
                        "a column dtype and a feature dtype that are compatible, key: " + key + ", column dtype: "
                                + dtype.typeName(),
                        "feature dtype: " + cells.kind() + (text || integer ? "" : ", which is not integer"))
                .raise();
    }

    /// Drops missing values; what stays remembers where in its row it stood.
    static Ids withoutMissing(Cells cells, long[] all, int kept) {
        var splits = new int[cells.rows() + 1];
        var ids = new long[kept];
        var positions = new int[kept];
        int n = 0;
        for (int row = 0; row < cells.rows(); row++) {
            for (int i = cells.rowSplits()[row]; i < cells.rowSplits()[row + 1]; i++) {
                if (!cells.missing(i)) {
                    ids[n] = all[i];
                    positions[n++] = cells.position(row, i);
                }
            }
            splits[row + 1] = n;
        }
        return new Ids(splits, ids, NO_WEIGHTS, inOrder(splits, positions) ? IN_ORDER : positions);
    }

    private static boolean inOrder(int[] splits, int[] positions) {
        for (int row = 0; row + 1 < splits.length; row++) {
            for (int i = splits[row]; i < splits[row + 1]; i++) {
                if (positions[i] != i - splits[row]) {
                    return false;
                }
            }
        }
        return true;
    }

    /// A lookup of strings that are entries of a file, or of integers that its lines are.
    public static Lookup ofEntries(
            FeatureValues.Strings entries, int size, FeatureType dtype, Lookup.Unknown unknown, String where) {
        if (dtype == FeatureType.STRING) {
            return new Lookup.Words(Vocabulary.of(entries, size, where), unknown);
        }
        var values = new long[size];
        for (int i = 0; i < size; i++) {
            try {
                values[i] = Long.parseLong(entries.text(i));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                        "[vocabulary] expected integers in " + where + "; got \"" + entries.text(i) + "\", entry " + i
                                + ", which is not a valid int64.",
                        e);
            }
        }
        return new Lookup.Integers(LongVocabulary.of(values, where), unknown);
    }
}
