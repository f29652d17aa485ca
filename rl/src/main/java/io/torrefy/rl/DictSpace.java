package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// Named parts, each with a space of its own, in a fixed order.
///
/// @param parts at least one
@Export(value = "rl.DictSpace", since = "0.1")
public record DictSpace(SequencedMap<String, Space<?>> parts) implements Space<Map<String, Object>> {
    /// @throws IllegalArgumentException if there is no part
    public DictSpace {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("[dict] expected at least one part; got none.");
        }
        parts = new LinkedHashMap<>(parts);
    }

    @Override
    public Map<String, Object> sample(SplitMix random) {
        Map<String, Object> value = new LinkedHashMap<>();
        parts.forEach((name, space) -> value.put(name, space.sample(random)));
        return value;
    }

    @Override
    public boolean contains(Map<String, Object> value) {
        return problem(value).isEmpty();
    }

    @Override
    public Optional<String> problem(Map<String, Object> value) {
        if (!value.keySet().equals(parts.keySet())) {
            return Optional.of("parts " + value.keySet() + " for " + parts.keySet());
        }
        for (var part : parts.entrySet()) {
            Optional<String> problem = TupleSpace.problemOf(part.getValue(), value.get(part.getKey()));
            if (problem.isPresent()) {
                return problem.map(text -> text + " in '" + part.getKey() + "'");
            }
        }
        return Optional.empty();
    }

    @Override
    public int flatSize() {
        return parts.values().stream().mapToInt(Space::flatSize).sum();
    }

    @Override
    public void flatten(Map<String, Object> value, float[] into, int at) {
        require("flatten", "an element", value);
        int from = at;
        for (var part : parts.entrySet()) {
            TupleSpace.flattenOf(part.getValue(), value.get(part.getKey()), into, from);
            from += part.getValue().flatSize();
        }
    }

    /// `Dict{place=Discrete(5), speed=Box([-1.0], [1.0])}`.
    @Override
    public String toString() {
        return "Dict" + parts;
    }
}
