package io.torrefy.data;

import io.torrefy.data.internal.Call;
import io.torrefy.data.internal.ColumnPlan;
import io.torrefy.data.internal.Problems;
import io.torrefy.export.Export;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;

/// Turns batches of raw features into ids and numbers, without anything that is trained: the same in training and in
/// serving, for a million rows or one. What columns have in common is worked out once a batch. Safe for use by many
/// threads; the result does not depend on how many it uses itself.
@Export(value = "feature_column.ColumnEncoder", since = "0.1")
public final class ColumnEncoder {
    private final List<FeatureColumn> columns;
    private final ColumnMode mode;
    private final Map<String, Function<Call, EncodedColumn>> plans = new LinkedHashMap<>();

    private ColumnEncoder(
            Collection<? extends FeatureColumn> columns, ColumnMode mode, Map<String, DoubleUnaryOperator> functions) {
        this.columns = List.copyOf(columns);
        this.mode = mode;
        checkNames(this.columns);
        var plan = new ColumnPlan(mode, functions);
        this.columns.forEach(c -> plans.put(c.name(), plan.compile(c)));
    }

    /// For these columns, strictly.
    public static ColumnEncoder of(Collection<? extends FeatureColumn> columns) {
        return of(columns, ColumnMode.STRICT);
    }

    /// For these columns.
    ///
    /// @throws IllegalArgumentException if there are none, two have the same name, or a vocabulary cannot be read
    public static ColumnEncoder of(Collection<? extends FeatureColumn> columns, ColumnMode mode) {
        return of(columns, mode, Map.of());
    }

    /// For these columns, with functions that custom normalizers name.
    public static ColumnEncoder of(
            Collection<? extends FeatureColumn> columns, ColumnMode mode, Map<String, DoubleUnaryOperator> functions) {
        return new ColumnEncoder(columns, mode, functions);
    }

    private static void checkNames(List<FeatureColumn> columns) {
        var checks = Problems.of("columns").expect(!columns.isEmpty(), "feature_columns that are not empty", "none");
        Map<String, FeatureColumn> names = new LinkedHashMap<>();
        for (var column : columns) {
            var other = names.putIfAbsent(column.name(), column);
            checks.expect(
                    other == null,
                    "feature columns of different names",
                    "duplicate feature column name \"" + column.name() + "\" for " + column + " and " + other,
                    "usually these columns refer to the same base feature: discard one, or give one a renamed copy of"
                            + " the feature.");
        }
        checks.raise();
    }

    /// The columns, in the order given.
    public List<FeatureColumn> columns() {
        return columns;
    }

    /// What is done where TensorFlow is silently wrong.
    public ColumnMode mode() {
        return mode;
    }

    /// Encodes all rows.
    ///
    /// @throws IllegalArgumentException if a feature is missing, of the wrong type or (naming row and value) has a
    ///     value that a column does not take
    public EncodedBatch encode(FeatureBatch batch) {
        return encode(batch, new ColumnBuffers());
    }

    /// The same in memory that is used again: what was encoded with these buffers before is overwritten.
    public EncodedBatch encode(FeatureBatch batch, ColumnBuffers buffers) {
        buffers.restart();
        var call = new Call(batch, buffers);
        Map<String, EncodedColumn> encoded = new LinkedHashMap<>();
        plans.forEach((name, plan) -> encoded.put(name, plan.apply(call)));
        return new EncodedBatch(batch.rows(), encoded);
    }
}
