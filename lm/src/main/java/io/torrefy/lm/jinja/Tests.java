package io.torrefy.lm.jinja;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// The tests behind `is`.
final class Tests {
    private static final Set<String> PLAIN = Set.of(
            "defined",
            "undefined",
            "none",
            "string",
            "number",
            "integer",
            "float",
            "boolean",
            "true",
            "false",
            "mapping",
            "iterable",
            "sequence",
            "callable",
            "odd",
            "even",
            "upper",
            "lower");
    private static final Set<String> WITH_ARGUMENT = Set.of(
            "equalto", "eq", "ne", "lt", "lessthan", "le", "gt", "greaterthan", "ge", "in", "sameas", "divisibleby");

    private Tests() {}

    static void check(Token name) {
        if (!PLAIN.contains(name.text()) && !WITH_ARGUMENT.contains(name.text())) {
            throw new JinjaException("there is no test named '" + name.text() + "'", name.offset());
        }
    }

    static boolean takesArgument(String name) {
        return WITH_ARGUMENT.contains(name);
    }

    static boolean apply(String name, Object value, Values.Args args) {
        if (takesArgument(name)) {
            return compare(name, value, args.require(0, "other"));
        }
        return switch (name) {
            case "defined" -> !(value instanceof Values.Undefined);
            case "undefined" -> value instanceof Values.Undefined;
            case "none" -> value == Values.None.NONE;
            case "string" -> value instanceof String;
            case "number" -> Values.isNumber(value);
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "mapping" -> value instanceof Map<?, ?>;
            case "iterable", "sequence" ->
                value instanceof List<?>
                        || value instanceof Map<?, ?>
                        || value instanceof String
                        || value instanceof Values.Undefined;
            case "callable" -> value instanceof Values.Callable;
            case "odd" -> Math.floorMod(Values.toLong(value), 2L) == 1;
            case "even" -> Math.floorMod(Values.toLong(value), 2L) == 0;
            case "upper" -> cased(Text.str(value), "isupper");
            case "lower" -> cased(Text.str(value), "islower");
            default -> throw new JinjaException("there is no test named '" + name + "'");
        };
    }

    private static boolean cased(String text, String method) {
        return Methods.find(text, method)
                .map(m -> Values.truth(m.call(new Values.Args(List.of(), Map.of()))))
                .orElse(false);
    }

    private static boolean compare(String name, Object a, Object b) {
        return switch (name) {
            case "equalto", "eq" -> Values.equal(a, b);
            case "ne" -> !Values.equal(a, b);
            case "lt", "lessthan" -> Values.compare(a, b) < 0;
            case "le" -> Values.compare(a, b) <= 0;
            case "gt", "greaterthan" -> Values.compare(a, b) > 0;
            case "ge" -> Values.compare(a, b) >= 0;
            case "in" -> Values.contains(b, a);
            case "sameas" -> a.getClass() == b.getClass() && Values.equal(a, b);
            default -> Math.floorMod(Values.toLong(a), Values.toLong(b)) == 0;
        };
    }
}
