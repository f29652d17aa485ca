package io.torrefy.data;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.data.internal.Nearest;
import io.torrefy.data.internal.Problems;
import io.torrefy.data.internal.RowException;
import io.torrefy.data.internal.Typed;
import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A schema and what it learned: statistics, vocabularies, boundaries, and the columns made of them. It encodes rows
/// for training and for serving in the same way, and can say what every number it gives stands for. Nothing in it is
/// trained. One readable JSON file holds it, with a fingerprint of everything in it. Safe for use by many threads.
@Export(value = "data.FittedSchema", since = "0.1")
public final class FittedSchema {
    private final FeatureSchema schema;
    private final long rows;
    private final Map<String, FeatureStatistics> statistics;
    private final List<FeatureColumn> columns;
    private final @Nullable FeatureColumn label;
    private final List<String> warnings;
    private final String fingerprint;
    private final ColumnEncoder encoder;
    private final Slots slots;

    private FittedSchema(
            FeatureSchema schema,
            long rows,
            Map<String, FeatureStatistics> statistics,
            List<FeatureColumn> columns,
            @Nullable FeatureColumn label,
            List<String> warnings) {
        this.schema = schema;
        this.rows = rows;
        this.statistics = Collections.unmodifiableMap(new LinkedHashMap<>(statistics));
        this.columns = List.copyOf(columns);
        this.label = label;
        this.warnings = List.copyOf(warnings);
        Map<String, FeatureColumn> encoded = new LinkedHashMap<>();
        columns.forEach(c -> encoded.put(c.name(), c));
        deep(schema, columns).forEach(c -> encoded.putIfAbsent(c.name(), c));
        encoder = ColumnEncoder.of(encoded.values());
        slots = new Slots(this.columns, this.statistics);
        fingerprint = SchemaFiles.fingerprint(
                SchemaFiles.document(schema, rows, this.statistics, this.columns, label, this.warnings));
    }

    static FittedSchema learned(
            FeatureSchema schema,
            long rows,
            Map<String, FeatureStatistics> statistics,
            List<FeatureColumn> columns,
            @Nullable FeatureColumn label,
            List<String> warnings) {
        return new FittedSchema(schema, rows, statistics, columns, label, warnings);
    }

    /// Reads a fitted schema and verifies its fingerprint.
    ///
    /// @throws MalformedDataException that names the file and what is wrong: no JSON, an unknown version or key
    ///     (with the nearest known one), contents that are not those that the fingerprint was made of
    public static FittedSchema read(Path file) throws IOException {
        return SchemaFiles.readFitted(file);
    }

    /// Writes it, readable; the file is there whole or not at all. The same schema gives the same bytes.
    public void write(Path file) throws IOException {
        SchemaFiles.write(file, SchemaFiles.sealed(document(), fingerprint));
    }

    private ObjectNode document() {
        return SchemaFiles.document(schema, rows, statistics, columns, label, warnings);
    }

    /// What was declared.
    public FeatureSchema schema() {
        return schema;
    }

    /// How many rows it learned from.
    public long rows() {
        return rows;
    }

    /// What was learned of each input, by name.
    public Map<String, FeatureStatistics> statistics() {
        return statistics;
    }

    /// What seemed odd in the data: inputs that are constant, vocabularies that are not exact.
    public List<String> warnings() {
        return warnings;
    }

    /// 32 hexadecimal digits that change with everything in it. A model stores them, and refuses another schema.
    public String fingerprint() {
        return fingerprint;
    }

    /// One column for each feature, in their order.
    public List<FeatureColumn> columns() {
        return columns;
    }

    /// The columns of ids: what a [LinearModel] takes.
    public List<FeatureColumn> wide() {
        return columns.stream().filter(CategoricalColumn.class::isInstance).toList();
    }

    /// The columns of numbers, and of ids as embeddings or counts: what [DenseFeatures] takes.
    public List<DenseColumn> deep() {
        return deep(schema, columns);
    }

