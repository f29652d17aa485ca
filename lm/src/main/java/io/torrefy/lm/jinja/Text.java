package io.torrefy.lm.jinja;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Values as text, in Python's manner: `str`, `repr` and `json.dumps(ensure_ascii=False)`.
final class Text {
    private Text() {}

    /// White space as `str.isspace` and `\s` know it.
    static boolean isSpace(char c) {
        return (c >= 9 && c <= 13)
                || (c >= 0x1C && c <= 0x20)
                || c == 0x85
                || c == 0xA0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200A)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }

    static String str(Object value) {
        return switch (value) {
            case String s -> s;
            case Values.Undefined _ -> "";
            default -> repr(value);
        };
    }

    static String repr(Object value) {
        return switch (value) {
            case Values.None _ -> "None";
            case Values.Undefined _ -> "Undefined";
            case Boolean b -> b ? "True" : "False";
            case Double d -> real(d);
            case String s -> quoted(s);
            case List<?> list -> {
                List<String> items = new ArrayList<>();
                list.forEach(i -> items.add(repr(i)));
                String inside = String.join(", ", items);
                if (list instanceof Values.Tuple) {
                    yield "(" + inside + (items.size() == 1 ? ",)" : ")");
                }
                yield "[" + inside + "]";
            }
            case Map<?, ?> map -> {
                List<String> items = new ArrayList<>();
                map.forEach((k, v) -> items.add(repr(k) + ": " + repr(v)));
                yield "{" + String.join(", ", items) + "}";
            }
            case Long n -> n.toString();
            default -> "<" + Values.typeName(value) + ">";
        };
    }

    /// The shortest digits that give the number back, with an exponent below 1e-4 and from 1e16 on.
    private static String real(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        var digits = new BigDecimal(Double.toString(value));
        double size = Math.abs(value);
        if (size == 0 || (size >= 1e-4 && size < 1e16)) {
            String plain = digits.stripTrailingZeros().toPlainString();
            String signed = size == 0 && 1 / value < 0 ? "-0" : plain;
            return signed.contains(".") ? signed : signed + ".0";
        }
        BigDecimal stripped = digits.stripTrailingZeros();
        String unscaled = stripped.unscaledValue().abs().toString();
        int exponent = unscaled.length() - 1 - stripped.scale();
        String mantissa = unscaled.length() == 1 ? unscaled : unscaled.charAt(0) + "." + unscaled.substring(1);
        return (value < 0 ? "-" : "")
                + mantissa
                + String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
    }

    private static String quoted(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        var out = new StringBuilder().append(quote);
        for (char c : text.toCharArray()) {
            switch (c) {
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c == quote) {
                        out.append('\\').append(c);
                    } else if (c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD) {
                        out.append(String.format(Locale.ROOT, "\\x%02x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        return out.append(quote).toString();
    }

    /// @param indent spaces a level, or negative for one line
    static String json(Object value, int indent, boolean sortKeys) {
        var out = new StringBuilder();
        json(value, indent, sortKeys, 0, out);
        return out.toString();
    }

    private static void json(Object value, int indent, boolean sort, int depth, StringBuilder out) {
        switch (value) {
            case Values.None _ -> out.append("null");
            case Boolean b -> out.append(b);
            case Long n -> out.append(n);
            case Double d -> out.append(real(d));
            case String s -> jsonString(s, out);
            case List<?> list -> {
                out.append('[');
                int count = 0;
                for (Object item : list) {
                    separate(count++, indent, depth + 1, out);
                    json(item, indent, sort, depth + 1, out);
                }
                finish(count, indent, depth, out);
                out.append(']');
            }
            case Map<?, ?> map -> {
                out.append('{');
                int count = 0;
                var keys = new ArrayList<Object>(map.keySet());
                if (sort) {
                    keys.sort(Values::compare);
                }
                for (Object key : keys) {
                    separate(count++, indent, depth + 1, out);
                    jsonString(key instanceof String s ? s : json(key, -1, sort), out);
                    out.append(": ");
                    json(Values.item(map, key), indent, sort, depth + 1, out);
                }
                finish(count, indent, depth, out);
                out.append('}');
            }
            default -> throw new JinjaException(Values.typeName(value) + " cannot be written as JSON");
        }
    }

    private static void separate(int count, int indent, int depth, StringBuilder out) {
        if (indent >= 0) {
            out.append(count > 0 ? "," : "").append('\n').repeat(' ', indent * depth);
        } else {
            out.append(count > 0 ? ", " : "");
        }
    }

    private static void finish(int count, int indent, int depth, StringBuilder out) {
        if (count > 0 && indent >= 0) {
            out.append('\n').repeat(' ', indent * depth);
        }
    }

    private static void jsonString(String text, StringBuilder out) {
        out.append('"');
        for (char c : text.toCharArray()) {
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < 0x20) {
                        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
