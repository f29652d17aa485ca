package io.torrefy.lm;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Regular expressions of tokenizer files, which are written for Oniguruma (Ruby syntax, UTF-8), as Java patterns.
///
/// What differs and is settled here: `\s`, `\w`, `\d` and `(?i)` follow Unicode; `^` and `$` stand at every line feed
/// and
/// at no other line end; `.` stops at a line feed only, and `(?m)` lets it pass; `\h` is a hexadecimal digit;
/// `\p{Han}` names a script and `\p{^L}` negates; `X{1,3}+` repeats a repetition instead of forbidding backtracking.
final class SplitRegex {
    private static final Set<String> CATEGORIES = Set.of(
            "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps",
            "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Cs", "Co",
            "Cn");
    private static final Set<String> POSIX = Set.of(
            "Alnum", "Alpha", "Blank", "Cntrl", "Digit", "Graph", "Lower", "Print", "Punct", "Space", "Upper",
            "XDigit");
    private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS | Pattern.MULTILINE | Pattern.UNIX_LINES;

    private final String source;
    private final StringBuilder out = new StringBuilder();
    /// Where in `out` each open group began.
    private final Deque<Integer> groups = new ArrayDeque<>();
    private int at;
    /// Where in `out` the last atom began: what a quantifier applies to.
    private int atom;

    private SplitRegex(String source) {
        this.source = source;
    }

    /// Compiles an Oniguruma pattern.
    ///
    /// @throws TokenizerException if Java cannot read it either
    static Pattern compile(String oniguruma) {
        String translated = new SplitRegex(oniguruma).translate();
        try {
            return Pattern.compile(translated, FLAGS);
        } catch (PatternSyntaxException e) {
            throw new TokenizerException(
                    "[tokenizer] expected a regular expression for the pre-tokenizer; got " + oniguruma + " ("
                            + e.getDescription() + " near index " + e.getIndex() + ")",
                    e);
        }
    }

    private String translate() {
        while (at < source.length()) {
            char c = source.charAt(at);
            switch (c) {
                case '\\' -> {
                    atom = out.length();
                    escape();
                }
                case '[' -> {
                    atom = out.length();
                    characterClass();
                }
                case '(' -> openGroup();
                case ')' -> {
                    atom = groups.isEmpty() ? out.length() : groups.pop();
                    copy(1);
                }
                case '{' -> interval();
                case '*', '+', '?', '|', '^', '$' -> copy(1);
                default -> {
                    atom = out.length();
                    copy(Character.charCount(source.codePointAt(at)));
                }
            }
        }
        return out.toString();
    }

    private void openGroup() {
        groups.push(out.length());
        copy(1);
        if (at < source.length() && source.charAt(at) == '?') {
            copy(1);
            while (at < source.length() && "imx-".indexOf(source.charAt(at)) >= 0) {
                char flag = source.charAt(at++);
                out.append(flag == 'm' ? 's' : flag);
            }
            while (at < source.length() && ":=!<>".indexOf(source.charAt(at)) >= 0) {
                copy(1);
            }
        }
    }

    /// `{n}`, `{n,}`, `{,m}`, `{n,m}`, and a literal brace otherwise.
    private void interval() {
        int close = source.indexOf('}', at);
        String body = close < 0 ? "" : source.substring(at + 1, close);
        if (!body.matches("\\d+(,\\d*)?|,\\d+")) {
            atom = out.length();
            out.append("\\{");
            at++;
            return;
        }
        out.append('{').append(body.startsWith(",") ? "0" + body : body).append('}');
        at = close + 1;
        if (at < source.length() && source.charAt(at) == '+') {
            out.insert(atom, "(?:").append(')');
        }
    }

    private void characterClass() {
        int depth = 0;
        do {
            char c = source.charAt(at);
            if (c == '\\') {
                escape();
            } else if (source.startsWith("[:", at) && source.indexOf(":]", at) > 0) {
                posixBracket();
            } else {
                if (c == '[') {
                    depth++;
                } else if (c == ']') {
                    depth--;
                }
                copy(1);
                if (c == '[' && at < source.length() && source.charAt(at) == '^') {
                    copy(1);
                }
            }
        } while (depth > 0 && at < source.length());
    }

    private void posixBracket() {
        int end = source.indexOf(":]", at);
        String name = source.substring(at + 2, end);
        boolean negated = name.startsWith("^");
        property(negated ? name.substring(1) : name, negated);
        at = end + 2;
    }

    private void escape() {
        if (at + 1 >= source.length()) {
            copy(1);
            return;
        }
        char kind = source.charAt(at + 1);
        int close = source.indexOf('}', at);
        if ((kind == 'p' || kind == 'P') && source.startsWith("{", at + 2) && close > 0) {
            String name = source.substring(at + 3, close);
            boolean caret = name.startsWith("^");
            property(caret ? name.substring(1) : name, caret != (kind == 'P'));
            at = close + 1;
        } else if (kind == 'h' || kind == 'H') {
            out.append(kind == 'h' ? "[0-9a-fA-F]" : "[^0-9a-fA-F]");
            at += 2;
        } else {
            copy(2);
        }
    }

    private void property(String name, boolean negated) {
        out.append(negated ? "\\P{" : "\\p{");
        String posix = posixName(name);
        if (CATEGORIES.contains(name)) {
            out.append(name);
        } else if (!posix.isEmpty()) {
            out.append(posix);
        } else {
            out.append("Is").append(name);
        }
        out.append('}');
    }

    private static String posixName(String name) {
        return POSIX.stream().filter(p -> p.equalsIgnoreCase(name)).findFirst().orElse("");
    }

    private void copy(int chars) {
        out.append(source, at, at + chars);
        at += chars;
    }
}