    private static List<DenseColumn> deep(FeatureSchema schema, List<FeatureColumn> columns) {
        Map<String, FeatureColumn> byName = new LinkedHashMap<>();
        columns.forEach(c -> byName.put(c.name(), c));
        List<DenseColumn> all = new ArrayList<>();
        for (var feature : schema.features()) {
            var column = byName.get(schema.columnName(feature));
            if (column != null) {
                deep(feature, column).ifPresent(all::add);
            }
        }
        return all;
    }

    private static Optional<DenseColumn> deep(SchemaFeature feature, FeatureColumn column) {
        return switch (feature) {
            case SchemaFeature.Numeric _ -> Optional.of((NumericColumn) column);
            case SchemaFeature.Buckets buckets when buckets.dimension() == 0 -> Optional.of((BucketizedColumn) column);
            case SchemaFeature.Buckets buckets -> Optional.of(embedding(column, buckets.dimension()));
            case SchemaFeature.Vocabulary words -> Optional.of(countsOrEmbedding(column, words.dimension()));
            case SchemaFeature.Identity ids -> Optional.of(countsOrEmbedding(column, ids.dimension()));
            case SchemaFeature.Hashed(var _, var _, var _, var _, int dimension)
            when dimension > 0 -> Optional.of(embedding(column, dimension));
            case SchemaFeature.Cross(var _, var _, int dimension)
            when dimension > 0 -> Optional.of(embedding(column, dimension));
            case SchemaFeature.Hashed _, SchemaFeature.Cross _, SchemaFeature.Label _ -> Optional.empty();
        };
    }

    private static DenseColumn countsOrEmbedding(FeatureColumn column, int dimension) {
        return dimension == 0
                ? FeatureColumns.indicatorColumn((CategoricalColumn) column)
                : embedding(column, dimension);
    }

    private static DenseColumn embedding(FeatureColumn column, int dimension) {
        return FeatureColumns.embeddingColumn((CategoricalColumn) column, dimension);
    }

    /// Encodes rows: every column by its name, and what [#deep] makes of it. Whatever the label is, it is not
    /// needed. A number that is NaN is a missing value.
    ///
    /// @throws IllegalArgumentException if an input is missing or of the wrong kind
    public EncodedBatch encode(FeatureBatch batch) {
        return encode(batch, new ColumnBuffers());
    }

    /// The same into arrays that are used again.
    public EncodedBatch encode(FeatureBatch batch, ColumnBuffers buffers) {
        return encoder.encode(Typed.of(batch, schema.inputTypes()), buffers);
    }

    /// Encodes rows of a table. A field that is not there is a missing value.
    ///
    /// @throws MalformedDataException that names file, row and field of a value that is of the wrong kind, or that
    ///     a column does not take
    public EncodedBatch encode(List<Row> table) {
        return ofRows(table, () -> encode(FeatureBatches.of(table, schema.inputTypes())));
    }

    /// Encodes one row, bit for bit as in a batch. A field that is not there is a missing value.
    ///
    /// @throws MalformedDataException that names file, row and field of a value that is of the wrong kind, or that
    ///     a column does not take
    public EncodedBatch encode(Row row) {
        return encode(List.of(row));
    }

    private static <T> T ofRows(List<Row> table, Supplier<T> work) {
        try {
            return work.get();
        } catch (RowException e) {
            throw table.get(e.row()).bad(e.problem());
        }
    }

    /// Encodes one row of values by input: Java's numbers of any size, strings, bytes, booleans, and lists or
    /// arrays of them. An input that is not there, null or NaN is a missing value.
    public EncodedBatch encode(Map<String, ?> values) {
        return encode(row(values));
    }

    /// Tells rows of another table from rows that lack some values: an input that none of them has would be encoded
    /// as missing in all of them.
    ///
    /// @param names the fields that the rows have
    /// @throws IllegalArgumentException that lists the inputs that are not among them, each with the nearest name
    public void checkInputs(Set<String> names) {
        var checks = Problems.of("encode");
        schema.inputTypes()
                .keySet()
                .forEach(input -> checks.expect(
                        names.contains(input),
                        "a field \"" + input + "\"",
                        "none in any row",
                        Nearest.hint(input, names)));
        checks.raise();
    }

