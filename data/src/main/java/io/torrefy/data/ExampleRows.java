package io.torrefy.data;

import io.torrefy.data.internal.Texts;
import io.torrefy.export.Export;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Examples as rows and rows as examples. A list of one value is that value, a longer or empty one a `List`, a feature
/// without a list is null; strings that are no UTF-8 are `byte[]`. On the way back JSON's `{"base64": "..."}` is bytes
/// too, and the strings `NaN`, `Infinity` and `-Infinity`, which JSON lacks numbers for, are numbers among numbers.
@Export(value = "data.ExampleRows", since = "0.1")
public final class ExampleRows {
    static final String BASE64 = "base64";

    private ExampleRows() {}

    /// The features of `example` in their order.
    public static Map<String, @Nullable Object> toRow(Example example) {
        var row = new LinkedHashMap<String, @Nullable Object>();
        example.features()
                .forEach((name, feature) ->
                        row.put(name, feature.values().map(ExampleRows::value).orElse(null)));
        return row;
    }

    private static Object value(FeatureValues values) {
        var list = list(values);
        return list.size() == 1 ? list.getFirst() : list;
    }

    private static List<Object> list(FeatureValues values) {
        var list = new ArrayList<Object>(values.size());
        for (int i = 0; i < values.size(); i++) {
            list.add(
                    switch (values) {
                        case FeatureValues.Longs(var array) -> array[i];
                        case FeatureValues.Floats(var array) -> array[i];
                        case FeatureValues.Strings strings -> textOrBytes(strings.get(i));
                    });
        }
        return list;
    }

