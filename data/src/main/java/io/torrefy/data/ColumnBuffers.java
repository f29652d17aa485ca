package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/// The arrays of encoded batches, to be used again: with the same buffers, [ColumnEncoder#encode] overwrites what it
/// gave the time before instead of asking for fresh memory, which costs more than the encoding where batches are large.
/// For one thread at a time.
@Export(value = "feature_column.ColumnBuffers", since = "0.1")
public final class ColumnBuffers {
    private final Pool<long[]> longs = new Pool<>(long[]::new);
    private final Pool<float[]> floats = new Pool<>(float[]::new);
    private final Pool<int[]> ints = new Pool<>(int[]::new);

    /// Arrays of one type by length, and how many of each length the current batch has taken.
    private static final class Pool<A> {
        private final IntFunction<A> make;
        private final Map<Integer, List<A>> arrays = new HashMap<>();
        private final Map<Integer, Integer> taken = new HashMap<>();

        Pool(IntFunction<A> make) {
            this.make = make;
        }

        void restart() {
            // Lengths that the last batch had no use for are let go.
            arrays.keySet().retainAll(taken.keySet());
            taken.clear();
        }

        A take(int length) {
            var same = arrays.computeIfAbsent(length, _ -> new ArrayList<>());
            int n = taken.merge(length, 1, Integer::sum);
            if (same.size() < n) {
                same.add(make.apply(length));
            }
            return same.get(n - 1);
        }
    }

    /// Declares all arrays free.
    void restart() {
        longs.restart();
        floats.restart();
        ints.restart();
    }

    /// An array with anything in it.
    public long[] longs(int length) {
        return longs.take(length);
    }

    /// An array with anything in it.
    public float[] floats(int length) {
        return floats.take(length);
    }

    /// An array with anything in it.
    public int[] ints(int length) {
        return ints.take(length);
    }
}
