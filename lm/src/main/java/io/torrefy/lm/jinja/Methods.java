package io.torrefy.lm.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Python's methods of strings, lists and mappings, as far as templates use them. Methods that change a value are
/// refused, as the sandbox in which templates are rendered refuses them.
final class Methods {
    private Methods() {}

    static Optional<Values.Callable> find(Object target, String name) {
        return switch (target) {
            case String s -> Optional.ofNullable(ofString(s, name));
            case Map<?, ?> map -> ofMap(map, name);
            case List<?> list -> ofList(list, name);
            default -> Optional.empty();
        };
    }

    private static Optional<Values.Callable> ofMap(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> Optional.of(_ -> pairs(map));
            case "keys" -> Optional.of(_ -> List.copyOf(map.keySet()));
            case "values" -> Optional.of(_ -> List.copyOf(map.values()));
            case "get" ->
                Optional.of(args -> {
                    Object value = map.get(args.require(0, "key"));
                    return value == null ? args.get(1, "default", Values.None.NONE) : value;
                });
            case "update", "pop", "clear", "setdefault" -> throw immutable("dict", name);
            default -> Optional.empty();
        };
    }

    static List<Object> pairs(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>();
        map.forEach((k, v) -> pairs.add(new Values.Tuple(List.of(k, v))));
        return pairs;
    }

    private static Optional<Values.Callable> ofList(List<?> list, String name) {
        return switch (name) {
            case "count" ->
                Optional.of(args -> list.stream()
                        .filter(i -> Values.equal(i, args.require(0, "value")))
                        .count());
            case "index" ->
                Optional.of(args -> {
                    for (int i = 0; i < list.size(); i++) {
                        if (Values.equal(list.get(i), args.require(0, "value"))) {
                            return (long) i;
                        }
                    }
                    throw new JinjaException(Text.repr(args.require(0, "value")) + " is not in the list");
                });
            case "append", "extend", "insert", "pop", "remove", "sort", "reverse", "clear" ->
                throw immutable("list", name);
            default -> Optional.empty();
        };
    }

    private static JinjaException immutable(String type, String name) {
        return new JinjaException(
                type + "." + name + "() changes its value, which templates must not. Hint: use namespace()");
    }

    private static Values.@Nullable Callable ofString(String s, String name) {
        return switch (name) {
            case "strip" -> args -> strip(s, args, true, true);
            case "lstrip" -> args -> strip(s, args, true, false);
            case "rstrip" -> args -> strip(s, args, false, true);
            case "split" -> args -> split(s, args);
            case "rsplit" -> args -> rsplit(s, args);
            case "splitlines" -> _ -> List.<Object>copyOf(s.lines().toList());
            case "startswith" -> args -> anyOf(args.require(0, "prefix"), p -> s.startsWith(p));
            case "endswith" -> args -> anyOf(args.require(0, "suffix"), p -> s.endsWith(p));
            case "replace" -> args -> replace(s, args);
            case "upper" -> _ -> s.toUpperCase(Locale.ROOT);
            case "lower" -> _ -> s.toLowerCase(Locale.ROOT);
            case "title" -> _ -> title(s);
            case "capitalize" -> _ -> capitalize(s);
            case "join" ->
                args -> String.join(
                        s,
                        Values.iterate(args.require(0, "items")).stream()
                                .map(Text::str)
                                .toList());
            case "find" -> args -> position(s, s.indexOf(text(args, 0, "sub")));
            case "rfind" -> args -> position(s, s.lastIndexOf(text(args, 0, "sub")));
            case "count" -> args -> (long) s.split(Pattern.quote(text(args, 0, "sub")), -1).length - 1;
            case "removeprefix" ->
                args -> s.startsWith(text(args, 0, "prefix"))
                        ? s.substring(text(args, 0, "prefix").length())
                        : s;
            case "removesuffix" ->
                args -> s.endsWith(text(args, 0, "suffix"))
                        ? s.substring(0, s.length() - text(args, 0, "suffix").length())
                        : s;
            case "isdigit" -> _ -> !s.isEmpty() && s.codePoints().allMatch(Character::isDigit);
            case "isalpha" -> _ -> !s.isEmpty() && s.codePoints().allMatch(Character::isLetter);
            case "isspace" -> _ -> !s.isEmpty() && s.chars().allMatch(c -> Text.isSpace((char) c));
            case "isupper" -> _ -> !s.equals(s.toLowerCase(Locale.ROOT)) && s.equals(s.toUpperCase(Locale.ROOT));
            case "islower" -> _ -> !s.equals(s.toUpperCase(Locale.ROOT)) && s.equals(s.toLowerCase(Locale.ROOT));
            default -> null;
        };
    }

    /// Strips white space, or all characters of the first argument.
    static String strip(String s, Values.Args args, boolean left, boolean right) {
        Object chars = args.get(0, "chars", Values.None.NONE);
        String set = chars == Values.None.NONE ? "" : Text.str(chars);
        int from = 0;
        int to = s.length();
        while (left && from < to && strips(s.charAt(from), chars, set)) {
            from++;
        }
        while (right && to > from && strips(s.charAt(to - 1), chars, set)) {
            to--;
        }
        return s.substring(from, to);
    }

    private static boolean strips(char c, Object chars, String set) {
        return chars == Values.None.NONE ? Text.isSpace(c) : set.indexOf(c) >= 0;
    }

    private static List<Object> split(String s, Values.Args args) {
        Object separator = args.get(0, "sep", Values.None.NONE);
        long most = Values.toLong(args.get(1, "maxsplit", -1L));
        List<Object> parts = new ArrayList<>();
        if (separator == Values.None.NONE) {
            return splitOnSpace(s, most);
        }
        String sep = separator(separator);
        int from = 0;
        for (int at = s.indexOf(sep); at >= 0 && most != 0; at = s.indexOf(sep, from), most--) {
            parts.add(s.substring(from, at));
            from = at + sep.length();
        }
        parts.add(s.substring(from));
        return parts;
    }

    private static List<Object> splitOnSpace(String s, long most) {
        List<Object> parts = new ArrayList<>();
        int at = 0;
        while (true) {
            while (at < s.length() && Text.isSpace(s.charAt(at))) {
                at++;
            }
            if (at == s.length()) {
                return parts;
            }
            if (most >= 0 && parts.size() == most) {
                parts.add(s.substring(at));
                return parts;
            }
            int from = at;
            while (at < s.length() && !Text.isSpace(s.charAt(at))) {
                at++;
            }
            parts.add(s.substring(from, at));
        }
    }

    private static List<Object> rsplit(String s, Values.Args args) {
        Object separator = args.get(0, "sep", Values.None.NONE);
        long most = Values.toLong(args.get(1, "maxsplit", -1L));
        if (separator == Values.None.NONE || most < 0) {
            return split(s, new Values.Args(List.of(separator), Map.of()));
        }
        String sep = separator(separator);
        List<Object> parts = new ArrayList<>();
        int to = s.length();
        for (int at = s.lastIndexOf(sep); at >= 0 && most > 0; most--) {
            parts.addFirst(s.substring(at + sep.length(), to));
            to = at;
            at = s.substring(0, to).lastIndexOf(sep);
        }
        parts.addFirst(s.substring(0, to));
        return parts;
    }

    private static String separator(Object separator) {
        String sep = Text.str(separator);
        if (sep.isEmpty()) {
            throw new JinjaException("empty separator");
        }
        return sep;
    }

    private static Object anyOf(Object candidates, Predicate<String> test) {
        return candidates instanceof List<?> list
                ? list.stream().anyMatch(c -> test.test(Text.str(c)))
                : test.test(Text.str(candidates));
    }

    static String replace(String s, Values.Args args) {
        String from = text(args, 0, "old");
        String to = text(args, 1, "new");
        long most = Values.toLong(args.get(2, "count", -1L));
        if (most < 0) {
            return s.replace(from, to);
        }
        var out = new StringBuilder();
        int done = 0;
        for (int at = s.indexOf(from); at >= 0 && most > 0 && !from.isEmpty(); at = s.indexOf(from, done), most--) {
            out.append(s, done, at).append(to);
            done = at + from.length();
        }
        return out.append(s, done, s.length()).toString();
    }

    static String capitalize(String s) {
        if (s.isEmpty()) {
            return s;
        }
        int first = s.offsetByCodePoints(0, 1);
        return s.substring(0, first).toUpperCase(Locale.ROOT)
                + s.substring(first).toLowerCase(Locale.ROOT);
    }

    static String title(String s) {
        var out = new StringBuilder();
        boolean inWord = false;
        for (int cp : s.codePoints().toArray()) {
            out.appendCodePoint(inWord ? Character.toLowerCase(cp) : Character.toTitleCase(cp));
            inWord = Character.isLetter(cp);
        }
        return out.toString();
    }

    private static Object position(String s, int index) {
        return index < 0 ? -1L : (long) s.codePointCount(0, index);
    }

    private static String text(Values.Args args, int index, String name) {
        Object value = args.require(index, name);
        if (value instanceof String s) {
            return s;
        }
        throw new JinjaException("expected a string for '" + name + "'; got " + Text.repr(value));
    }
}
