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
        var list = new ArrayList<Object>(values.size());
        for (int i = 0; i < values.size(); i++) {
            list.add(
                    switch (values) {
                        case FeatureValues.Longs(var array) -> array[i];
                        case FeatureValues.Floats(var array) -> array[i];
                        case FeatureValues.Strings strings -> textOrBytes(strings.get(i));
                    });
        }
        return list.size() == 1 ? list.getFirst() : list;
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
                case FLOAT32 -> column.add((float) (double) number(one).orElseThrow(() -> wrong(where, kind, one)));
            }
        }
        return Feature.of(column.build());
    }

    private static ExampleException wrong(String where, ValueKind kind, @Nullable Object got) {
        String type = got == null ? "null" : got.getClass().getSimpleName() + " " + got;
        return new ExampleException(
                "[rows] expected " + kind.label() + " in " + where + "; got " + Texts.shorten(type) + ".");
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

    private static Optional<Double> parsedNumber(String text) {
        try {
            return Optional.of(Double.parseDouble(text.strip()));
        } catch (NumberFormatException _) {
            return Optional.empty();
        }
    }
}
