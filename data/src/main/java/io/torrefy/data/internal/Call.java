package io.torrefy.data.internal;

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
    private final Map<String, Cells> raw = new HashMap<>();
    private final Map<IdSource, Ids> ids = new IdentityHashMap<>();
    private final Map<NumericSource, Dense> floats = new IdentityHashMap<>();

    /// For that batch.
    public Call(FeatureBatch batch) {
        this.batch = batch;
    }

    /// How many rows the batch has.
    public int rows() {
        return batch.rows();
    }

    /// The values of a raw feature.
    ///
    /// @throws IllegalArgumentException if the batch has none of that name
    public Cells raw(String key) {
        return raw.computeIfAbsent(key, k -> Cells.of(
                k,
                batch.find(k)
                        .orElseThrow(() -> new IllegalArgumentException("[columns] expected feature \"" + k
                                + "\"; got a batch of " + batch.features().keySet() + ", which it is not in."))));
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
