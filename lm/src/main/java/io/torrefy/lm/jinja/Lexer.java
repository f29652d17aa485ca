package io.torrefy.lm.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Cuts a template into tokens, with Jinja's white-space rules as chat templates are rendered: `trim_blocks` and
/// `lstrip_blocks` are on, one line feed at the very end is dropped, `-` strips and `+` keeps.
final class Lexer {
    private static final List<String> OPERATORS = List.of(
            "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{",
            "}", ",", ".", ":", "|");

    private static final Pattern RAW = Pattern.compile("\\s*raw\\s*(-?)%\\}");
    private static final Pattern END_RAW = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*([-+]?)%\\}");
    private static final Pattern NUMBER = Pattern.compile("\\d+(?:_\\d+)*(\\.\\d+)?([eE][+-]?\\d+)?");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    /// Whether what comes next begins a line, for `lstrip_blocks`.
    private boolean lineStarting = true;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String source) {
        return new Lexer(source).run();
    }

    private List<Token> run() {
        while (at < source.length()) {
            int tag = nextTag();
            char kind = tag < source.length() ? source.charAt(tag + 1) : 0;
            char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : 0;
            data(tag, kind, sign);
            if (kind == 0) {
                break;
            }
            at = tag + 2 + (sign == '-' || sign == '+' ? 1 : 0);
            switch (kind) {
                case '#' -> comment(tag);
                case '%' -> {
                    if (!raw(tag)) {
                        code(tag, Token.Kind.BLOCK_BEGIN, Token.Kind.BLOCK_END, "%}");
                    }
                }
                default -> code(tag, Token.Kind.EXPRESSION_BEGIN, Token.Kind.EXPRESSION_END, "}}");
            }
            lineStarting = at > 0 && source.charAt(at - 1) == '\n';
        }
        tokens.add(new Token(Token.Kind.END, "", source.length()));
        return tokens;
    }

    private int nextTag() {
        for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return source.length();
    }

    /// The text up to a tag, stripped as the tag says.
    private void data(int tag, char kind, char sign) {
        int end = tag;
        if (sign == '-') {
            while (end > at && Text.isSpace(source.charAt(end - 1))) {
                end--;
            }
        } else if (sign != '+' && (kind == '%' || kind == '#')) {
            int line = Math.max(source.lastIndexOf('\n', tag - 1) + 1, at);
            boolean begins = line > at || lineStarting || (line == at && at > 0 && source.charAt(at - 1) == '\n');
            if (begins && source.substring(line, tag).chars().allMatch(c -> Text.isSpace((char) c))) {
                end = line;
            }
        }
        if (end > at) {
            tokens.add(new Token(Token.Kind.DATA, source.substring(at, end), at));
        }
        at = tag;
    }

    private void comment(int tag) {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw new JinjaException("expected '#}' to end this comment", tag);
        }
        char sign = source.charAt(end - 1);
        at = end + 2;
        afterBlock(sign);
    }

    /// `{% raw %}…{% endraw %}`: the text between as it is.
    private boolean raw(int tag) {
        var open = RAW.matcher(source).region(at, source.length());
        if (!open.lookingAt()) {
            return false;
        }
        var close = END_RAW.matcher(source);
        if (!close.find(open.end())) {
            throw new JinjaException("expected {% endraw %} to end this block", tag);
        }
        at = open.end();
        afterBlock(open.group(1).isEmpty() ? 0 : '-');
        data(close.start(), '%', close.group(1).isEmpty() ? 0 : close.group(1).charAt(0));
        at = close.end();
        afterBlock(close.group(2).isEmpty() ? 0 : close.group(2).charAt(0));
        return true;
    }

    private void afterBlock(char sign) {
        if (sign == '-') {
            skipSpace();
        } else if (sign != '+' && at < source.length() && source.charAt(at) == '\n') {
            at++;
        }
    }

    private void skipSpace() {
        while (at < source.length() && Text.isSpace(source.charAt(at))) {
            at++;
        }
    }

    private void code(int tag, Token.Kind begin, Token.Kind end, String close) {
        tokens.add(new Token(begin, source.substring(tag, tag + 2), tag));
        int depth = 0;
        while (true) {
            skipSpace();
            if (at >= source.length()) {
                throw new JinjaException("expected '" + close + "' to end this tag", tag);
            }
            char sign = source.charAt(at);
            boolean signed = (sign == '-' || (sign == '+' && close.equals("%}"))) && source.startsWith(close, at + 1);
            if (depth == 0 && (signed || source.startsWith(close, at))) {
                tokens.add(new Token(end, close, at));
                at += close.length() + (signed ? 1 : 0);
                if (close.equals("%}") || (signed && sign == '-')) {
                    afterBlock(signed ? sign : 0);
                }
                return;
            }
            Token token = token();
            tokens.add(token);
            if (token.kind() == Token.Kind.OPERATOR) {
                depth += "([{".contains(token.text()) ? 1 : ")]}".contains(token.text()) ? -1 : 0;
                depth = Math.max(depth, 0);
            }
        }
    }

    private Token token() {
        int start = at;
        char c = source.charAt(at);
        if (c == '\'' || c == '"') {
            return string(c);
        }
        if (Character.isUnicodeIdentifierStart(c) || c == '_') {
            while (at < source.length() && (Character.isUnicodeIdentifierPart(source.charAt(at)))) {
                at++;
            }
            return new Token(Token.Kind.NAME, source.substring(start, at), start);
        }
        if (c >= '0' && c <= '9') {
            return number();
        }
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, at)) {
                at += operator.length();
                return new Token(Token.Kind.OPERATOR, operator, start);
            }
        }
        throw new JinjaException("unexpected character '" + c + "'", at);
    }

    private Token number() {
        int start = at;
        var number = NUMBER.matcher(source).region(at, source.length());
        if (!number.lookingAt()) {
            throw new JinjaException("expected a number", at);
        }
        at = number.end();
        boolean real = number.group(1) != null || number.group(2) != null;
        return new Token(
                real ? Token.Kind.FLOAT : Token.Kind.INTEGER, number.group().replace("_", ""), start);
    }

    private Token string(char quote) {
        int start = at++;
        var value = new StringBuilder();
        while (at < source.length() && source.charAt(at) != quote) {
            char c = source.charAt(at++);
            if (c == '\\' && at < source.length()) {
                escape(value);
            } else {
                value.append(c);
            }
        }
        if (at >= source.length()) {
            throw new JinjaException("expected " + quote + " to end this string", start);
        }
        at++;
        return new Token(Token.Kind.STRING, value.toString(), start);
    }

    private void escape(StringBuilder value) {
        char c = source.charAt(at++);
        switch (c) {
            case 'n' -> value.append('\n');
            case 't' -> value.append('\t');
            case 'r' -> value.append('\r');
            case 'b' -> value.append('\b');
            case 'f' -> value.append('\f');
            case 'v' -> value.append('\u000B');
            case 'a' -> value.append('\u0007');
            case '0' -> value.append('\0');
            case '\n' -> {}
            case '\\', '\'', '"' -> value.append(c);
            case 'x' -> codePoint(value, 2);
            case 'u' -> codePoint(value, 4);
            case 'U' -> codePoint(value, 8);
            default -> value.append('\\').append(c);
        }
    }

    private void codePoint(StringBuilder value, int digits) {
        try {
            value.appendCodePoint(Integer.parseInt(source, at, at + digits, 16));
        } catch (IndexOutOfBoundsException | IllegalArgumentException _) {
            throw new JinjaException("expected " + digits + " hexadecimal digits", at);
        }
        at += digits;
    }
}
