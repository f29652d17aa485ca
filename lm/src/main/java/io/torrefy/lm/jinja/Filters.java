package io.torrefy.lm.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// The filters behind `|`.
final class Filters {
    private static final Set<String> NAMES = Set.of(
            "trim",
            "tojson",
            "length",
            "count",
            "default",
            "d",
            "join",
            "upper",
            "lower",
            "capitalize",
            "title",
            "first",
            "last",
            "list",
            "string",
            "int",
            "float",
            "replace",
            "items",
            "map",
            "select",
            "reject",
            "selectattr",
            "rejectattr",
            "unique",
            "sort",
            "reverse",
            "abs",
            "round",
            "indent",
            "safe",
            "dictsort",
            "sum",
            "min",
            "max",
            "attr",
            "wordcount");

    private Filters() {}

    static void check(Token name) {
        if (!NAMES.contains(name.text())) {
            throw new JinjaException("there is no filter named '" + name.text() + "'", name.offset());
        }
    }

    static Object apply(String name, Object value, Values.Args args) {
        return switch (name) {
            case "trim" -> Methods.strip(Text.str(value), args, true, true);
            case "tojson" -> json(value, args);
            case "length", "count" -> Values.length(value);
            case "default", "d" -> {
                boolean falsy = Values.truth(args.get(1, "boolean", false)) && !Values.truth(value);
                yield value instanceof Values.Undefined || falsy ? args.get(0, "default_value", "") : value;
            }
            case "join" -> join(value, args);
            case "upper" -> Text.str(value).toUpperCase(Locale.ROOT);
            case "lower" -> Text.str(value).toLowerCase(Locale.ROOT);
            case "capitalize" -> Methods.capitalize(Text.str(value));
            case "title" -> Methods.title(Text.str(value));
            case "first" -> end(Values.iterate(value), true);
            case "last" -> end(Values.iterate(value), false);
            case "list" -> Values.iterate(value);
            case "string", "safe" -> Text.str(value);
            case "int" -> integer(value, args.get(0, "default", 0L));
            case "float" -> real(value, args.get(0, "default", 0.0));
            case "replace" -> Methods.replace(Text.str(value), args);
            case "items" -> items(value);
            case "map" -> map(value, args);
            case "select", "reject" -> select(value, test(args, 0), name.equals("select"));
            case "selectattr", "rejectattr" -> {
                String attribute = Text.str(args.require(0, "attribute"));
                Predicate<Object> test = test(args, 1);
                yield select(value, item -> test.test(path(item, attribute)), name.equals("selectattr"));
            }
            case "attr" -> Values.attribute(value, Text.str(args.require(0, "name")));
            case "unique" -> unique(value);
            case "sort" -> sort(value, args);
            case "reverse" -> reverse(value);
            case "abs" -> value instanceof Double d ? (Object) Math.abs(d) : (Object) Math.abs(Values.toLong(value));
            case "round" -> round(value, args);
            case "indent" -> indent(Text.str(value), args);
            case "dictsort" -> dictsort(value);
            case "sum" -> Values.iterate(value).stream().reduce(0L, (a, b) -> Operators.apply("+", a, b));
            case "min" -> extreme(value, 1);
            case "max" -> extreme(value, -1);
            case "wordcount" -> (long) Text.str(value).trim().split("\\s+").length;
            default -> throw new JinjaException("there is no filter named '" + name + "'");
        };
    }

    private static String json(Object value, Values.Args args) {
        // transformers' own tojson: (x, ensure_ascii=False, indent=None, separators=None, sort_keys=False).
        Object indent = args.named().getOrDefault("indent", args.get(1, "indent", Values.None.NONE));
        return Text.json(
                value,
                indent == Values.None.NONE ? -1 : (int) Values.toLong(indent),
                Values.truth(args.named().getOrDefault("sort_keys", false)));
    }

    private static String join(Object value, Values.Args args) {
        String separator = Text.str(args.get(0, "d", ""));
        Object attribute = args.get(1, "attribute", Values.None.NONE);
        return String.join(
                separator,
                Values.iterate(value).stream()
                        .map(i -> Text.str(attribute == Values.None.NONE ? i : path(i, Text.str(attribute))))
                        .toList());
    }

    private static Object end(List<Object> items, boolean first) {
        if (items.isEmpty()) {
            return new Values.Undefined("the sequence is empty");
        }
        return first ? items.getFirst() : items.getLast();
    }

    private static Object integer(Object value, Object otherwise) {
        if (Values.isNumber(value)) {
            return Values.toLong(value);
        }
        String text = Text.str(value).strip();
        try {
            return text.matches("[+-]?\\d+") ? Long.parseLong(text) : (long) Double.parseDouble(text);
        } catch (NumberFormatException _) {
            return otherwise;
        }
    }

    private static Object real(Object value, Object otherwise) {
        if (Values.isNumber(value)) {
            return Values.toDouble(value);
        }
        try {
            return Double.parseDouble(Text.str(value).strip());
        } catch (NumberFormatException _) {
            return otherwise;
        }
    }

