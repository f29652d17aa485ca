package io.torrefy.posttrain.rewards;

import io.torrefy.posttrain.Rational;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A unit of measurement: a factor and powers of base units.
///
/// @param powers by base unit, none of them 0
record Units(Rational factor, Map<String, Integer> powers) {
    private static final Map<String, Units> KNOWN = known();
    private static final Pattern PART = Pattern.compile("(?<by>[/·*]|\\bper\\b)?\\s*(?<square>square|sq\\.?|cubic)?\\s*"
            + "(?<name>[\\p{L}°$€£µμΩ]+)\\.?(?:\\^?\\{?(?<power>-?[1-9])}?)?\\s*");

    private static Map<String, Units> known() {
        Map<String, Units> known = new HashMap<>();
        put(known, "length", "1", "m meter meters metre metres");
        put(known, "length", "0.001", "mm millimeter millimeters millimetre millimetres");
        put(known, "length", "0.01", "cm centimeter centimeters centimetre centimetres");
        put(known, "length", "0.1", "dm");
        put(known, "length", "1000", "km kilometer kilometers kilometre kilometres");
        put(known, "length", "0.0254", "in inch inches");
        put(known, "length", "0.3048", "ft foot feet");
        put(known, "length", "0.9144", "yd yard yards");
        put(known, "length", "1609.344", "mi mile miles");
        put(known, "mass", "1", "g gram grams");
        put(known, "mass", "0.001", "mg milligram milligrams");
        put(known, "mass", "1000", "kg kilogram kilograms");
        put(known, "mass", "453.59237", "lb lbs pound pounds");
        put(known, "mass", "28.349523125", "oz ounce ounces");
        put(known, "time", "1", "s sec secs second seconds");
        put(known, "time", "0.001", "ms millisecond milliseconds");
        put(known, "time", "60", "min mins minute minutes");
        put(known, "time", "3600", "h hr hrs hour hours");
        put(known, "time", "86400", "day days");
        put(known, "time", "604800", "week weeks");
        put(known, "money", "1", "$ dollar dollars usd");
        put(known, "money", "0.01", "cent cents ¢");
        put(known, "euro", "1", "€ euro euros eur");
        put(known, "sterling", "1", "£ gbp");
        put(known, "angle", "1", "° degree degrees deg");
        put(known, "current", "1", "A ampere amperes");
        put(known, "kelvin", "1", "K kelvin");
        compound(known, "0.001", Map.of("length", 3), "L l liter liters litre litres");
        compound(known, "0.000001", Map.of("length", 3), "mL ml milliliter milliliters millilitre millilitres");
        compound(known, "1000", Map.of("mass", 1, "length", 1, "time", -2), "N newton newtons");
        compound(known, "1000", Map.of("mass", 1, "length", 2, "time", -2), "J joule joules");
        compound(known, "1000000", Map.of("mass", 1, "length", 2, "time", -2), "kJ kilojoule kilojoules");
        compound(known, "1000", Map.of("mass", 1, "length", 2, "time", -3), "W watt watts");
        compound(known, "1", Map.of("time", -1), "Hz hertz");
        compound(known, "0.44704", Map.of("length", 1, "time", -1), "mph");
        return Map.copyOf(known);
    }

    private static void put(Map<String, Units> known, String base, String factor, String names) {
        compound(known, factor, Map.of(base, 1), names);
    }

    private static void compound(Map<String, Units> known, String factor, Map<String, Integer> powers, String names) {
        for (String name : names.split(" ")) {
            known.put(name, new Units(Rational.of(new BigDecimal(factor)), powers));
        }
    }

    /// Whether this is the name of a unit, to the letter or, for words, in any case.
    static boolean isKnown(String name) {
        return find(name).isPresent();
    }

    private static Optional<Units> find(String name) {
        Units exact = KNOWN.get(name);
        return exact != null || name.length() < 3
                ? Optional.ofNullable(exact)
                : Optional.ofNullable(KNOWN.get(name.toLowerCase(Locale.ROOT)));
    }

    /// Reads `km/h`, `m s^{-2}`, `square feet`, `kg·m/s^2`, `miles per hour`; empty where a part is not known.
    static Optional<Units> parse(String text) {
        Matcher part = PART.matcher(text.strip());
        Rational factor = Rational.of(1);
        Map<String, Integer> powers = new TreeMap<>();
        int at = 0;
        while (part.lookingAt() && part.end() > part.regionStart()) {
            Optional<Units> unit = find(part.group("name"));
            if (unit.isEmpty()) {
                return Optional.empty();
            }
            String power = part.group("power");
            String square = part.group("square");
            int exponent =
                    power != null ? Integer.parseInt(power) : square == null ? 1 : square.startsWith("sq") ? 2 : 3;
            String by = part.group("by");
            exponent = by != null && (by.equals("/") || by.equals("per")) ? -exponent : exponent;
            for (int i = 0; i < Math.abs(exponent); i++) {
                factor = exponent > 0 ? factor.times(unit.get().factor) : factor.over(unit.get().factor);
            }
            int times = exponent;
            unit.get().powers.forEach((base, p) -> powers.merge(base, p * times, Integer::sum));
            at = part.end();
            part.region(at, text.strip().length());
        }
        powers.values().removeIf(p -> p == 0);
        return at == text.strip().length() && at > 0 ? Optional.of(new Units(factor, powers)) : Optional.empty();
    }
}
