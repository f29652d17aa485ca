package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// The four operations.
@Export(value = "posttrain.Operation", since = "0.1")
public enum Operation {
    ADD('+', 1),
    SUBTRACT('-', 1),
    MULTIPLY('*', 2),
    DIVIDE('/', 2);

    private final char symbol;
    private final int precedence;

    Operation(char symbol, int precedence) {
        this.symbol = symbol;
        this.precedence = precedence;
    }

    public char symbol() {
        return symbol;
    }

    /// Operations of higher precedence bind tighter.
    int precedence() {
        return precedence;
    }

    /// Whether the order of the operands does not matter.
    boolean commutative() {
        return this == ADD || this == MULTIPLY;
    }

    Rational apply(Rational left, Rational right) {
        return switch (this) {
            case ADD -> left.plus(right);
            case SUBTRACT -> left.minus(right);
            case MULTIPLY -> left.times(right);
            case DIVIDE -> left.over(right);
        };
    }

    /// The result when it is a whole number from 1 to `cap`, of positive operands.
    OptionalInt positive(int left, int right, int cap) {
        long value = switch (this) {
            case ADD -> (long) left + right;
            case SUBTRACT -> (long) left - right;
            case MULTIPLY -> (long) left * right;
            case DIVIDE -> left % right == 0 ? left / right : 0;
        };
        return value >= 1 && value <= cap ? OptionalInt.of((int) value) : OptionalInt.empty();
    }

    /// The operations a string such as `+-*` names.
    ///
    /// @throws IllegalArgumentException if it names none, or something else
    public static Set<Operation> parse(String symbols) {
        var operations = EnumSet.noneOf(Operation.class);
        for (char c : symbols.toCharArray()) {
            operations.add(of(c).orElseThrow(() -> new IllegalArgumentException(
                    "[operations] expected characters of \"+-*/\"; got '" + c + "' in \"" + symbols + "\"")));
        }
        if (operations.isEmpty()) {
            throw new IllegalArgumentException("[operations] expected at least one of \"+-*/\"; got none");
        }
        return operations;
    }

    private static Optional<Operation> of(char symbol) {
        return Arrays.stream(values())
                .filter(operation -> operation.symbol == symbol)
                .findFirst();
    }
}
