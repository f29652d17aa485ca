package io.torrefy.posttrain;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// An arithmetic expression over whole numbers: what a Countdown answer is.
sealed interface Expression {
    record Number(int value) implements Expression {}

    record Binary(Operation operation, Expression left, Expression right) implements Expression {}

    /// The exact value.
    ///
    /// @throws ArithmeticException on division by zero
    default Rational evaluate() {
        return switch (this) {
            case Number(int value) -> Rational.of(value);
            case Binary(Operation operation, Expression left, Expression right) ->
                operation.apply(left.evaluate(), right.evaluate());
        };
    }

    /// The numbers as written, from left to right.
    default List<Integer> numbers() {
        return switch (this) {
            case Number(int value) -> List.of(value);
            case Binary binary -> {
                var numbers = new ArrayList<>(binary.left().numbers());
                numbers.addAll(binary.right().numbers());
                yield numbers;
            }
        };
    }

    /// The text with no more parentheses than it needs, such as `(3+7)*2`, or `( 3 + 7 ) * 2` when spaced.
    default String text(boolean spaced) {
        return switch (this) {
            case Number(int value) -> Integer.toString(value);
            case Binary(Operation operation, Expression left, Expression right) -> {
                String symbol = spaced ? " " + operation.symbol() + " " : String.valueOf(operation.symbol());
                yield operand(left, operation.precedence(), spaced)
                        + symbol
                        + operand(right, operation.precedence() + (operation.commutative() ? 0 : 1), spaced);
            }
        };
    }

    private static String operand(Expression operand, int binds, boolean spaced) {
        String text = operand.text(spaced);
        if (operand instanceof Binary binary && binary.operation().precedence() < binds) {
            return spaced ? "( " + text + " )" : "(" + text + ")";
        }
        return text;
    }

    /// An expression and, when the text goes on with `= number`, that number.
    record Parsed(Expression expression, Optional<Integer> claimed) {}

    /// Reads
    ///
    /// ```
    /// answer  = sum [ "=" number ]
    /// sum     = product { ("+" | "-") product }
    /// product = factor { ("*" | "/") factor }
    /// factor  = number | "(" sum ")"
    /// ```
    ///
    /// with white space anywhere but inside a number, and the usual other signs: `−` and `–` for minus, `×`, `·`,
    /// `⋅`, `∗`, `x` and `X` for times, `÷` and `∕` for divided by. A number is up to nine digits. Signs before a
    /// number, decimals, powers and products without a sign such as `2(3+4)` are refused: the rules of Countdown
    /// know none.
    ///
    /// @throws Unreadable if the text is anything else; says what and where
    static Parsed parse(String text) throws Unreadable {
        return new Parser(text).answer();
    }

    /// The text is not an expression.
    final class Unreadable extends Exception {
        private static final long serialVersionUID = 1;

        private final String why;

        Unreadable(String why) {
            super(why, null, false, false);
            this.why = why;
        }

        String why() {
            return why;
        }
    }

    /// Recursive descent, one method per line of the grammar.
    final class Parser {
        private static final int MAX_LENGTH = 1000;
        private static final int MAX_DEPTH = 50;
        private static final int MAX_DIGITS = 9;
        private static final char END = '\0';

        private final String text;
        private int at;
        private int depth;

        private Parser(String text) {
            this.text = text;
        }

        private Parsed answer() throws Unreadable {
            if (text.length() > MAX_LENGTH) {
                throw new Unreadable("the answer is longer than " + MAX_LENGTH + " characters");
            }
            Expression expression = sum();
            Optional<Integer> claimed = accept('=') ? Optional.of(number()) : Optional.empty();
            if (peek() != END) {
                throw unexpected("the end");
            }
            return new Parsed(expression, claimed);
        }

        private Expression sum() throws Unreadable {
            Expression left = product();
            while (true) {
                if (accept('+')) {
                    left = new Binary(Operation.ADD, left, product());
                } else if (accept('-')) {
                    left = new Binary(Operation.SUBTRACT, left, product());
                } else {
                    return left;
                }
            }
        }

        private Expression product() throws Unreadable {
            Expression left = factor();
            while (true) {
                if (accept('*')) {
                    left = new Binary(Operation.MULTIPLY, left, factor());
                } else if (accept('/')) {
                    left = new Binary(Operation.DIVIDE, left, factor());
                } else {
                    return left;
                }
            }
        }

        private Expression factor() throws Unreadable {
            if (!accept('(')) {
                return new Number(number());
            }
            if (++depth > MAX_DEPTH) {
                throw new Unreadable("parentheses are nested more than " + MAX_DEPTH + " deep");
            }
            Expression inner = sum();
            if (!accept(')')) {
                throw unexpected("')'");
            }
            depth--;
            return inner;
        }

        private int number() throws Unreadable {
            peek();
            int start = at;
            while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
                at++;
            }
            if (at == start) {
                throw unexpected("a number");
            }
            if (at - start > MAX_DIGITS) {
                throw new Unreadable("a number has more than " + MAX_DIGITS + " digits");
            }
            return Integer.parseInt(text.substring(start, at));
        }

        private boolean accept(char symbol) {
            if (peek() != symbol) {
                return false;
            }
            at++;
            return true;
        }

        /// The next character that is no white space, in its plain spelling.
        private char peek() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
            return at == text.length() ? END : plain(text.charAt(at));
        }

        private static char plain(char symbol) {
            return switch (symbol) {
                case '−', '–' -> '-';
                case '×', '·', '⋅', '∗', 'x', 'X' -> '*';
                case '÷', '∕' -> '/';
                case END -> '?'; // a NUL in the text is not its end
                default -> symbol;
            };
        }

        private Unreadable unexpected(String expected) {
            String found = at == text.length() ? "the end" : "'" + text.charAt(at) + "'";
            return new Unreadable("expected " + expected + " at character " + (at + 1) + ", found " + found);
        }
    }
}
