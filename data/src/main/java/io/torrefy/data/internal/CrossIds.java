package io.torrefy.data.internal;

import io.torrefy.data.EncodedColumn.Ids;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.Fingerprint64;
import java.util.ArrayList;
import java.util.List;

/// Hashes the combinations of a row: `h = key; for each key in order: h = cat(h, f)`, where `f` is the fingerprint of a
/// string, and an integer or an id itself.
///
/// @param leaves what is crossed, in the order of the keys
/// @param buckets how many there are; 0 for the fingerprint modulo `2^63 - 1`
/// @param strict whether missing values are dropped and the order is that of the keys; else as TensorFlow
public record CrossIds(String name, List<Leaf> leaves, long buckets, long hashKey, boolean strict)
        implements IdSource {
    /// One key.
    public sealed interface Leaf {
        /// A raw feature.
        record Raw(String key) implements Leaf {}

        /// A column.
        record Column(IdSource source) implements Leaf {}
    }

    /// What one key brings to each row.
    private record Parts(int[] rowSplits, long[] prints, boolean dense) {}

    @Override
    public Ids encode(Call call) {
        var parts = new ArrayList<Parts>();
        leaves.forEach(leaf -> parts.add(parts(leaf, call)));
        if (!strict) {
            // The sort is stable: sparse tensors first, then dense ones, as TensorFlow's op takes its inputs.
            parts.sort((a, b) -> Boolean.compare(a.dense(), b.dense()));
        }
        int[] splits = splits(call.rows(), parts);
        var ids = new long[splits[call.rows()]];
        Blocks.run(call.rows(), (from, to) -> {
            for (int row = from; row < to; row++) {
                cross(parts, row, splits[row], splits[row + 1], ids);
            }
            reduce(ids, splits[from], splits[to]);
        });
        return new Ids(splits, ids, NO_WEIGHTS, IN_ORDER);
    }

    private Parts parts(Leaf leaf, Call call) {
        return switch (leaf) {
            case Leaf.Column(IdSource source) -> {
                var ids = call.ids(source);
                yield new Parts(ids.rowSplits(), ids.ids(), false);
            }
            case Leaf.Raw(String key) -> parts(call.raw(key));
        };
    }

    private Parts parts(Cells cells) {
        Problems.of("columns")
                .expect(
                        !(cells.values() instanceof FeatureValues.Floats),
                        "strings or integers in the crossed feature \"" + cells.key() + "\"",
                        cells.kind(),
                        "bucketize numbers first.")
                .raise();
        long[] prints;
        if (cells.values() instanceof FeatureValues.Longs(long[] array)) {
            prints = array;
        } else {
            prints = new long[cells.count()];
            Blocks.run(prints.length, (from, to) -> Lookup.fingerprints(cells, from, to, false, prints));
        }
        int missing = strict ? cells.countMissing(0, cells.count()) : 0;
        if (missing == 0) {
            return new Parts(cells.rowSplits(), prints, cells.dense());
        }
        var kept = LeafIds.withoutMissing(cells, prints, prints.length - missing);
        return new Parts(kept.rowSplits(), kept.ids(), cells.dense());
    }

    /// Row `r` has as many combinations as the product of its values.
    private int[] splits(int rows, List<Parts> parts) {
        var splits = new int[rows + 1];
        long total = 0;
        for (int row = 0; row < rows; row++) {
            long n = 1;
            for (var part : parts) {
                n = Math.min(Integer.MAX_VALUE, n * (part.rowSplits()[row + 1] - part.rowSplits()[row]));
            }
            total += n;
            if (total > Integer.MAX_VALUE - 8) {
                throw new IllegalArgumentException("[columns] expected fewer than 2^31 combinations of \"" + name
                        + "\" in a batch; got more by row " + row + ". Hint: encode fewer rows at a time.");
            }
            splits[row + 1] = (int) total;
        }
        return splits;
    }

    /// Fills `out[from..to]`. Hashes of the first keys are widened in place, from the back, by the values of the next:
    /// so the last key varies fastest, and no beginning is hashed twice.
    private void cross(List<Parts> parts, int row, int from, int to, long[] out) {
        if (from == to) {
            return;
        }
        out[from] = hashKey;
        int n = 1;
        for (int p = 0; p < parts.size(); p++) {
            var part = parts.get(p);
            int first = part.rowSplits()[row];
            int count = part.rowSplits()[row + 1] - first;
            for (int a = n - 1; a >= 0; a--) {
                long hash = out[from + a];
                for (int v = count - 1; v >= 0; v--) {
                    out[from + a * count + v] = Fingerprint64.cat(hash, part.prints()[first + v]);
                }
            }
            n *= count;
        }
    }

    private void reduce(long[] ids, int from, int to) {
        long divisor = buckets == 0 ? Long.MAX_VALUE : buckets;
        for (int i = from; i < to; i++) {
            ids[i] = Long.remainderUnsigned(ids[i], divisor);
        }
    }
}
