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
        throw Values.mismatch(operator, a, b);
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
