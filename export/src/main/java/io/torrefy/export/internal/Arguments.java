package io.torrefy.export.internal;

import io.torrefy.export.ExportException;
import io.torrefy.export.Exported;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/// Arguments by their names, as configurations have them, in the places of a method's parameters.
public final class Arguments {
    private Arguments() {}

    /// What is wrong with calling an element by these names; empty where it can be done.
    ///
    /// @param given arguments that it has to take
    /// @param offered arguments that it may take
    public static Optional<String> misfit(Exported exported, Map<String, ?> given, Map<String, ?> offered) {
        var unknown = new TreeSet<>(given.keySet());
        var missing = new TreeSet<String>();
        for (Exported.Parameter parameter : exported.parameters()) {
            unknown.remove(parameter.name());
            if (!given.containsKey(parameter.name())
                    && !offered.containsKey(parameter.name())
                    && parameter.value().isEmpty()) {
                missing.add(parameter.name());
            }
        }
        List<String> problems = new ArrayList<>();
        if (!unknown.isEmpty()) {
            problems.add("has no " + String.join(", ", unknown));
        }
        if (!missing.isEmpty()) {
            problems.add("also needs " + String.join(", ", missing));
        }
        return problems.isEmpty()
                ? Optional.empty()
                : Optional.of(exported.signature() + " " + String.join(" and ", problems));
    }

    /// The values of an element's parameters: what is given, else what is offered, else the default.
    ///
    /// @param types of its parameters
    public static Object[] values(
            Exported exported, List<Class<?>> types, Map<String, ?> given, Map<String, ?> offered) {
        Object[] values = new Object[types.size()];
        for (int i = 0; i < values.length; i++) {
            Exported.Parameter parameter = exported.parameters().get(i);
            Object value = given.get(parameter.name());
            if (value == null) {
                value = offered.get(parameter.name());
            }
            values[i] = value(exported, parameter, types.get(i), value == null ? parameter.value() : value);
        }
        return values;
    }

    private static Object value(Exported exported, Exported.Parameter parameter, Class<?> type, Object value) {
        if (type.isInstance(value)) {
            return value;
        }
        String text = value.toString().strip();
        boolean read = value instanceof String || value instanceof Number || value instanceof Boolean;
        try {
            if (read && type.isEnum()) {
                return constant(type, text);
            }
            if (read) {
                return switch (type.getSimpleName()) {
                    case "Integer" -> Integer.valueOf(text);
                    case "Long" -> Long.valueOf(text);
                    case "Float" -> Float.valueOf(text);
                    case "Double" -> Double.valueOf(text);
                    case "Boolean" -> truth(text);
                    default -> throw new IllegalArgumentException("not to be read from text");
                };
            }
        } catch (IllegalArgumentException _) {
            // Said below.
        }
        throw new ExportException("[exports] " + article(parameter.type()) + " was expected for '" + parameter.name()
                + "' of '" + exported.name() + "'; got '" + text + "'.");
    }

    private static String article(String type) {
        return ("AEIOUaeiou".indexOf(type.charAt(0)) < 0 ? "a " : "an ") + type;
    }

    private static Object constant(Class<?> type, String text) {
        String name = text.toUpperCase(Locale.ROOT);
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> ((Enum<?>) constant).name().equals(name))
                .findFirst()
                .orElseThrow(IllegalArgumentException::new);
    }

    private static boolean truth(String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException(text);
        }
        return text.equals("true");
    }
}
