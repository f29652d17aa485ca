package io.torrefy.data;

import io.torrefy.data.internal.Texts;
import io.torrefy.export.Export;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One record of named values from a JSONL, CSV or Parquet file, and where it stands.
///
/// A value is a `String`, a `Long`, a `Double`, a `Boolean`, a `byte[]`, a `List` of such values (nested lists and
/// nulls included), a `Map` from names to such values, or null where it is missing. Maps and arrays are shared, not
/// copied: who is given one leaves it as it is.
///
/// @param number the line the record starts on (from 1) in text formats, the row (from 1) in Parquet
/// @param values the values by field name, in the file's order
@Export(value = "data.Row", since = "0.1")
public record Row(Path file, long number, Map<String, @Nullable Object> values) {
    public Row {
        values = Collections.unmodifiableMap(values);
    }

    /// The value of field `name`, where it is there and not null.
    public Optional<Object> find(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /// Whether the field is absent or null.
    public boolean isMissing(String name) {
        return values.get(name) == null;
    }

    /// The string in field `name`.
    ///
    /// @throws MalformedDataException where the record has no such string
    public String text(String name) {
        return find(name)
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .orElseThrow(() -> wrong(name, "a string"));
    }

    /// The integer in field `name`. A double is none, even where it is whole.
    ///
    /// @throws MalformedDataException where the record has no such integer
    public long integer(String name) {
        return find(name)
                .filter(Long.class::isInstance)
                .map(Long.class::cast)
                .orElseThrow(() -> wrong(name, "an integer"));
    }

    /// The number in field `name`, an integer or a double.
    ///
    /// @throws MalformedDataException where the record has no such number
    public double number(String name) {
        return find(name)
                .filter(Number.class::isInstance)
                .map(value -> ((Number) value).doubleValue())
                .orElseThrow(() -> wrong(name, "a number"));
    }

    /// The list in field `name`.
    ///
    /// @throws MalformedDataException where the record has no such list
    public List<?> list(String name) {
        return find(name)
                .filter(List.class::isInstance)
                .<List<?>>map(value -> (List<?>) value)
                .orElseThrow(() -> wrong(name, "a list"));
    }

    /// The place of the record: `file:number`.
    public String place() {
        return file + ":" + number;
    }

    /// An error about this record; the message starts with file and number. `what` says what was expected and got,
    /// without a full stop.
    public MalformedDataException bad(String what) {
        return new MalformedDataException(file, number, "[row] " + place() + ": " + what + ".");
    }

    /// An error about field `name` of this record, which is not what was expected.
    public MalformedDataException wrong(String name, String expected) {
        String got = !values.containsKey(name) ? "fields " + values.keySet() : describe(values.get(name));
        return bad("expected " + expected + " in field \"" + name + "\"; got " + got);
    }

    static String describe(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case String text -> "the string \"" + Texts.shorten(text) + '"';
            case Long whole -> "the integer " + whole;
            case Double number -> "the number " + number;
            case Boolean truth -> "the boolean " + truth;
            case byte[] bytes -> bytes.length + " bytes";
            case List<?> list -> "a list of " + list.size();
            case Map<?, ?> map -> "an object of " + map.keySet();
            default -> "a " + value.getClass().getSimpleName();
        };
    }
}
