package io.torrefy.lm.jinja;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The values of a template and what Python does with them. They are `None`, `Boolean`, `Long`, `Double`, `String`,
/// `List` (tuples too), `Map`, [Namespace], [Callable], [Loop] and [Undefined].
final class Values {
    private Values() {}

    /// Python's `None`.
    enum None {
        NONE
    }

    /// What a name or key that is not there gives: prints as nothing, is false, and fails when it is used.
    record Undefined(String message) {
        JinjaException failure() {
            return new JinjaException(message);
        }
    }

    /// `namespace()`, whose attributes outlive the loop that sets them.
    record Namespace(Map<String, Object> attributes) {}

    /// A list that prints as a tuple.
    static final class Tuple extends AbstractList<Object> {
        private final List<Object> items;

        Tuple(List<Object> items) {
            this.items = List.copyOf(items);
        }

        @Override
        public Object get(int index) {
            return items.get(index);
        }

        @Override
        public int size() {
            return items.size();
        }
    }

    /// A function or a method bound to its value.
    @FunctionalInterface
    interface Callable {
        Object call(Args args);
    }

    /// Evaluated arguments.
    record Args(List<Object> positional, Map<String, Object> named) {
        Object get(int index, String name, Object otherwise) {
            return index < positional.size() ? positional.get(index) : named.getOrDefault(name, otherwise);
        }

        Object require(int index, String name) {
            Object value = get(index, name, None.NONE);
            if (index >= positional.size() && !named.containsKey(name)) {
                throw new JinjaException("missing argument '" + name + "'");
            }
            return value;
        }

        Args from(int index) {
            return new Args(positional.subList(Math.min(index, positional.size()), positional.size()), named);
        }
    }

    /// A Java value as a template's.
    static Object of(@Nullable Object java) {
        return switch (java) {
            case null -> None.NONE;
            case Byte n -> n.longValue();
            case Short n -> n.longValue();
            case Integer n -> n.longValue();
            case Float n -> n.doubleValue();
            case CharSequence s -> s.toString();
            case Map<?, ?> map -> {
                Map<Object, Object> copy = new LinkedHashMap<>();
                map.forEach((k, v) -> copy.put(of(k), of(v)));
                yield copy;
            }
            case Collection<?> items -> {
                List<Object> copy = new ArrayList<>();
                items.forEach(i -> copy.add(of(i)));
                yield copy;
            }
            case Boolean _, Long _, Double _, None _, Undefined _, Namespace _, Callable _ -> java;
            default -> throw new JinjaException("a template cannot use a value of " + java.getClass());
        };
    }

    static boolean truth(Object value) {
        return switch (value) {
            case Boolean b -> b;
            case None _, Undefined _ -> false;
            case Long n -> n != 0;
            case Double d -> d != 0;
            case String s -> !s.isEmpty();
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            default -> true;
        };
    }

