package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Parts one after the other, each with a space of its own.
///
/// @param parts at least one
@Export(value = "rl.TupleSpace", since = "0.1")
public record TupleSpace(List<Space<?>> parts) implements Space<List<Object>> {
    /// @throws IllegalArgumentException if there is no part
    public TupleSpace {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("[tuple] expected at least one part; got none.");
        }
        parts = List.copyOf(parts);
    }

    public static TupleSpace of(Space<?>... parts) {
        return new TupleSpace(List.of(parts));
    }

    @Override
    public List<Object> sample(SplitMix random) {
        List<Object> value = new ArrayList<>();
        for (Space<?> part : parts) {
            value.add(part.sample(random));
        }
        return value;
    }

    @Override
    public boolean contains(List<Object> value) {
        return problem(value).isEmpty();
    }

    @Override
    public Optional<String> problem(List<Object> value) {
        if (value.size() != parts.size()) {
            return Optional.of(value.size() + " parts for " + parts.size());
        }
        for (int i = 0; i < parts.size(); i++) {
            Optional<String> problem = problemOf(parts.get(i), value.get(i));
            if (problem.isPresent()) {
                int part = i;
                return problem.map(text -> text + " in part " + part);
            }
        }
        return Optional.empty();
    }

    @Override
    public int flatSize() {
        return parts.stream().mapToInt(Space::flatSize).sum();
    }

    @Override
    public void flatten(List<Object> value, float[] into, int at) {
        require("flatten", "an element", value);
        int from = at;
        for (int i = 0; i < parts.size(); i++) {
            flattenOf(parts.get(i), value.get(i), into, from);
            from += parts.get(i).flatSize();
        }
    }

    /// What is wrong with a part, also where it is of another type than its space's elements.
    static <T> Optional<String> problemOf(Space<T> space, @Nullable Object value) {
        if (value == null) {
            return Optional.of("nothing");
        }
        try {
            return space.problem(cast(value));
        } catch (ClassCastException e) {
            return Optional.of("a " + value.getClass().getSimpleName() + " that is no element of " + space);
        }
    }

    static <T> void flattenOf(Space<T> space, @Nullable Object value, float[] into, int at) {
        if (value != null) {
            space.flatten(cast(value), into, at);
        }
    }

    // The space itself finds out: its methods fail with a ClassCastException on what is not its own.
    @SuppressWarnings("unchecked")
    private static <T> T cast(Object value) {
        return (T) value;
    }

    /// `Tuple(Discrete(32), Discrete(2))`.
    @Override
    public String toString() {
        return "Tuple(" + String.join(", ", parts.stream().map(Object::toString).toList()) + ")";
    }
}
