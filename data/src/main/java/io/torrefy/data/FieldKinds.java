package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds the kinds of the fields of rows in one pass: text where there is any, numbers where one is not whole, integers
/// otherwise; booleans are integers. Needs memory for the fields' names alone.
@Export(value = "data.FieldKinds", since = "0.1")
public final class FieldKinds {
    private static final Set<String> NO_NUMBERS = Set.of("NaN", "Infinity", "-Infinity");
    private static final int MOST_FIELDS = 100_000;

    private enum Seen {
        NOTHING,
        WHOLE,
        NUMBER,
        // NaN or an infinity written as text: a number among numbers, text among texts.
        NAMED_NUMBER,
        TEXT
    }

    private final Map<String, Seen> seen = new LinkedHashMap<>();
    private final boolean nullElements;

    /// Of rows without nulls in lists.
    public FieldKinds() {
        this(false);
    }

    /// @param nullElements whether lists may hold nulls
    public FieldKinds(boolean nullElements) {
        this.nullElements = nullElements;
    }

    /// Takes a row into account.
    ///
    /// @param place of the row, for messages
    /// @throws ExampleException for a value that no feature can hold
    public void add(Map<String, ? extends @Nullable Object> row, String place) {
        row.forEach((name, value) -> {
            Seen kind = seen.getOrDefault(name, Seen.NOTHING);
            for (Object one : value instanceof Collection<?> many ? many : value == null ? List.of() : List.of(value)) {
                kind = join(kind, one == null && nullElements ? Seen.NOTHING : kind(one, name, place));
            }
            seen.put(name, kind);
        });
        if (seen.size() > MOST_FIELDS) {
            throw new ExampleException(
                    "[rows] expected at most " + MOST_FIELDS + " fields; got more at " + place + ".");
        }
    }

    private static Seen join(Seen before, Seen now) {
        return before.compareTo(now) >= 0 ? before : now;
    }

    private static Seen kind(@Nullable Object value, String name, String place) {
        return switch (value) {
            case Long _, Boolean _ -> Seen.WHOLE;
            case Double _, Float _ -> Seen.NUMBER;
            case String text -> NO_NUMBERS.contains(text) ? Seen.NAMED_NUMBER : Seen.TEXT;
            case byte[] _ -> Seen.TEXT;
            case Map<?, ?> map when map.size() == 1 && map.containsKey(ExampleRows.BASE64) -> Seen.TEXT;
            case null, default ->
                throw new ExampleException(
                        "[rows] expected text, numbers or lists of them in field \"" + name + "\" of "
                                + place + "; got "
                                + (value == null
                                        ? "null in a list. Hint: JSONL and Parquet hold it, tf.Example and CSV do not"
                                        : "a nested value. Hint: JSONL holds it")
                                + "; --features NAME:KIND,... takes other fields alone.");
        };
    }

    /// The fields that were met and never had a value.
    public List<String> valueless() {
        return seen.keySet().stream()
                .filter(name -> seen.get(name) == Seen.NOTHING)
                .toList();
    }

    /// The kinds by name, in the order in which the fields were first met. A field that never had a value is left
    /// out.
    public Map<String, ValueKind> kinds() {
        var kinds = new LinkedHashMap<String, ValueKind>();
        seen.forEach((name, what) -> {
            switch (what) {
                case WHOLE -> kinds.put(name, ValueKind.INT64);
                case NUMBER, NAMED_NUMBER -> kinds.put(name, ValueKind.FLOAT32);
                case TEXT -> kinds.put(name, ValueKind.STRING);
                case NOTHING -> {}
            }
        });
        return kinds;
    }
}