    static boolean equal(Object a, Object b) {
        if (isNumber(a) && isNumber(b)) {
            return a instanceof Double || b instanceof Double ? toDouble(a) == toDouble(b) : toLong(a) == toLong(b);
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            boolean same = x.size() == y.size();
            for (int i = 0; same && i < x.size(); i++) {
                same = equal(x.get(i), y.get(i));
            }
            return same;
        }
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            return x.size() == y.size()
                    && x.entrySet().stream().allMatch(e -> {
                        Object other = y.get(e.getKey());
                        return other != null && equal(e.getValue(), other);
                    });
        }
        return a instanceof Undefined ? b instanceof Undefined : Objects.equals(a, b);
    }

    static int compare(Object a, Object b) {
        if (isNumber(a) && isNumber(b)) {
            return a instanceof Double || b instanceof Double
                    ? Double.compare(toDouble(a), toDouble(b))
                    : Long.compare(toLong(a), toLong(b));
        }
        if (a instanceof String x && b instanceof String y) {
            return x.compareTo(y);
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            for (int i = 0; i < Math.min(x.size(), y.size()); i++) {
                if (!equal(x.get(i), y.get(i))) {
                    return compare(x.get(i), y.get(i));
                }
            }
            return Integer.compare(x.size(), y.size());
        }
        throw mismatch("<", a, b);
    }

    static boolean contains(Object container, Object item) {
        return switch (container) {
            case String s -> {
                if (item instanceof String part) {
                    yield s.contains(part);
                }
                throw mismatch("in", item, container);
            }
            case Map<?, ?> map -> map.containsKey(item);
            default -> iterate(container).stream().anyMatch(i -> equal(i, item));
        };
    }

    /// The items of a list, the characters of a string, the keys of a mapping.
    static List<Object> iterate(Object value) {
        return switch (value) {
            case List<?> list -> List.copyOf(list);
            case Map<?, ?> map -> List.copyOf(map.keySet());
            case String s ->
                List.copyOf(s.codePoints().mapToObj(Character::toString).toList());
            case Undefined _ -> List.of();
            default -> throw new JinjaException(typeName(value) + " is not iterable");
        };
    }

    static long length(Object value) {
        return value instanceof String s
                ? s.codePointCount(0, s.length())
                : iterate(value).size();
    }

    /// `target.name`
    static Object attribute(Object target, String name) {
        return switch (target) {
            case Undefined undefined -> throw undefined.failure();
            case Loop loop -> loop.attribute(name);
            case Namespace space -> space.attributes().getOrDefault(name, missing(target, name));
            default ->
                Methods.find(target, name)
                        .map(Object.class::cast)
                        .orElseGet(() -> target instanceof Map<?, ?> ? item(target, name) : missing(target, name));
        };
    }

    /// `target[key]`
    static Object item(Object target, Object key) {
        if (target instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (target instanceof Map<?, ?> map) {
            Object value = map.get(key);
            if (value != null) {
                return value;
            }
        } else if (isInteger(key) && (target instanceof List<?> || target instanceof String)) {
            List<Object> items = iterate(target);
            long index = toLong(key) < 0 ? toLong(key) + items.size() : toLong(key);
            if (index >= 0 && index < items.size()) {
                return items.get((int) index);
            }
        }
        return key instanceof String name && !(target instanceof Map<?, ?>)
                ? attribute(target, name)
                : missing(target, key);
    }

    /// `target[start:stop:step]`, of which each may be None.
    static Object slice(Object target, Object start, Object stop, Object step) {
        List<Object> items = iterate(target);
        if (target instanceof Map<?, ?>) {
            throw new JinjaException("a mapping cannot be sliced");
        }
        long by = step == None.NONE ? 1 : toLong(step);
        if (by == 0) {
            throw new JinjaException("slice step cannot be zero");
        }
        int n = items.size();
        long from = bound(start, by > 0 ? 0 : n - 1, n, by);
        long to = bound(stop, by > 0 ? n : -1, n, by);
        List<Object> taken = new ArrayList<>();
        for (long i = from; by > 0 ? i < to : i > to; i += by) {
            taken.add(items.get((int) i));
        }
        return target instanceof String
                ? String.join("", taken.stream().map(Text::str).toList())
                : taken;
    }

    private static long bound(Object value, long otherwise, int n, long step) {
        if (value == None.NONE) {
            return otherwise;
        }
        long index = toLong(value) < 0 ? toLong(value) + n : toLong(value);
        return step > 0 ? Math.clamp(index, 0, n) : Math.clamp(index, -1, n - 1);
    }

    private static Undefined missing(Object target, Object key) {
        return new Undefined("'" + typeName(target) + " object' has no attribute " + Text.repr(key));
    }

    static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Boolean;
    }

    static boolean isNumber(Object value) {
        return isInteger(value) || value instanceof Double;
    }

    static long toLong(Object value) {
        return switch (value) {
            case Long n -> n;
            case Boolean b -> b ? 1 : 0;
            case Double d -> d.longValue();
            case Undefined undefined -> throw undefined.failure();
            default -> throw new JinjaException("expected a number; got " + Text.repr(value));
        };
    }

    static double toDouble(Object value) {
        return value instanceof Double d ? d : toLong(value);
    }

    static JinjaException mismatch(String operator, Object a, Object b) {
        if (a instanceof Undefined undefined) {
            return undefined.failure();
        }
        if (b instanceof Undefined undefined) {
            return undefined.failure();
        }
        return new JinjaException("'" + operator + "' cannot be applied to " + typeName(a) + " and " + typeName(b));
    }

    static String typeName(Object value) {
        return switch (value) {
            case None _ -> "None";
            case Boolean _ -> "bool";
            case Long _ -> "int";
            case Double _ -> "float";
            case String _ -> "str";
            case List<?> _ -> "list";
            case Map<?, ?> _ -> "dict";
            case Undefined _ -> "undefined";
            case Namespace _ -> "namespace";
            case Loop _ -> "loop";
            default -> "function";
        };
    }
}
