package io.torrefy.posttrain;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finding answers in text: the answer block, boxed LaTeX, and the last number, read exactly.
final class AnswerText {
    private static final String ANSWER = "<answer>";
    private static final String ANSWER_END = "</answer>";

    private static final String WHOLE = "(?:\\d{1,3}(?:,\\d{3})+(?!\\d)|\\d+)";
    private static final String UNSIGNED = "(?:" + WHOLE + "(?:\\.\\d+)?|\\.\\d+)(?:[eE][-+]?\\d{1,2}(?!\\w))?";
    /// An unsigned number, with a fraction's or a mixed number's other parts.
    private static final Pattern NUMBER =
            Pattern.compile("(?<![\\p{L}\\d_.])(?:(?<whole>\\d+)\\s+(?=\\d+/\\d))?(?<value>" + UNSIGNED
                    + ")(?:\\s*/\\s*(?<divisor>" + UNSIGNED + "))?");

    private static final Pattern LATEX_FRACTION =
            Pattern.compile("\\\\[dt]?frac\\s*\\{\\s*(-?)\\s*([\\d.,]+)\\s*}\\s*\\{\\s*([\\d.,]+)\\s*}");
    /// Between the parts of `1\frac{1}{2}`.
    private static final Pattern MIXED_LATEX = Pattern.compile("(?<=\\d)\\s*(?=\\\\[dt]?frac)");
    private static final Pattern LATEX_NOISE =
            Pattern.compile("\\\\[,!;: ]|\\\\(?:left|right)(?![a-zA-Z])|\\\\(?:text|mathrm|mbox)\\s*(?=\\{)");
    private static final Pattern LATEX_COMMA = Pattern.compile("\\{,}");

    private AnswerText() {}

    /// The content of the last complete `<answer>…</answer>`.
    static Optional<String> lastBlock(String text) {
        int end = text.lastIndexOf(ANSWER_END);
        int start = end < 0 ? -1 : text.lastIndexOf(ANSWER, end - 1);
        return start < 0
                ? Optional.empty()
                : Optional.of(text.substring(start + ANSWER.length(), end).strip());
    }

    /// The content of the last `\boxed{…}`, braces balanced.
    static Optional<String> lastBoxed(String text) {
        String opening = "\\boxed{";
        int start = text.lastIndexOf(opening);
        if (start < 0) {
            return Optional.empty();
        }
        int depth = 1;
        for (int i = start + opening.length(); i < text.length(); i++) {
            char c = text.charAt(i);
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (depth == 0) {
                return Optional.of(text.substring(start + opening.length(), i).strip());
            }
        }
        return Optional.empty();
    }

    /// The last number in the text: `1,234.50`, `-5`, `-$5`, `$-5`, `3/4`, `1 1/2`, `\frac{3}{4}`, `.5`, `2.5e3`;
    /// what surrounds it (currency, per cent sign, units, words) is ignored. A minus sign belongs to the number
    /// unless it subtracts, as in `10-5` and `10 - 5`. Digits that continue a word (`x2`) are no number.
    static Optional<Rational> lastNumber(String text) {
        String plain = plain(text);
        Matcher matcher = NUMBER.matcher(plain);
        Optional<Rational> last = Optional.empty();
        while (matcher.find()) {
            last = read(plain, matcher);
        }
        return last;
    }

    /// The number that the whole text is, give or take currency, a per cent sign, a full stop or units after it.
    static Optional<Rational> wholeNumber(String text) {
        String plain = plain(text).replaceAll("[{}]", " ").strip();
        Matcher matcher = NUMBER.matcher(plain);
        if (!matcher.find()) {
            return Optional.empty();
        }
        var value = read(plain, matcher);
        String before = plain.substring(0, matcher.start());
        String after = plain.substring(matcher.end());
        boolean alone = before.matches("[-+$€£\\s]*")
                && after.matches("(?:\\s*[%°$€£])?(?:\\s*\\p{L}[\\p{L}\\s/]*)?[.\\s]*")
                && !after.matches("\\p{L}[.\\s]*");
        return alone ? value : Optional.empty();
    }

    /// Text for comparing answers that are no numbers: without white space, case, dollar signs and a final full
    /// stop.
    static String normalised(String text) {
        String plain = LATEX_NOISE.matcher(text).replaceAll("").replaceAll("[\\s$]", "");
        return (plain.endsWith(".") ? plain.substring(0, plain.length() - 1) : plain).toLowerCase(Locale.ROOT);
    }

    private static String plain(String text) {
        String plain =
                text.replace('−', '-').replace('–', '-').replace("\\$", "$").replace("\\%", "%");
        plain = LATEX_NOISE.matcher(plain).replaceAll("");
        plain = LATEX_COMMA.matcher(plain).replaceAll(",");
        plain = MIXED_LATEX.matcher(plain).replaceAll(" ");
        return LATEX_FRACTION.matcher(plain).replaceAll("$1$2/$3 ");
    }

    private static Optional<Rational> read(String text, Matcher matcher) {
        Rational value = decimal(matcher.group("value"));
        if (matcher.group("divisor") != null) {
            Rational divisor = decimal(matcher.group("divisor"));
            if (divisor.numerator().signum() == 0) {
                return Optional.empty();
            }
            value = value.over(divisor);
        }
        if (matcher.group("whole") != null) {
            value = decimal(matcher.group("whole")).plus(value);
        }
        return Optional.of(isNegated(text, matcher.start()) ? Rational.of(0).minus(value) : value);
    }

    private static Rational decimal(String text) {
        return Rational.of(new BigDecimal(text.replace(",", "")));
    }

    private static boolean isNegated(String text, int start) {
        int at = start - 1;
        while (at >= 0 && "$€£".indexOf(text.charAt(at)) >= 0) {
            at--;
        }
        if (at < 0 || text.charAt(at) != '-') {
            return false;
        }
        int before = at - 1;
        while (before >= 0 && Character.isWhitespace(text.charAt(before))) {
            before--;
        }
        if (before < 0) {
            return true;
        }
        char left = text.charAt(before);
        boolean apart = before < at - 1;
        boolean subtracts = Character.isDigit(left) || left == ')' || (!apart && Character.isLetter(left));
        return !subtracts;
    }
}