    private static Row row(Map<String, ?> values) {
        Map<String, @Nullable Object> plain = new LinkedHashMap<>();
        values.forEach((name, value) -> plain.put(name, PlainValues.of(value)));
        return new Row(Path.of("values"), 1, plain);
    }

    /// What is to be predicted: the class of each row ([#classes]), -1 where there is none or it is unknown.
    ///
    /// @throws IllegalArgumentException if the schema has no label of classes
    public long[] labels(FeatureBatch batch) {
        var ids = labelEncoder(VocabularyListCategoricalColumn.class)
                .encode(labelOf(batch))
                .ids(schema.label().orElseThrow().input());
        var labels = new long[batch.rows()];
        for (int row = 0; row < labels.length; row++) {
            int at = ids.rowSplits()[row];
            labels[row] = at == ids.rowSplits()[row + 1] ? -1 : ids.ids()[at];
        }
        return labels;
    }

    /// The same of rows of a table.
    ///
    /// @throws MalformedDataException that names file, row and field of a value that is of the wrong kind
    public long[] labels(List<Row> table) {
        return labels(FeatureBatches.of(table, labelType()));
    }

    /// What is to be predicted: the number of each row.
    ///
    /// @throws IllegalArgumentException if the schema has no label of numbers, or (naming it) a row none
    public float[] targets(FeatureBatch batch) {
        return labelEncoder(NumericColumn.class)
                .encode(labelOf(batch))
                .dense(schema.label().orElseThrow().input())
                .values();
    }

    /// The same of rows of a table.
    ///
    /// @throws MalformedDataException that names file, row and field where there is no number
    public float[] targets(List<Row> table) {
        return ofRows(table, () -> targets(FeatureBatches.of(table, labelType())));
    }

    private FeatureBatch labelOf(FeatureBatch batch) {
        return Typed.of(batch, labelType());
    }

    private Map<String, FieldType> labelType() {
        return schema.label().map(l -> Map.of(l.input(), l.type())).orElse(Map.of());
    }

    private ColumnEncoder labelEncoder(Class<? extends FeatureColumn> kind) {
        if (!kind.isInstance(label)) {
            throw new IllegalArgumentException("[labels] expected a schema with a label of "
                    + (kind == NumericColumn.class ? "numbers" : "classes") + "; got "
                    + schema.label().map(l -> l.input() + " of " + l.type()).orElse("none") + ".");
        }
        return ColumnEncoder.of(List.of(Objects.requireNonNull(label)));
    }

    /// The classes of the label, by their number: strings or `Long`; none of a label of numbers.
    public List<?> classes() {
        return label instanceof VocabularyListCategoricalColumn words ? words.vocabularyList() : List.of();
    }

    /// How many slots a row has: one for each number, one for each id of each column.
    public long slotCount() {
        return slots.count();
    }

    /// All slots in order.
    public Stream<Slot> slots() {
        return slots.all();
    }

    /// What a slot stands for.
    ///
    /// @throws IllegalArgumentException if there is no such slot
    public Slot explain(long slot) {
        return slots.at(slot);
    }

    /// What an id of a column stands for; place 0 of a number. A column goes by its own name or by that which it
    /// has in [#deep].
    ///
    /// @throws IllegalArgumentException if there is no such column or id
    public Slot explain(String column, long id) {
        return slots.of(column, id);
    }

    /// How a row becomes what a model sees.
    public RowExplanation explain(Row row) {
        return ofRows(List.of(row), () -> {
            var batch = FeatureBatches.of(List.of(row), schema.inputTypes());
            return slots.explain(batch, encode(batch));
        });
    }

    /// How a row of values by input becomes what a model sees.
    public RowExplanation explain(Map<String, ?> values) {
        return explain(row(values));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FittedSchema that && fingerprint.equals(that.fingerprint);
    }

    @Override
    public int hashCode() {
        return fingerprint.hashCode();
    }

    @Override
    public String toString() {
        return "FittedSchema[" + columns.size() + " columns of " + rows + " rows, " + fingerprint + "]";
    }
}
