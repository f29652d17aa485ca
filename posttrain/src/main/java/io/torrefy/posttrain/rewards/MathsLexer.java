package io.torrefy.posttrain.rewards;

import io.torrefy.posttrain.rewards.MathsNode.Num;
import io.torrefy.posttrain.rewards.MathsParser.NoMaths;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The signs of an answer, one after the other.
final class MathsLexer {
    enum Kind {
        NUMBER,
        LETTER,
        FUNCTION,
        COMMAND,
        SIGN,
        WORD,
        END
    }

    private static final String DIGITS = "(?:\\d++(?:\\.\\d*+)?+|\\.\\d++)";
    private static final Pattern NUMBER = Pattern.compile(DIGITS + "(?:[eE][-+]?+\\d{1,3}+(?![\\w.]))?+");
    /// With commas between thousands, where no list can be meant.
    private static final Pattern GROUPED = Pattern.compile("\\d{1,3}+(?:,\\d{3})++(?!\\d)(?:\\.\\d++)?+");
    private static final Pattern REPEATING = Pattern.compile("\\s*+\\\\overline\\{\\s*+(\\d{1,30})\\s*+}");
    private static final Pattern MIXED = Pattern.compile("\\s*+\\d{1,9}+\\s*+/\\s*+\\d{1,9}+(?![\\d.])");
    private static final Pattern RUN = Pattern.compile("[a-zA-Z]++");
    private static final Pattern SCRIPT = Pattern.compile("\\s*+(?:\\{\\s*+([^{}]*)}|(\\d++|\\w))");
    private static final Set<String> FUNCTIONS = Set.of(
            "sqrt", "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
            "ln", "log", "exp", "abs");
    private static final Map<String, String> SYNONYMS = Map.ofEntries(
            Map.entry("\\leq", "\\le"),
            Map.entry("\\leqslant", "\\le"),
            Map.entry("\\geq", "\\ge"),
            Map.entry("\\geqslant", "\\ge"),
            Map.entry("\\lt", "<"),
            Map.entry("\\gt", ">"),
            Map.entry("\\neq", "\\ne"),
            Map.entry("<=", "\\le"),
            Map.entry(">=", "\\ge"),
            Map.entry("==", "="),
            Map.entry("\\approx", "="),
            Map.entry("\\ast", "*"),
            Map.entry("pi", "\\pi"),
            Map.entry("infinity", "\\infty"),
            Map.entry("inf", "\\infty"),
            Map.entry("oo", "\\infty"),
            Map.entry("in", "\\in"),
            Map.entry("union", "\\cup"),
            Map.entry("U", "\\cup"),
            Map.entry("\\land", "and"),
            Map.entry("\\lor", "or"));
    private static final Set<String> LETTERS = Set.of(
            "\\alpha",
            "\\beta",
            "\\gamma",
            "\\delta",
            "\\epsilon",
            "\\varepsilon",
            "\\theta",
            "\\lambda",
            "\\mu",
            "\\nu",
            "\\rho",
            "\\sigma",
            "\\tau",
            "\\phi",
            "\\varphi",
            "\\omega",
            "\\psi",
            "\\xi",
            "\\eta",
            "\\zeta",
            "\\kappa",
            "\\ell",
            "\\Delta",
            "\\Omega",
            "\\pi");

    private final String text;
    /// How deep the next sign lies: in brackets a comma parts, and is none between thousands.
    private int brackets;
    private int start;
    private int end;
    private Kind kind = Kind.END;
    private String token = "";

    MathsLexer(String text) throws NoMaths {
        this.text = text;
        advance();
    }

    Kind kind() {
        return kind;
    }

    /// The next sign; empty at the end.
    String peek() {
        return token;
    }

    String next() throws NoMaths {
        String read = token;
        advance();
        return read;
    }

    boolean accept(String sign) throws NoMaths {
        if (kind != Kind.NUMBER && token.equals(sign)) {
            advance();
            return true;
        }
        return false;
    }

    void expect(String sign) throws NoMaths {
        if (!accept(sign)) {
            throw new NoMaths("no " + sign + " but '" + token + "'");
        }
    }

    void expectEnd() throws NoMaths {
        if (kind != Kind.END) {
            throw new NoMaths("something more: '" + token + "'");
        }
    }

    boolean isLetterCommand() {
        return isLetterCommand(token);
    }

    boolean isLetterCommand(String command) {
        return LETTERS.contains(command);
    }

    /// Whether a fraction of whole numbers stands here, which a whole number in front makes a mixed number.
    boolean beginsMixed() {
        return kind == Kind.NUMBER
                && MIXED.matcher(text).region(start, text.length()).lookingAt();
    }

