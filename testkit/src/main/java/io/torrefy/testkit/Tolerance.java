package io.torrefy.testkit;

import com.fasterxml.jackson.databind.JsonNode;

/// How far a value may be from its reference: `|x - ref| <= atol + rtol * |ref|`, element by element.
public record Tolerance(double rtol, double atol) {
    /// Equality.
    public static final Tolerance EXACT = new Tolerance(0, 0);

    /// Whether `actual` is close enough to `expected`. Two NaNs agree, an infinity agrees with itself only.
    public boolean accepts(double actual, double expected) {
        if (Double.isNaN(actual) || Double.isNaN(expected)) {
            return Double.isNaN(actual) && Double.isNaN(expected);
        }
        if (Double.isInfinite(actual) || Double.isInfinite(expected)) {
            return actual == expected;
        }
        return Math.abs(actual - expected) <= limit(expected);
    }

    /// The largest deviation allowed from `expected`.
    public double limit(double expected) {
        return atol + rtol * Math.abs(expected);
    }

    static Tolerance of(JsonNode node) {
        if (node.isTextual() && node.asText().equals("exact")) {
            return EXACT;
        }
        if (node.has("rtol") && node.has("atol")) {
            return new Tolerance(node.get("rtol").asDouble(), node.get("atol").asDouble());
        }
        throw new IllegalArgumentException("[tolerance] expected {\"rtol\": .., \"atol\": ..} or \"exact\"; got " + node
                + ". Hint: the case may have sub-keys, see Fixture.tolerance(key)");
    }
}
