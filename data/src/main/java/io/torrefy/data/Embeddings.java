package io.torrefy.data;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Looks up the vectors of bags of ids and combines those of each bag, as TensorFlow's `safe_embedding_lookup_sparse`.
/// Written in public operations, so gradients, also second ones, follow: rows of the table that no id names get zeros,
/// and duplicates add up. Gradients are dense: a step fills one of the table's size with zeros (3 ms for a million rows
/// of 16 numbers), which an optimiser then reads whole (Adam 12 ms). A [HashedCategoricalColumn] with fewer buckets is
/// what makes that smaller.
@Export(value = "feature_column.Embeddings", since = "0.1")
public final class Embeddings {
    private Embeddings() {}

    /// What is left of the ids: each entry's bag, id and weight.
    private record Entries(int bags, int[] bag, long[] ids, double[] weights, boolean unweighted) {}

    /// One vector for each bag; an empty bag gives zeros.
    ///
    /// 1. Ids below 0 are left out, with their weights.
    /// 2. But for [Combiner#SUM], so are entries with a weight of 0 or less.
    /// 3. With `maxNorm`, vectors longer than it are shortened to it.
    /// 4. The rest is combined; a division by 0 gives 0.
    ///
    /// @param table (ids, dimension), F32 or F64
    /// @param bagSplits ids `bagSplits[b]` to `bagSplits[b + 1]` are bag `b`'s
    /// @param weights one for each id, or empty for 1
    /// @param maxNorm null for no limit
    /// @param safe false to leave nothing out, so that an id below 0 is an error
    /// @return (bags, dimension)
    /// @throws IllegalArgumentException if an id is not in the table
    public static Tensor lookup(
            Tensor table,
            int[] bagSplits,
            long[] ids,
            float[] weights,
            Combiner combiner,
            @Nullable Double maxNorm,
            boolean safe) {
        var entries = prune(bagSplits, ids, weights, combiner, safe);
        Tensor zeros = Tensor.zeros(table.dtype(), entries.bags(), table.size(1));
        if (entries.ids().length == 0) {
            return zeros;
        }
        Tensor vectors = table.indexSelect(0, Tensor.of(entries.ids()));
        if (maxNorm != null) {
            vectors = shorten(vectors, maxNorm);
        }
        if (!entries.unweighted()) {
            vectors = vectors.mul(column(entries.weights(), table));
        }
        Tensor sums = zeros.indexAdd(0, Tensor.of(entries.bag()), vectors);
        return combiner == Combiner.SUM ? sums : sums.div(column(divisors(entries, combiner), table));
    }

    private static Entries prune(int[] splits, long[] ids, float[] weights, Combiner combiner, boolean safe) {
        boolean unweighted = weights.length == 0;
        boolean positiveOnly = safe && combiner != Combiner.SUM && !unweighted;
        var bag = new int[ids.length];
        var kept = new long[ids.length];
        var w = new double[ids.length];
        int n = 0;
        for (int b = 0; b + 1 < splits.length; b++) {
            for (int i = splits[b]; i < splits[b + 1]; i++) {
                if (safe && ids[i] < 0 || positiveOnly && !(weights[i] > 0)) {
                    continue;
                }
                bag[n] = b;
                kept[n] = ids[i];
                w[n++] = unweighted ? 1 : weights[i];
            }
        }
        return new Entries(
                splits.length - 1, Arrays.copyOf(bag, n), Arrays.copyOf(kept, n), Arrays.copyOf(w, n), unweighted);
    }

    /// What each bag's sum is divided by. Where that is 0 the result is to be 0: the sum may not be, so infinity.
    private static double[] divisors(Entries entries, Combiner combiner) {
        var divisors = new double[entries.bags()];
        for (int i = 0; i < entries.ids().length; i++) {
            double w = entries.weights()[i];
            divisors[entries.bag()[i]] += combiner == Combiner.MEAN ? w : w * w;
        }
        for (int b = 0; b < divisors.length; b++) {
            double d = combiner == Combiner.MEAN ? divisors[b] : Math.sqrt(divisors[b]);
            divisors[b] = d == 0 ? Double.POSITIVE_INFINITY : d;
        }
        return divisors;
    }

    /// Vectors no longer than `most`; the length of a shortened one depends on it, and so does its gradient.
    private static Tensor shorten(Tensor vectors, double most) {
        Tensor squares = vectors.square().sum(new int[] {1}, true);
        Tensor over = squares.gt(Tensor.full(vectors.dtype(), most * most, 1, 1));
        Tensor ones = Tensor.full(vectors.dtype(), 1, 1, 1);
        // Lengths that are not used must not be 0: their slope is infinite.
        Tensor scale = over.where(squares, ones).rsqrt().mul(most);
        return vectors.mul(over.where(scale, ones));
    }

    private static Tensor column(double[] values, Tensor like) {
        return Tensor.of(values, values.length, 1).to(like.dtype());
    }
}
