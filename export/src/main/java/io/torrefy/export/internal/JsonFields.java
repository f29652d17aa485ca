package io.torrefy.export.internal;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// The fields of one JSON object, each asked for once and by its kind. What is left over is an error.
public final class JsonFields {
    private final Map<?, ?> map;
    private final String place;
    private final Set<String> left = new TreeSet<>();

    private JsonFields(Map<?, ?> map, String place) {
        this.map = map;
        this.place = place;
        map.keySet().forEach(key -> left.add(key.toString()));
    }

    /// The fields of a value that has to be an object.
    public static JsonFields of(Object json, String place) {
        if (json instanceof Map<?, ?> map) {
            return new JsonFields(map, place);
        }
        throw new IllegalArgumentException("an object was expected for " + place + "; got " + json);
    }

    public String text(String field) {
        return take(field, String.class);
    }

    public long number(String field) {
        return take(field, Long.class);
    }

    public boolean flag(String field) {
        return take(field, Boolean.class);
    }

    public List<String> texts(String field) {
        return strings(take(field, List.class), field);
    }

    /// An array of arrays of `width` strings.
    public List<List<String>> rows(String field, int width) {
        List<?> rows = take(field, List.class);
        return rows.stream()
                .map(row -> {
                    if (row instanceof List<?> list && list.size() == width) {
                        return strings(list, field);
                    }
                    throw new IllegalArgumentException("rows of " + width + " were expected in " + field);
                })
                .toList();
    }

    public List<JsonFields> objects(String field) {
        List<?> values = take(field, List.class);
        return values.stream().map(value -> of(value, "an element of " + field)).toList();
    }

    /// All fields have been asked for.
    public void end() {
        if (!left.isEmpty()) {
            throw new IllegalArgumentException("no further fields were expected in " + place + "; got " + left);
        }
    }

    private <T> T take(String field, Class<T> type) {
        Object value = map.get(field);
        if (!type.isInstance(value) || !left.remove(field)) {
            throw new IllegalArgumentException(
                    "a " + type.getSimpleName() + " was expected in '" + field + "' of " + place + "; got " + value);
        }
        return type.cast(value);
    }

    private static List<String> strings(List<?> values, String field) {
        return values.stream()
                .map(value -> {
                    if (value instanceof String text) {
                        return text;
                    }
                    throw new IllegalArgumentException("strings were expected in '" + field + "'; got " + value);
                })
                .toList();
    }
}
