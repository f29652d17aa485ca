package io.torrefy.data.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.data.FeatureColumn;
import io.torrefy.data.FeatureType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Reads typed fields from JSON; whatever is not there or of another type is an error that names it.
///
/// @param what the JSON stands for
public record ConfigReader(JsonNode node, String what) {
    /// The `config` of a class, which must have exactly these keys.
    public static ConfigReader of(String className, JsonNode config, List<String> keys) {
        Set<String> got = new TreeSet<>();
        config.fieldNames().forEachRemaining(got::add);
        if (!config.isObject() || !got.equals(new TreeSet<>(keys))) {
            throw new IllegalArgumentException("[columnConfig] expected keys " + keys + " in the config of " + className
                    + "; got an invalid config: " + shorten(config) + ".");
        }
        return new ConfigReader(config, className);
    }

    /// The `class_name` of a serialized object.
    public static String classOf(JsonNode node) {
        return new ConfigReader(node, "a serialized object").text("class_name");
    }

    /// The `config` of a serialized object.
    public static JsonNode configOf(JsonNode node) {
        var config = node.path("config");
        if (!config.isObject()) {
            throw new IllegalArgumentException(
                    "[columnConfig] expected an object {class_name, config}; got " + shorten(node) + ".");
        }
        return config;
    }

    /// The field, null if it is not there.
    public @Nullable JsonNode value(String key) {
        return node.get(key);
    }

    /// The field as a reader of its own.
    public ConfigReader child(String key) {
        return new ConfigReader(node.path(key), key + " of " + what);
    }

    /// Each element of this list.
    public <T> List<T> elements(Function<JsonNode, ? extends T> read) {
        if (!node.isArray()) {
            throw bad("a list", node);
        }
        List<T> all = new ArrayList<>();
        node.forEach(e -> all.add(read.apply(e)));
        return all;
    }

    /// The column in a field.
    public <T extends FeatureColumn> T as(Class<T> type, String key, Function<JsonNode, FeatureColumn> read) {
        var column = read.apply(node.path(key));
        if (!type.isInstance(column)) {
            throw bad("a " + type.getSimpleName() + " in " + key, node.path(key));
        }
        return type.cast(column);
    }

    /// A string.
    public String text(String key) {
        var field = node.path(key);
        if (!field.isTextual()) {
            throw bad("a string in " + key, field);
        }
        return field.textValue();
    }

    /// A string, or null.
    public @Nullable String textOrNull(String key) {
        return node.path(key).isNull() ? null : text(key);
    }

    /// An integer.
    public long integer(String key) {
        return integer(node.path(key), key);
    }

    private long integer(JsonNode field, String key) {
        if (!field.isIntegralNumber() || !field.canConvertToLong()) {
            throw bad("an integer of 64 bits in " + key, field);
        }
        return field.longValue();
    }

    /// An integer, or null.
    public @Nullable Long integerOrNull(String key) {
        return node.path(key).isNull() ? null : (Long) integer(key);
    }

    /// An integer of 32 bits.
    public int small(String key) {
        long value = integer(key);
        if (value != (int) value) {
            throw bad("an integer of 32 bits in " + key, node.path(key));
        }
        return (int) value;
    }

    /// A number.
    public double real(String key) {
        return real(node.path(key), key);
    }

    private double real(JsonNode field, String key) {
        if (!field.isNumber()) {
            throw bad("a number in " + key, field);
        }
        return field.doubleValue();
    }

    /// A number, or null.
    public @Nullable Double realOrNull(String key) {
        return node.path(key).isNull() ? null : (Double) real(key);
    }

    /// True or false.
    public boolean flag(String key) {
        if (!node.path(key).isBoolean()) {
            throw bad("true or false in " + key, node.path(key));
        }
        return node.path(key).booleanValue();
    }

    /// The type of that name.
    public FeatureType type(String key) {
        return FeatureType.named(text(key));
    }

    /// A list of integers.
    public List<Integer> integers(String key) {
        return child(key).elements(e -> Math.toIntExact(integer(e, key)));
    }

    /// A list of numbers.
    public List<Double> doubles(String key) {
        return child(key).elements(e -> real(e, key));
    }

    /// Numbers in lists in lists, one after the other; none for null. Integers are `Long`, others `Double`.
    public List<Number> numbers(String key) {
        List<Number> all = new ArrayList<>();
        if (!node.path(key).isNull()) {
            collect(node.path(key), key, all);
        }
        return all;
    }

    private void collect(JsonNode field, String key, List<Number> all) {
        if (field.isArray()) {
            field.forEach(e -> collect(e, key, all));
        } else {
            all.add(field.isIntegralNumber() ? (Number) integer(field, key) : (Number) real(field, key));
        }
    }

    /// A string, or an integer as `Long`.
    public static Object word(JsonNode element) {
        return element.isTextual()
                ? element.textValue()
                : (Object) new ConfigReader(element, "a vocabulary").integer(element, "an entry");
    }

    private IllegalArgumentException bad(String expected, JsonNode got) {
        return new IllegalArgumentException(
                "[columnConfig] expected " + expected + " (" + what + "); got " + shorten(got) + ".");
    }

    private static String shorten(JsonNode node) {
        String text = node.isMissingNode() ? "nothing" : node.toString();
        return Texts.shorten(text, 120);
    }
}