    private static Object textOrBytes(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException _) {
            return bytes;
        }
    }

    /// A SequenceExample: its context as [#toRow(Example)] gives it, and each list of steps as a list of the steps'
    /// lists.
    ///
    /// @throws ExampleException where a name is both in the context and a list's
    public static Map<String, @Nullable Object> toRow(SequenceExample example) {
        var row = new LinkedHashMap<String, @Nullable Object>();
        example.context()
                .forEach((name, feature) ->
                        row.put(name, feature.values().map(ExampleRows::value).orElse(null)));
        example.lists().forEach((name, steps) -> {
            if (row.containsKey(name)) {
                throw new ExampleException(
                        "[rows] expected different names of context and lists; got \"" + name + "\" in both.");
            }
            var all = new ArrayList<@Nullable Object>(steps.size());
            steps.forEach(step -> all.add(step.values().map(ExampleRows::list).orElse(null)));
            row.put(name, all);
        });
        return row;
    }

    /// A record as a row: a SequenceExample where it has lists of features, an Example otherwise.
    ///
    /// @throws ExampleException where it is neither, or has a name twice
    public static Map<String, @Nullable Object> toRow(byte[] record) {
        return toRow(SequenceExample.parse(record));
    }

    /// The fields `kinds` of a row, each value as its kind: text of numbers as numbers, numbers as text where text
    /// is asked for. Absent fields stay absent, nulls null.
    ///
    /// @param place of the row, for messages
    /// @throws ExampleException that names place and field of a value that is not of its kind
    public static Map<String, @Nullable Object> chosen(
            Map<String, ? extends @Nullable Object> row, Map<String, ValueKind> kinds, String place) {
        var chosen = new LinkedHashMap<String, @Nullable Object>();
        kinds.forEach((name, kind) -> {
            if (row.containsKey(name)) {
                String where = "field \"" + name + "\" of " + place;
                Object value = row.get(name);
                if (value instanceof Collection<?> many) {
                    var list = new ArrayList<@Nullable Object>(many.size());
                    many.forEach(one -> list.add(one == null ? null : cast(one, kind, where)));
                    value = list;
                } else if (value != null) {
                    value = cast(value, kind, where);
                }
                chosen.put(name, value);
            }
        });
        return chosen;
    }

    private static Object cast(Object value, ValueKind kind, String where) {
        Optional<?> cast = switch (kind) {
            case STRING ->
                value instanceof String || value instanceof byte[]
                        ? Optional.of(value)
                        : bytes(value).map(ExampleRows::textOrBytes);
            case INT64 -> integer(value);
            case FLOAT32 -> value instanceof Float ? Optional.of(value) : number(value);
        };
        return cast.orElseThrow(() -> wrong(where, kind, value));
    }

    /// A row as an example with the features `kinds`; null and absent fields are left out.
    ///
    /// @param place of the row, for messages
    /// @throws ExampleException that names place and field of a value that is not of its kind
    public static Example toExample(
            Map<String, ? extends @Nullable Object> row, Map<String, ValueKind> kinds, String place) {
        var features = new LinkedHashMap<String, Feature>();
        kinds.forEach((name, kind) -> {
            Object value = row.get(name);
            if (value != null) {
                features.put(name, feature(value, kind, "field \"" + name + "\" of " + place));
            }
        });
        return Example.of(features);
    }

    private static Feature feature(Object value, ValueKind kind, String where) {
        var column = new ValueColumn(kind);
        for (Object one : value instanceof Collection<?> many ? many : List.of(value)) {
            switch (kind) {
                case STRING -> {
                    byte[] bytes = bytes(one).orElseThrow(() -> wrong(where, kind, one));
                    column.add(bytes, 0, bytes.length);
                }
                case INT64 -> column.add((long) integer(one).orElseThrow(() -> wrong(where, kind, one)));
                case FLOAT32 -> column.add(single(one).orElseThrow(() -> wrong(where, kind, one)));
            }
        }
        return Feature.of(column.build());
    }

    private static ExampleException wrong(String where, ValueKind kind, @Nullable Object got) {
        String hint = got == null ? " Hint: JSONL and Parquet hold nulls in lists, tf.Example and CSV do not." : "";
        return new ExampleException("[rows] expected " + kind.label() + " in " + where + "; got "
                + (got == null ? "null in a list" : Texts.shorten(Row.describe(got), 80)) + "." + hint);
    }

    static Optional<byte[]> bytes(@Nullable Object value) {
        return switch (value) {
            case byte[] bytes -> Optional.of(bytes);
            case String text -> Optional.of(text.getBytes(StandardCharsets.UTF_8));
            case Map<?, ?> map when map.size() == 1 && map.get(BASE64) instanceof String text -> base64(text);
            case Boolean _ -> Optional.empty();
            case Number _ -> Optional.of(String.valueOf(value).getBytes(StandardCharsets.UTF_8));
            case null, default -> Optional.empty();
        };
    }

    private static Optional<byte[]> base64(String text) {
        try {
            return Optional.of(Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    static Optional<Long> integer(@Nullable Object value) {
        return switch (value) {
            case Long whole -> Optional.of(whole);
            case Boolean bool -> Optional.of(bool ? 1L : 0L);
            case String text -> parsed(text);
            case null, default -> Optional.empty();
        };
    }

    private static Optional<Long> parsed(String text) {
        try {
            return Optional.of(Long.parseLong(text.strip()));
        } catch (NumberFormatException _) {
            return Optional.empty();
        }
    }

    static Optional<Double> number(@Nullable Object value) {
        return switch (value) {
            case Number number -> Optional.of(number.doubleValue());
            case Boolean bool -> Optional.of(bool ? 1.0 : 0.0);
            case String text -> parsedNumber(text);
            case null, default -> Optional.empty();
        };
    }

    /// A number that is finite and none any more as a float is none.
    private static Optional<Float> single(@Nullable Object value) {
        return number(value)
                .filter(number -> Double.isInfinite(number) || !Float.isInfinite((float) (double) number))
                .map(number -> (float) (double) number);
    }

    private static Optional<Double> parsedNumber(String text) {
        try {
            return Optional.of(Double.parseDouble(text.strip()));
        } catch (NumberFormatException _) {
            return Optional.empty();
        }
    }
}
