package io.torrefy.data.internal;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Reads an object of JSON that has some keys and no others; whatever is not there or of another type is an error that
/// names it.
///
/// @param what the object stands for
public record Fields(JsonNode node, String what) {
    /// An object with these keys, some of which may be absent.
    ///
    /// @throws IllegalArgumentException that lists keys that are unknown, each with the nearest known one
    public static Fields of(JsonNode node, String what, String... keys) {
        var fields = new Fields(node, what);
        if (!node.isObject()) {
            throw fields.bad("an object", node);
        }
        var checks = Problems.of("schema");
        var known = List.of(keys);
        node.fieldNames()
                .forEachRemaining(key -> checks.expect(
                        known.contains(key),
                        "keys of " + known + " in " + what,
                        "the unknown key \"" + key + "\"",
                        Nearest.hint(key, known)));
        checks.raise();
        return fields;
    }

    /// Whether the key is there.
    public boolean has(String key) {
        return node.has(key);
    }

    /// What the key has.
    public JsonNode value(String key) {
        return node.path(key);
    }

    /// A string.
    public String text(String key) {
        var field = node.path(key);
        if (!field.isTextual()) {
            throw bad("a string in \"" + key + "\"", field);
        }
        return field.textValue();
    }

    /// A string; null if it is not there.
    public @Nullable String textOrNull(String key) {
        return has(key) ? text(key) : null;
    }

    /// An integer.
    public long integer(String key) {
        return integer(key, node.path(key));
    }

    private long integer(String key, JsonNode field) {
        if (!field.isIntegralNumber() || !field.canConvertToLong()) {
            throw bad("an integer of 64 bits in \"" + key + "\"", field);
        }
        return field.longValue();
    }

    /// An integer, which is `otherwise` if it is not there.
    public long integer(String key, long otherwise) {
        return has(key) ? integer(key) : otherwise;
    }

    /// An integer of 32 bits.
    public int small(String key) {
        long value = integer(key);
        if (value != (int) value) {
            throw bad("an integer of 32 bits in \"" + key + "\"", node.path(key));
        }
        return (int) value;
    }

    /// An integer of 32 bits, which is `otherwise` if it is not there.
    public int small(String key, int otherwise) {
        return has(key) ? small(key) : otherwise;
    }

    /// A finite number.
    public double real(String key) {
        return real(key, node.path(key));
    }

    private double real(String key, JsonNode field) {
        if (!field.isNumber() || !Double.isFinite(field.doubleValue())) {
            throw bad("a finite number in \"" + key + "\"", field);
        }
        return field.doubleValue();
    }

    /// A finite number, if it is there.
    public OptionalDouble realIfAny(String key) {
        return has(key) ? OptionalDouble.of(real(key)) : OptionalDouble.empty();
    }

    /// True or false.
    public boolean flag(String key) {
        if (!node.path(key).isBoolean()) {
            throw bad("true or false in \"" + key + "\"", node.path(key));
        }
        return node.path(key).booleanValue();
    }

    /// A list of finite numbers.
    public List<Double> reals(String key) {
        return list(key, e -> real(key, e));
    }

    /// A list of strings.
    public List<String> texts(String key) {
        return list(key, e -> {
            if (!e.isTextual()) {
                throw bad("strings in \"" + key + "\"", e);
            }
            return e.textValue();
        });
    }

    /// A list of what `read` makes of each element. All that is wrong with elements is reported together.
    public <T> List<T> list(String key, Function<JsonNode, T> read) {
        var field = node.path(key);
        if (!field.isArray()) {
            throw bad("a list in \"" + key + "\"", field);
        }
        List<T> all = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        for (JsonNode element : field) {
            try {
                all.add(read.apply(element));
            } catch (IllegalArgumentException e) {
                wrong.add(String.valueOf(e.getMessage()));
            }
        }
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", wrong));
        }
        return all;
    }

    /// An error about this object.
    public IllegalArgumentException bad(String expected, JsonNode got) {
        String text = got.isMissingNode() ? "nothing" : got.toString();
        return new IllegalArgumentException(
                "[schema] expected " + expected + " of " + what + "; got " + Texts.shorten(text, 80) + ".");
    }
}
