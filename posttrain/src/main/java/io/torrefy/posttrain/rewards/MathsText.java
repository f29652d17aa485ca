package io.torrefy.posttrain.rewards;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// LaTeX and plain text of answers, brought into one form before it is read: ASCII and LaTeX commands for signs, no
/// spacing commands, no sizes of brackets, words between `«` and `»`.
final class MathsText {
    private static final Map<String, String> SIGNS = Map.ofEntries(
            Map.entry("−", "-"),
            Map.entry("–", "-"),
            Map.entry("×", "\\times "),
            Map.entry("÷", "\\div "),
            Map.entry("·", "\\cdot "),
            Map.entry("⋅", "\\cdot "),
            Map.entry("∗", "*"),
            Map.entry("π", "\\pi "),
            Map.entry("√", "\\sqrt "),
            Map.entry("∞", "\\infty "),
            Map.entry("≤", "\\le "),
            Map.entry("≥", "\\ge "),
            Map.entry("∪", "\\cup "),
            Map.entry("∈", "\\in "),
            Map.entry("∅", "\\emptyset "),
            Map.entry("ℝ", "\\mathbb{R}"),
            Map.entry("±", "\\pm "),
            Map.entry("²", "^{2}"),
            Map.entry("³", "^{3}"),
            Map.entry("⁴", "^{4}"),
            Map.entry("½", " \\frac{1}{2}"),
            Map.entry("¼", " \\frac{1}{4}"),
            Map.entry("¾", " \\frac{3}{4}"),
            Map.entry("°", "^{\\circ}"),
            Map.entry("\u202F", "\\,"),
            Map.entry("\u00A0", "\\,"));

    private static final Pattern THOUSANDS = Pattern.compile("(?<![\\d.,}])\\d{1,3}(?:(?:\\{,}|\\\\,)\\d{3})+(?!\\d)");
    private static final Pattern SPACING =
            Pattern.compile("\\\\(?:[,;:!> ]|quad(?![a-zA-Z])|qquad(?![a-zA-Z])|hspace\\{[^}]*}|phantom\\{[^}]*})|~");
    private static final Pattern SIZES = Pattern.compile(
            "\\\\(?:left|right|bigl|bigr|Bigl|Bigr|biggl|biggr|big|Big|bigg|Bigg|displaystyle|textstyle|limits)"
                    + "(?![a-zA-Z])");
    private static final Pattern WORDS = Pattern.compile(
            "\\\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|rm|operatorname\\*?)\\s*" + "\\{([^{}]*)}");
    private static final Pattern FRACTIONS = Pattern.compile("\\\\[dtc]frac(?![a-zA-Z])");
    private static final Pattern DEGREES = Pattern.compile("\\s*\\^\\s*(?:\\{\\s*\\\\circ\\s*}|\\\\circ)|\\\\degree");
    private static final Pattern NOISE = Pattern.compile("(?<!\\d)\\s+|\\s+(?!\\d)|[{}$]");

    private MathsText() {}

    /// One form for all spellings.
    static String clean(String text) {
        String s = text.replace("\\\\", "¶ ").replace("\\!", "");
        for (var sign : SIGNS.entrySet()) {
            s = s.replace(sign.getKey(), sign.getValue());
        }
        s = Normalizer.normalize(s, Normalizer.Form.NFKC);
        Matcher grouped = THOUSANDS.matcher(s);
        s = grouped.replaceAll(match -> match.group().replaceAll("[^\\d]", ""));
        s = SIZES.matcher(s).replaceAll("");
        s = s.replace("\\$", "$").replace("\\%", "%").replace("\\{", "⟦").replace("\\}", "⟧");
        s = s.replace("\\lbrace", "⟦").replace("\\rbrace", "⟧");
        s = SPACING.matcher(s).replaceAll(" ");
        s = FRACTIONS.matcher(s).replaceAll("\\\\frac");
        s = DEGREES.matcher(s).replaceAll(" «°»");
        s = WORDS.matcher(s).replaceAll("«$1»");
        return s.replace("\\(", " ")
                .replace("\\)", " ")
                .replace("\\[", " ")
                .replace("\\]", " ")
                .strip();
    }

    /// Without dollar signs and a full stop at its end, of a text that [#clean] has made.
    static String bare(String clean) {
        String s = clean.replace("$", " ").strip();
        while (s.endsWith(".") || s.endsWith(",") || s.endsWith(";")) {
            s = s.substring(0, s.length() - 1).strip();
        }
        return s;
    }

