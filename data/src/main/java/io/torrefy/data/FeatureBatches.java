package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Turns rows into batches of features.
///
/// A field becomes [FeatureData.Dense] of shape `(rows)` where every row has exactly one value, and
/// [FeatureData.Ragged] otherwise: a missing value is an empty row, a list a row of its values. Booleans are the
/// integers 0 and 1; numbers become single precision, as tf.Example has them.
@Export(value = "data.FeatureBatches", since = "0.1")
public final class FeatureBatches {
    private FeatureBatches() {}

    /// A batch of every field in `rows`. The type of a field is inferred from all its values: text where there is
    /// any, numbers where one is not whole, integers otherwise. A field without any value, whose type nobody can
    /// tell, is left out.
    ///
    /// @throws MalformedDataException that names file, row and field of a value that has no place in a batch
    public static FeatureBatch of(List<Row> rows) {
        var types = new LinkedHashMap<String, FieldType>();
        var names = new LinkedHashSet<String>();
        rows.forEach(row -> names.addAll(row.values().keySet()));
        for (String name : names) {
            inferType(rows, name).ifPresent(type -> types.put(name, type));
        }
        return of(rows, types);
    }

    /// A batch of the fields `types`, in that order. An absent field is missing; others are left out.
    ///
    /// @throws MalformedDataException that names file, row and field of a value that is not of the field's type
    public static FeatureBatch of(List<Row> rows, Map<String, FieldType> types) {
        var features = new LinkedHashMap<String, FeatureData>();
        types.forEach((name, type) -> features.put(name, feature(rows, name, type)));
        return new FeatureBatch(rows.size(), features);
    }

    private static Optional<FieldType> inferType(List<Row> rows, String name) {
        Optional<FieldType> type = Optional.empty();
        for (Row row : rows) {
            for (Object value : values(row, name)) {
                FieldType here = typeOf(row, name, value);
                type = Optional.of(
                        type.map(before -> merge(row, name, before, here)).orElse(here));
            }
        }
        return type;
    }

    private static FieldType typeOf(Row row, String name, @Nullable Object value) {
        return switch (value) {
            case String _, byte[] _ -> FieldType.STRING;
            case Long _, Boolean _ -> FieldType.LONG;
            case Double _ -> FieldType.DOUBLE;
            case null, default ->
                throw row.bad(
                        "expected values or a list of values in field \"" + name + "\"; got " + Row.describe(value));
        };
    }

    /// Integers are numbers; text beside numbers is a mistake that nobody should make silently.
    private static FieldType merge(Row row, String name, FieldType before, FieldType here) {
        if (before != here && (before == FieldType.STRING || here == FieldType.STRING)) {
            throw row.bad("expected " + (before == FieldType.STRING ? "text" : "numbers") + " in field \"" + name
                    + "\", as in the rows before; got " + (here == FieldType.STRING ? "text" : "a number")
                    + ". Hint: give the field's type");
        }
        return before == here ? here : FieldType.DOUBLE;
    }

    private static FeatureData feature(List<Row> rows, String name, FieldType type) {
        var splits = new int[rows.size() + 1];
        var all = new Values(type);
        boolean dense = true;
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            for (Object value : values(row, name)) {
                all.add(row, name, value);
            }
            splits[i + 1] = all.size;
            dense &= all.size - splits[i] == 1;
        }
        return dense
                ? new FeatureData.Dense(all.trimmed(), new long[] {rows.size()})
                : new FeatureData.Ragged(all.trimmed(), splits);
    }

    private static List<?> values(Row row, String name) {
        return switch (row.values().get(name)) {
            case null -> List.of();
            case List<?> list -> list;
            case Object value -> List.of(value);
        };
    }

    /// Values of one type, growing.
    private static final class Values {
        private final FieldType type;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final ArrayList<Integer> ends = new ArrayList<>();
        private long[] longs = new long[0];
        private float[] floats = new float[0];
        private int size;

        Values(FieldType type) {
            this.type = type;
        }

        void add(Row row, String name, @Nullable Object value) {
            switch (type) {
                case STRING -> addBytes(bytesOf(row, name, value));
                case LONG -> addLong(longOf(row, name, value));
                case DOUBLE -> addFloat(floatOf(row, name, value));
            }
            size++;
        }

        private void addBytes(byte[] value) {
            bytes.writeBytes(value);
            ends.add(bytes.size());
        }

        private void addLong(long value) {
            if (size == longs.length) {
                longs = Arrays.copyOf(longs, Math.max(16, size * 2));
            }
            longs[size] = value;
        }

        private void addFloat(float value) {
            if (size == floats.length) {
                floats = Arrays.copyOf(floats, Math.max(16, size * 2));
            }
            floats[size] = value;
        }

        private static byte[] bytesOf(Row row, String name, @Nullable Object value) {
            return switch (value) {
                case String text -> text.getBytes(StandardCharsets.UTF_8);
                case byte[] raw -> raw;
                case Long number -> number.toString().getBytes(StandardCharsets.UTF_8);
                case null, default -> throw wrong(row, name, "text, bytes or integers", value);
            };
        }

        private static long longOf(Row row, String name, @Nullable Object value) {
            return switch (value) {
                case Long number -> number;
                case Boolean truth -> truth ? 1 : 0;
                case null, default -> throw wrong(row, name, "integers", value);
            };
        }

        private static float floatOf(Row row, String name, @Nullable Object value) {
            return switch (value) {
                case Double number -> number.floatValue();
                case Long number -> number;
                case Boolean truth -> truth ? 1 : 0;
                case null, default -> throw wrong(row, name, "numbers", value);
            };
        }

        private static MalformedDataException wrong(Row row, String name, String expected, @Nullable Object value) {
            return row.bad("expected " + expected + " in field \"" + name + "\"; got " + Row.describe(value));
        }

        FeatureValues trimmed() {
            return switch (type) {
                case STRING -> {
                    var offsets = new int[size + 1];
                    for (int i = 0; i < size; i++) {
                        offsets[i + 1] = ends.get(i);
                    }
                    yield new FeatureValues.Strings(bytes.toByteArray(), offsets);
                }
                case LONG -> new FeatureValues.Longs(Arrays.copyOf(longs, size));
                case DOUBLE -> new FeatureValues.Floats(Arrays.copyOf(floats, size));
            };
        }
    }
}
