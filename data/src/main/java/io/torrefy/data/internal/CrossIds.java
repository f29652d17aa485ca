package io.torrefy.data.internal;

import io.torrefy.data.ColumnBuffers;
import io.torrefy.data.EncodedColumn.Ids;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.Fingerprint64;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Hashes the combinations of a row: `h = key; for each key in order: h = cat(h, f)`, where `f` is the fingerprint of a
/// string, and an integer or an id itself.
///
/// @param leaves what is crossed, in the order of the keys
/// @param buckets how many there are; 0 for the fingerprint modulo `2^63 - 1`
/// @param strict whether missing values are dropped and the order is that of the keys; else as TensorFlow
public record CrossIds(String name, List<Leaf> leaves, long buckets, long hashKey, boolean strict) implements IdSource {
    private static final int BLOCK = 2048;
    private static final long[] NO_PRINTS = {};

    /// One key.
    public sealed interface Leaf {
        /// A raw feature.
        record Raw(String key) implements Leaf {}

        /// A column.
        record Column(IdSource source) implements Leaf {}
    }

    /// What one key brings to each row: values `rowSplits[r]` to `rowSplits[r + 1]`, and where their fingerprints
    /// come from: an array, or texts that are hashed when they are needed, a block at a time.
    private record Parts(int[] rowSplits, long[] prints, Optional<Cells> texts, boolean dense) {
        /// The fingerprints of values `from..to`.
        Slice slice(int from, int to) {
            if (texts.isEmpty()) {
                return new Slice(prints, 0);
            }
            var strings = (FeatureValues.Strings) texts.get().values();
            var block = new long[to - from];
            for (int i = from; i < to; i++) {
                int at = strings.offsets()[i];
                block[i - from] = Fingerprint64.of(strings.bytes(), at, strings.offsets()[i + 1] - at);
            }
            return new Slice(block, from);
        }
    }

    /// Fingerprint of value `i` is `prints[i - origin]`.
    private record Slice(long[] prints, int origin) {}

    @Override
    public Ids encode(Call call) {
        var parts = new ArrayList<Parts>();
        leaves.forEach(leaf -> parts.add(parts(leaf, call)));
        if (!strict) {
            // The sort is stable: sparse tensors first, then dense ones, as TensorFlow's op takes its inputs.
            parts.sort((a, b) -> Boolean.compare(a.dense(), b.dense()));
        }
        boolean single = parts.stream().allMatch(p -> oneEach(p.rowSplits()));
        int[] splits = single ? call.uniform(1) : splits(call.rows(), parts, call.buffers());
        var ids = call.buffers().longs(splits[call.rows()]);
        var remainder = Remainder.by(buckets == 0 ? Long.MAX_VALUE : buckets);
        Blocks.run(call.rows(), (from, to) -> {
            // Blocks of blocks: fingerprints stay in the cache.
            for (int at = from; at < to; at += BLOCK) {
                int end = Math.min(to, at + BLOCK);
                if (single) {
                    crossSingle(parts, at, end, ids);
                } else {
                    crossRows(parts, at, end, splits, ids);
                }
                for (int i = splits[at]; i < splits[end]; i++) {
                    ids[i] = remainder.of(ids[i]);
                }
            }
        });
        return new Ids(splits, ids, NO_WEIGHTS, IN_ORDER);
    }

    private Parts parts(Leaf leaf, Call call) {
        return switch (leaf) {
            case Leaf.Column(IdSource source) -> {
                var ids = call.ids(source);
                yield new Parts(ids.rowSplits(), ids.ids(), Optional.empty(), false);
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
        int missing = strict ? cells.countMissing(0, cells.count()) : 0;
        if (missing == 0) {
            return cells.values() instanceof FeatureValues.Longs(long[] array)
                    ? new Parts(cells.rowSplits(), array, Optional.empty(), cells.dense())
                    : new Parts(cells.rowSplits(), NO_PRINTS, Optional.of(cells), cells.dense());
        }
        var all = cells.values() instanceof FeatureValues.Longs(long[] array) ? array : new long[cells.count()];
        if (cells.values() instanceof FeatureValues.Strings) {
            Blocks.run(all.length, (from, to) -> Lookup.fingerprints(cells, from, to, false, all));
        }
        var kept = LeafIds.withoutMissing(cells, all, all.length - missing);
        return new Parts(kept.rowSplits(), kept.ids(), Optional.empty(), cells.dense());
    }

    private static boolean oneEach(int[] rowSplits) {
        boolean one = true;
        for (int row = 0; row < rowSplits.length; row++) {
            one &= rowSplits[row] == row;
        }
        return one;
    }

    /// One value of every key in every row: a key at a time, in loops without anything else.
    private void crossSingle(List<Parts> parts, int from, int to, long[] out) {
        Arrays.fill(out, from, to, hashKey);
        for (var part : parts) {
            var slice = part.slice(from, to);
            long[] prints = slice.prints();
            int origin = slice.origin();
            for (int i = from; i < to; i++) {
                out[i] = Fingerprint64.cat(out[i], prints[i - origin]);
            }
        }
    }

    private void crossRows(List<Parts> parts, int from, int to, int[] splits, long[] out) {
        var slices = new Slice[parts.size()];
        for (int p = 0; p < slices.length; p++) {
            var part = parts.get(p);
            slices[p] = part.slice(part.rowSplits()[from], part.rowSplits()[to]);
        }
        for (int row = from; row < to; row++) {
            if (splits[row] < splits[row + 1]) {
                cross(parts, slices, row, splits[row], out);
            }
        }
    }

    /// Row `r` has as many combinations as the product of its values.
    private int[] splits(int rows, List<Parts> parts, ColumnBuffers buffers) {
        var splits = buffers.ints(rows + 1);
        splits[0] = 0;
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

    /// Fills `out` from `to` on. Hashes of the first keys are widened in place, from the back, by the values of the
    /// next: so the last key varies fastest, and no beginning is hashed twice.
    private void cross(List<Parts> parts, Slice[] slices, int row, int to, long[] out) {
        out[to] = hashKey;
        int n = 1;
        for (int p = 0; p < slices.length; p++) {
            int[] rowSplits = parts.get(p).rowSplits();
            int count = rowSplits[row + 1] - rowSplits[row];
            int first = rowSplits[row] - slices[p].origin();
            long[] prints = slices[p].prints();
            for (int a = n - 1; a >= 0; a--) {
                long hash = out[to + a];
                for (int v = count - 1; v >= 0; v--) {
                    out[to + a * count + v] = Fingerprint64.cat(hash, prints[first + v]);
                }
            }
            n *= count;
        }
    }
}
