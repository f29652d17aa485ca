package io.torrefy.lm.jinja;

import java.util.ArrayList;
import java.util.List;

/// Arithmetic as Python does it.
final class Operators {
    private Operators() {}

    static Object apply(String operator, Object a, Object b) {
        if (Values.isInteger(a) && Values.isInteger(b)) {
            return integers(operator, Values.toLong(a), Values.toLong(b));
        }
        if (Values.isNumber(a) && Values.isNumber(b)) {
            return reals(operator, Values.toDouble(a), Values.toDouble(b));
        }
        if (operator.equals("+") && a instanceof String x && b instanceof String y) {
            return x + y;
        }
        if (operator.equals("+") && a instanceof List<?> x && b instanceof List<?> y) {
            List<Object> both = new ArrayList<>(x);
            both.addAll(y);
            return both;
        }
        if (operator.equals("*") && a instanceof String x && Values.isInteger(b)) {
            return x.repeat((int) Math.max(0, Values.toLong(b)));
        }
        if (operator.equals("*") && b instanceof String y && Values.isInteger(a)) {
            return y.repeat((int) Math.max(0, Values.toLong(a)));
        }
        if (operator.equals("%") && a instanceof String x) {
            return format(x, b instanceof Values.Tuple tuple ? tuple : List.of(b));
        }
        throw Values.mismatch(operator, a, b);
    }

    /// Python's `%` on strings, of which templates use `%s`, `%d` and `%%`.
    private static String format(String text, List<?> values) {
        StringBuilder out = new StringBuilder();
        int used = 0;
        for (int i = 0; i < text.length(); i++) {
            char code = text.charAt(i) == '%' && i + 1 < text.length() ? text.charAt(i + 1) : 0;
            if (text.charAt(i) != '%') {
                out.append(text.charAt(i));
                continue;
            }
            i++;
            if (code == '%') {
                out.append('%');
                continue;
            }
            if (used == values.size()) {
                throw new JinjaException("not enough values for the format '" + text + "'");
            }
            Object value = values.get(used++);
            switch (code) {
                case 's' -> out.append(Text.str(value));
                case 'd' -> {
                    if (!Values.isNumber(value)) {
                        throw new JinjaException("%d expected a number; got " + Values.typeName(value));
                    }
                    out.append(Values.isInteger(value) ? Values.toLong(value) : (long) Values.toDouble(value));
                }
                default -> throw new JinjaException("expected %s, %d or %% in '" + text + "'");
            }
        }
        if (used < values.size()) {
            throw new JinjaException("too many values for the format '" + text + "'");
        }
        return out.toString();
    }

    private static Object integers(String operator, long a, long b) {
        try {
            return switch (operator) {
                case "+" -> Math.addExact(a, b);
                case "-" -> Math.subtractExact(a, b);
                case "*" -> Math.multiplyExact(a, b);
                case "//" -> Math.floorDiv(a, b);
                case "%" -> Math.floorMod(a, b);
                case "**" -> b < 0 ? (Object) Math.pow(a, b) : (Object) Math.powExact(a, Math.toIntExact(b));
                default -> reals(operator, a, b);
            };
        } catch (ArithmeticException e) {
            throw new JinjaException(a + " " + operator + " " + b + ": " + e.getMessage());
        }
    }

    private static Object reals(String operator, double a, double b) {
        if (b == 0 && (operator.contains("/") || operator.equals("%"))) {
            throw new JinjaException("division by zero");
        }
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - Math.floor(a / b) * b;
            case "**" -> Math.pow(a, b);
            default -> throw new JinjaException("unknown operator " + operator);
        };
    }
}
