package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionTest {
    @ParameterizedTest
    @CsvSource({
        "7, 7",
        "2+3*4, 14",
        "2*3+4, 10",
        "10-4-3, 3",
        "10-(4-3), 9",
        "8/4/2, 1",
        "8/(4/2), 4",
        "1/3+1/6, 1/2",
        "(1/3)*3, 1",
        "((((5))))*2, 10",
        " 3 * ( 7 + 2 ) , 27",
        "3×7−2, 19",
        "6÷4, 3/2",
        "2x3X4·5⋅6∗7, 5040",
        "9–4∕2, 7",
        "007+1, 8",
        "999999999*999999999, 999999998000000001",
    })
    void evaluatesAsOnPaper(String text, String value) throws Exception {
        assertThat(Expression.parse(text).expression().evaluate()).hasToString(value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "+",
                "-3+5",
                "3+-5",
                "+3",
                "3+",
                "3 4",
                "2(3+4)",
                "(3+4)2",
                "(3",
                "3)",
                "()",
                "3**2",
                "2^3",
                "3//2",
                "3.5",
                "1,000",
                "a",
                "3+b",
                "seven",
                "3=",
                "=3",
                "3=x",
                "3=1+2",
                "3=3=3",
                "1234567890",
                "3\0+4",
                "３"
            })
    void refusesEverythingElse(String text) {
        assertThatThrownBy(() -> Expression.parse(text)).isInstanceOf(Expression.Unreadable.class);
    }

    @Test
    void saysWhereItStoppedReading() {
        assertThatThrownBy(() -> Expression.parse("3 + 4)")).hasMessage("expected the end at character 6, found ')'");
        assertThatThrownBy(() -> Expression.parse("3 + "))
                .hasMessage("expected a number at character 5, found the end");
    }

    @Test
    void survivesDeepAndLongText() throws Exception {
        assertThatThrownBy(() -> Expression.parse("(".repeat(900))).hasMessageContaining("nested more than 50");
        assertThatThrownBy(() -> Expression.parse("1+".repeat(600) + "1")).hasMessageContaining("longer than 1000");
        assertThat(Expression.parse("1+".repeat(499) + "1").expression().evaluate())
                .isEqualTo(Rational.of(500));
        assertThat(Expression.parse("(".repeat(50) + "4" + ")".repeat(50))
                        .expression()
                        .evaluate())
                .isEqualTo(Rational.of(4));
    }

    /// The oracle evaluates while it builds the text, on plain fractions of its own.
    @Test
    void agreesWithRandomFullyParenthesisedExpressions() throws Exception {
        var random = new Random(7);
        for (int i = 0; i < 2000; i++) {
            var text = new StringBuilder();
            long[] fraction = build(text, random, 3);
            var parsed = Expression.parse(text.toString()).expression();
            if (fraction[1] == 0) {
                assertThatThrownBy(parsed::evaluate).isInstanceOf(ArithmeticException.class);
                continue;
            }
            var expected = new Rational(BigInteger.valueOf(fraction[0]), BigInteger.valueOf(fraction[1]));
            assertThat(parsed.evaluate()).as(text.toString()).isEqualTo(expected);
            assertThat(Expression.parse(parsed.text(i % 2 == 0)).expression().evaluate())
                    .as("printed again: " + parsed.text(i % 2 == 0))
                    .isEqualTo(expected);
        }
    }

    /// Writes an expression of at most `2^depth` numbers; its value as numerator and denominator (0: undefined).
    private static long[] build(StringBuilder text, Random random, int depth) {
        if (depth == 0 || random.nextInt(4) == 0) {
            int number = random.nextInt(10);
            text.append(number);
            return new long[] {number, 1};
        }
        text.append('(');
        long[] a = build(text, random, depth - 1);
        char symbol = "+-*/".charAt(random.nextInt(4));
        text.append(symbol);
        long[] b = build(text, random, depth - 1);
        text.append(')');
        return switch (symbol) {
            case '+' -> new long[] {a[0] * b[1] + b[0] * a[1], a[1] * b[1]};
            case '-' -> new long[] {a[0] * b[1] - b[0] * a[1], a[1] * b[1]};
            case '*' -> new long[] {a[0] * b[0], a[1] * b[1]};
            default -> new long[] {a[0] * b[1], b[1] == 0 ? 0 : a[1] * b[0]};
        };
    }
}
