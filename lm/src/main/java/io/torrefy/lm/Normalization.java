package io.torrefy.lm;

import java.text.Normalizer;
import java.util.Locale;
import java.util.function.UnaryOperator;

/// The normalizers of tokenizer files as functions on text.
final class Normalization {
    private Normalization() {}

    /// A Unicode normal form.
    static UnaryOperator<String> form(Normalizer.Form form) {
        return text -> Normalizer.isNormalized(text, form) ? text : Normalizer.normalize(text, form);
    }

    static UnaryOperator<String> lowercase() {
        return text -> text.toLowerCase(Locale.ROOT);
    }

    /// Puts `prefix` in front of any text but the empty one.
    static UnaryOperator<String> prepend(String prefix) {
        return text -> text.isEmpty() ? text : prefix + text;
    }

    static UnaryOperator<String> replace(String from, String to) {
        return text -> text.replace(from, to);
    }

    static UnaryOperator<String> strip(boolean left, boolean right) {
        return text -> {
            int from = 0;
            int to = text.length();
            while (left && from < to && isWhiteSpace(text.charAt(from))) {
                from++;
            }
            while (right && to > from && isWhiteSpace(text.charAt(to - 1))) {
                to--;
            }
            return text.substring(from, to);
        };
    }

    /// The Unicode property White_Space, all of which lies in the basic plane.
    static boolean isWhiteSpace(char c) {
        return (c >= 9 && c <= 13)
                || c == ' '
                || c == 0x85
                || c == 0xA0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200A)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }
}