    private static Object items(Object value) {
        return switch (value) {
            case Map<?, ?> map -> Methods.pairs(map);
            case Values.Undefined _ -> List.of();
            default -> throw new JinjaException("items needs a mapping; got " + Text.repr(value));
        };
    }

    private static Object map(Object value, Values.Args args) {
        Object attribute = args.named().getOrDefault("attribute", Values.None.NONE);
        Object otherwise = args.named().getOrDefault("default", Values.None.NONE);
        List<Object> out = new ArrayList<>();
        for (Object item : Values.iterate(value)) {
            if (attribute == Values.None.NONE) {
                out.add(apply(Text.str(args.require(0, "filter")), item, args.from(1)));
            } else {
                out.add(path(item, Text.str(attribute), otherwise));
            }
        }
        return out;
    }

    private static Predicate<Object> test(Values.Args args, int index) {
        if (args.positional().size() <= index) {
            return Values::truth;
        }
        String name = switch (Text.str(args.positional().get(index))) {
            case "==" -> "eq";
            case "!=" -> "ne";
            case "<" -> "lt";
            case "<=" -> "le";
            case ">" -> "gt";
            case ">=" -> "ge";
            case String other -> other;
        };
        return value -> Tests.apply(name, value, args.from(index + 1));
    }

    private static List<Object> select(Object value, Predicate<Object> test, boolean wanted) {
        return Values.iterate(value).stream()
                .filter(i -> test.test(i) == wanted)
                .toList();
    }

    private static Object path(Object item, String path) {
        return path(item, path, Values.None.NONE);
    }

    /// `a.b.0` inside an item. What is missing on the way is `otherwise`, unless that is None.
    private static Object path(Object item, String path, Object otherwise) {
        Object at = item;
        for (String part : path.split("\\.")) {
            at = Values.item(at, part.matches("\\d+") ? (Object) Long.parseLong(part) : part);
            if (at instanceof Values.Undefined && otherwise != Values.None.NONE) {
                at = otherwise;
            }
        }
        return at;
    }

    private static List<Object> unique(Object value) {
        List<Object> out = new ArrayList<>();
        for (Object item : Values.iterate(value)) {
            Object key = folded(item, false);
            if (out.stream().noneMatch(o -> Values.equal(folded(o, false), key))) {
                out.add(item);
            }
        }
        return out;
    }

    private static List<Object> sort(Object value, Values.Args args) {
        boolean reverse = Values.truth(args.get(0, "reverse", false));
        boolean caseSensitive = Values.truth(args.get(1, "case_sensitive", false));
        Object attribute = args.get(2, "attribute", Values.None.NONE);
        List<Object> out = new ArrayList<>(Values.iterate(value));
        Comparator<Object> order = (a, b) -> Values.compare(
                folded(attribute == Values.None.NONE ? a : path(a, Text.str(attribute)), caseSensitive),
                folded(attribute == Values.None.NONE ? b : path(b, Text.str(attribute)), caseSensitive));
        out.sort(reverse ? order.reversed() : order);
        return out;
    }

    private static Object folded(Object value, boolean caseSensitive) {
        return value instanceof String s && !caseSensitive ? s.toLowerCase(Locale.ROOT) : value;
    }

    private static Object reverse(Object value) {
        return value instanceof String s
                ? new StringBuilder(s).reverse().toString()
                : Values.iterate(value).reversed();
    }

    private static Object round(Object value, Values.Args args) {
        double scale = Math.pow(10, Values.toLong(args.get(0, "precision", 0L)));
        double scaled = Values.toDouble(value) * scale;
        return switch (Text.str(args.get(1, "method", "common"))) {
            case "ceil" -> Math.ceil(scaled) / scale;
            case "floor" -> Math.floor(scaled) / scale;
            default -> Math.rint(scaled) / scale;
        };
    }

    private static String indent(String text, Values.Args args) {
        Object width = args.get(0, "width", 4L);
        String space = width instanceof String s ? s : " ".repeat((int) Values.toLong(width));
        boolean first = Values.truth(args.get(1, "first", false));
        boolean blank = Values.truth(args.get(2, "blank", false));
        var out = new StringBuilder();
        String[] lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            boolean indented = i == 0 ? first : blank || !lines[i].isEmpty();
            out.append(i > 0 ? "\n" : "").append(indented ? space : "").append(lines[i]);
        }
        return out.toString();
    }

    private static Object dictsort(Object value) {
        List<Object> pairs = new ArrayList<>(Values.iterate(items(value)));
        pairs.sort((a, b) -> Values.compare(folded(Values.item(a, 0L), false), folded(Values.item(b, 0L), false)));
        return pairs;
    }

    private static Object extreme(Object value, int sign) {
        return Values.iterate(value).stream()
                .min((a, b) -> sign * Values.compare(folded(a, false), folded(b, false)))
                .orElse(new Values.Undefined("the sequence is empty"));
    }
}