    /// For the comparison of answers that are no mathematics: without space but between digits, braces, dollar
    /// signs and case.
    static String plain(String clean) {
        String s = clean.replace("«", "").replace("»", "");
        return NOISE.matcher(bare(s)).replaceAll("").toLowerCase(Locale.ROOT);
    }

    /// Possessive throughout: an answer is nobody's friend, and a pattern that backtracks would hang on some.
    private static final Pattern UNIT = Pattern.compile(
            "(?:(?:\\s*+(?:[/·]|\\\\cdot)\\s*+|\\s++)?+(?:«[^«»]*+»|\\p{L}++\\.?+)(?:\\^\\{?+-?+[1-9]}?+)?+)++");
    private static final Pattern WORD = Pattern.compile("\\p{L}++|[°€£¢]");
    private static final Set<String> NO_UNITS = Set.of(
            "and",
            "or",
            "not",
            "sin",
            "cos",
            "tan",
            "cot",
            "sec",
            "csc",
            "log",
            "exp",
            "sqrt",
            "pi",
            "inf",
            "infty",
            "infinity",
            "arcsin",
            "arccos",
            "arctan",
            "sinh",
            "cosh",
            "tanh",
            "union",
            "abs",
            "mod",
            "frac",
            "base",
            "times",
            "plus",
            "minus",
            "over",
            "squared",
            "cubed",
            "half",
            "halves",
            "third",
            "thirds",
            "quarter",
            "quarters",
            "tenths",
            "hundredths");
    private static final Map<String, String> MULTIPLES = Map.of(
            "percent",
            "%",
            "dozen",
            "12",
            "hundred",
            "100",
            "thousand",
            "1000",
            "million",
            "1000000",
            "billion",
            "1000000000",
            "trillion",
            "1000000000000");

    /// A number's body and the unit after it.
    ///
    /// @param unit its words; units that nobody knows, such as `apples`, too
    record Split(String body, String unit) {}

    /// Parts a text into a number and its unit; empty where there is none. A word of three letters is a unit unless
    /// it is mathematics; what is shorter only if it is a known one: `5 x` is a product.
    static Optional<Split> unit(String bare) {
        for (int k = 1; k < bare.length(); k++) {
            char before = bare.charAt(k - 1);
            char first = bare.charAt(k);
            boolean apart = first == '«' || Character.isWhitespace(first) || first == '/';
            boolean number = Character.isDigit(before) || ")}!%⟧]|".indexOf(before) >= 0;
            if (!(number || (apart && Character.isLetter(before) && first != '/'))) {
                continue;
            }
            Matcher tail = UNIT.matcher(bare).region(k, bare.length());
            if (tail.matches() && isUnit(tail.group(), number && !apart, !number)) {
                String words = tail.group()
                        .replace("«", " ")
                        .replace("»", "")
                        .replace("\\cdot", "·")
                        .strip();
                return Optional.of(multiple(bare.substring(0, k).strip(), words));
            }
        }
        return Optional.empty();
    }

    private static boolean isUnit(String text, boolean attached, boolean afterLetter) {
        Matcher words = WORD.matcher(text.replace("\\cdot", "·"));
        boolean first = true;
        while (words.find()) {
            String word = words.group();
            boolean known = Units.isKnown(word) && !(first && attached && word.length() == 1);
            boolean anyWord = word.length() >= 3 && !attached && (!afterLetter || text.indexOf('«') >= 0);
            if (NO_UNITS.contains(word.toLowerCase(Locale.ROOT)) || !(known || anyWord || !first)) {
                return false;
            }
            first = false;
        }
        return !first;
    }

    /// `5 million dollars` is 5000000 dollars, and `5 percent` is 5%.
    private static Split multiple(String body, String words) {
        int end = 0;
        while (end < words.length() && Character.isLetter(words.charAt(end))) {
            end++;
        }
        String factor = MULTIPLES.get(words.substring(0, end).toLowerCase(Locale.ROOT));
        if (factor == null) {
            return new Split(body, words);
        }
        String rest = words.substring(end).strip();
        return factor.equals("%") ? new Split(body + "%", rest) : new Split("(" + body + ")*" + factor, rest);
    }
}
