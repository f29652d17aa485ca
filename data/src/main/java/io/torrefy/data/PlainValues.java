package io.torrefy.data;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The values that Java programs have, as those that a [Row] has.
final class PlainValues {
    private PlainValues() {}

    /// Integers of any size as `Long`, numbers as `Double`, collections and arrays as lists; anything else as it
    /// is.
    static @Nullable Object of(@Nullable Object value) {
        return switch (value) {
            case Byte n -> n.longValue();
            case Short n -> n.longValue();
            case Integer n -> n.longValue();
            case Float x -> x.doubleValue();
            case Collection<?> all -> list(all);
            case byte[] bytes -> bytes;
            case Object array when array.getClass().isArray() -> list(elements(array));
            case null, default -> value;
        };
    }

    private static List<@Nullable Object> list(Collection<?> all) {
        List<@Nullable Object> plain = new ArrayList<>(all.size());
        all.forEach(value -> plain.add(of(value)));
        return Collections.unmodifiableList(plain);
    }

    private static List<@Nullable Object> elements(Object array) {
        List<@Nullable Object> all = new ArrayList<>();
        for (int i = 0; i < Array.getLength(array); i++) {
            all.add(Array.get(array, i));
        }
        return all;
    }
}