    Num number() throws NoMaths {
        String digits = token.replace(",", "");
        Matcher repeating = REPEATING.matcher(text).region(end, text.length());
        String again = "";
        if (digits.contains(".") && repeating.lookingAt()) {
            again = repeating.group(1);
            end = repeating.end();
        }
        advance();
        return MathsParser.number(digits.endsWith(".") ? digits.substring(0, digits.length() - 1) : digits, again);
    }

    /// The first digit of a number, as `\frac12` takes it.
    Num digit() throws NoMaths {
        if (!Character.isDigit(token.charAt(0))) {
            throw new NoMaths("no digit");
        }
        String digit = token.substring(0, 1);
        end = start + 1;
        advance();
        return MathsParser.number(digit, "");
    }

    /// The raw contents of `{…}`, or one letter or number, after a sign that [#accept] took or [#next] read.
    String script() throws NoMaths {
        Matcher matcher = SCRIPT.matcher(text).region(start, text.length());
        if (!matcher.lookingAt()) {
            throw new NoMaths("nothing in braces");
        }
        end = matcher.end();
        advance();
        return (matcher.group(1) == null ? matcher.group(2) : matcher.group(1)).strip();
    }

    private void advance() throws NoMaths {
        start = end;
        while (start < text.length() && Character.isWhitespace(text.charAt(start))) {
            start++;
        }
        end = start;
        if (start == text.length()) {
            set(Kind.END, 0);
            return;
        }
        char c = text.charAt(start);
        Matcher grouped = GROUPED.matcher(text).region(start, text.length());
        Matcher number = NUMBER.matcher(text).region(start, text.length());
        if (brackets == 0 && grouped.lookingAt()) {
            set(Kind.NUMBER, grouped.end() - start);
        } else if (number.lookingAt()) {
            set(Kind.NUMBER, number.end() - start);
        } else if (c == '\\') {
            Matcher name = RUN.matcher(text).region(start + 1, text.length());
            set(Kind.COMMAND, name.lookingAt() ? name.end() - start : 1);
        } else if (c == '«') {
            word();
        } else if (c < 128 && Character.isLetter(c)) {
            letters();
        } else if (Character.isLetter(c)) {
            throw new NoMaths("a letter of no formula");
        } else {
            boolean two = text.startsWith("**", start)
                    || text.startsWith("<=", start)
                    || text.startsWith(">=", start)
                    || text.startsWith("==", start);
            set(Kind.SIGN, two ? 2 : 1);
        }
    }

    /// `«and»`, of `\text{ and }`.
    private void word() throws NoMaths {
        int close = text.indexOf('»', start);
        String inner = close < 0 ? "" : text.substring(start + 1, close).strip();
        inner = inner.matches("\\([A-Za-z]\\)") ? inner.substring(1, 2) : inner;
        if (!inner.equals("and") && !inner.equals("or") && inner.length() != 1) {
            throw new NoMaths("words: " + inner);
        }
        kind = inner.length() == 1 ? Kind.LETTER : Kind.WORD;
        token = inner;
        end = close + 1;
    }

    /// A word that mathematics knows, or else a letter: `xy` is a product.
    private void letters() throws NoMaths {
        Matcher run = RUN.matcher(text).region(start, text.length());
        if (!run.lookingAt()) {
            throw new NoMaths("no letters");
        }
        String word = run.group();
        if (FUNCTIONS.contains(word)) {
            set(Kind.FUNCTION, word.length());
        } else if (SYNONYMS.containsKey(word) && !(word.equals("U") && brackets == 0 && !afterBracket())) {
            set(Kind.COMMAND, word.length());
        } else if (word.equals("and") || word.equals("or")) {
            set(Kind.WORD, word.length());
        } else if (word.length() > 3) {
            throw new NoMaths("words: " + word);
        } else {
            set(Kind.LETTER, 1);
        }
    }

    private boolean afterBracket() {
        String before = text.substring(0, start).stripTrailing();
        return before.endsWith(")") || before.endsWith("]") || before.endsWith("⟧");
    }

    private void set(Kind of, int length) {
        kind = of;
        end = start + length;
        String read = text.substring(start, end);
        token = of == Kind.NUMBER ? read : SYNONYMS.getOrDefault(read, read);
        if (of == Kind.SIGN) {
            brackets += "([⟦".contains(token) ? 1 : ")]⟧".contains(token) ? -1 : 0;
        }
        if (of == Kind.SIGN && token.startsWith("\\")) {
            kind = Kind.COMMAND;
        }
    }
}
