package io.torrefy.data.internal;

import io.torrefy.data.ColumnBuffers;
import io.torrefy.data.EncodedColumn.Dense;
import io.torrefy.data.EncodedColumn.Ids;
import io.torrefy.data.FeatureBatch;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;

/// One encoding of one batch: every raw feature and every column in it is worked out once (TensorFlow's
/// `FeatureTransformationCache`).
public final class Call {
    private final FeatureBatch batch;
    private final ColumnBuffers buffers;
    private final Map<Integer, int[]> uniform = new HashMap<>();
    private final Map<String, Cells> raw = new HashMap<>();
    private final Map<IdSource, Ids> ids = new IdentityHashMap<>();
    private final Map<NumericSource, Dense> floats = new IdentityHashMap<>();

    /// For that batch, with these arrays to write into.
    public Call(FeatureBatch batch, ColumnBuffers buffers) {
        this.batch = batch;
        this.buffers = buffers;
    }

    /// Arrays to write into.
    public ColumnBuffers buffers() {
        return buffers;
    }

    /// The splits of rows that have `width` values each.
    int[] uniform(int width) {
        return uniform.computeIfAbsent(width, w -> {
            Math.multiplyExact(batch.rows(), w);
            var splits = buffers.ints(batch.rows() + 1);
            for (int r = 0; r < splits.length; r++) {
                splits[r] = r * w;
            }
            return splits;
        });
    }

    /// How many rows the batch has.
    public int rows() {
        return batch.rows();
    }

    /// The values of a raw feature.
    ///
    /// @throws IllegalArgumentException if the batch has none of that name
    public Cells raw(String key) {
        return raw.computeIfAbsent(
                key,
                k -> Cells.of(
                        this,
                        k,
                        batch.find(k)
                                .orElseThrow(() -> new IllegalArgumentException(
                                        "[columns] expected feature \"" + k + "\"; got a batch of "
                                                + batch.features().keySet() + ", which it is not in."))));
    }

    /// The ids of a column.
    public Ids ids(IdSource source) {
        // Not computeIfAbsent: columns lead to columns.
        var known = Optional.ofNullable(ids.get(source));
        if (known.isPresent()) {
            return known.get();
        }
        var made = source.encode(this);
        ids.put(source, made);
        return made;
    }

    /// The numbers of a column.
    public Dense floats(NumericSource source) {
        return floats.computeIfAbsent(source, s -> s.encode(this));
    }
}
