package io.torrefy.data;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// What the text of one cell means.
final class CsvCells {
    private static final Pattern LONG = Pattern.compile("-?(0|[1-9][0-9]{0,18})");
    private static final Pattern DOUBLE =
            Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(?i:inf|infinity)|(?i:nan)");
    private static final Pattern LEADING_ZEROS = Pattern.compile("[+-]?0[0-9]+");

    private CsvCells() {}

    /// The first of integer, number and text that `cell` can be read as.
    static FieldType narrowest(String cell) {
        if (parseLong(cell).isPresent()) {
            return FieldType.LONG;
        }
        boolean number =
                DOUBLE.matcher(cell).matches() && !LEADING_ZEROS.matcher(cell).matches();
        return number ? FieldType.DOUBLE : FieldType.STRING;
    }

    /// The type that holds what both hold.
    static FieldType wider(FieldType one, FieldType other) {
        if (one == other) {
            return one;
        }
        return one == FieldType.STRING || other == FieldType.STRING ? FieldType.STRING : FieldType.DOUBLE;
    }

    /// The value of `cell` as `type`, where it can be read so.
    static Optional<Object> parse(String cell, FieldType type) {
        return switch (type) {
            case STRING -> Optional.of(cell);
            case LONG -> parseLong(cell).map(value -> value);
            case DOUBLE -> parseDouble(cell).map(value -> value);
        };
    }

    private static Optional<Long> parseLong(String cell) {
        if (!LONG.matcher(cell).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Long.valueOf(cell));
        } catch (NumberFormatException _) {
            return Optional.empty();
        }
    }

    private static Optional<Double> parseDouble(String cell) {
        if (!DOUBLE.matcher(cell).matches()) {
            return Optional.empty();
        }
        String digits = cell.toLowerCase(Locale.ROOT);
        double sign = digits.startsWith("-") ? -1 : 1;
        if (digits.endsWith("nan")) {
            return Optional.of(Double.NaN);
        }
        return Optional.of(digits.contains("inf") ? sign * Double.POSITIVE_INFINITY : Double.parseDouble(digits));
    }
}
