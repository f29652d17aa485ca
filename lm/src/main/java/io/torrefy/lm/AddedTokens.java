package io.torrefy.lm;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Finds added tokens in text: the leftmost, and of those that begin there the longest.
final class AddedTokens {
    /// One entry of `added_tokens`.
    ///
    /// @param singleWord only where no letter, digit or mark stands on either side
    /// @param lstrip takes the white space before it
    /// @param rstrip takes the white space after it
    /// @param normalized looked for in the normalised text instead of the raw text
    /// @param special a control token
    record Added(
            int id,
            String content,
            boolean singleWord,
            boolean lstrip,
            boolean rstrip,
            boolean normalized,
            boolean special) {}

    private static final class Node {
        final Map<Character, Node> next = new HashMap<>();

        @Nullable
        Added token;
    }

    private final Node root = new Node();

    /// @param tokens those to look for
    /// @param spelling what the text has been through before it gets here
    AddedTokens(List<Added> tokens, UnaryOperator<String> spelling) {
        for (Added token : tokens) {
            Node node = root;
            for (char c : spelling.apply(token.content()).toCharArray()) {
                node = node.next.computeIfAbsent(c, _ -> new Node());
            }
            if (node != root) {
                node.token = token;
            }
        }
    }

    /// Walks through `text`: `between` gets each stretch that is no token, `found` each token's id.
    ///
    /// @param special whether special tokens are looked for; if not, their text is ordinary
    void split(String text, boolean special, Consumer<String> between, IntConsumer found) {
        if (root.next.isEmpty()) {
            ordinary(text, 0, text.length(), between);
            return;
        }
        int done = 0;
        int at = 0;
        while (at < text.length()) {
            @Nullable Added token = null;
            int end = at;
            @Nullable Node node = root.next.get(text.charAt(at));
            for (int i = at + 1; node != null; i++) {
                if (node.token != null) {
                    token = node.token;
                    end = i;
                }
                node = i < text.length() ? node.next.get(text.charAt(i)) : null;
            }
            if (token == null) {
                at++;
                continue;
            }
            if ((special || !token.special()) && at >= done && (!token.singleWord() || isAlone(text, at, end))) {
                int from = token.lstrip() ? Math.max(done, skipSpaceBackward(text, at)) : at;
                ordinary(text, done, from, between);
                found.accept(token.id());
                done = token.rstrip() ? skipSpaceForward(text, end) : end;
            }
            at = end;
        }
        ordinary(text, done, text.length(), between);
    }

    private static void ordinary(String text, int from, int to, Consumer<String> between) {
        if (to > from) {
            between.accept(text.substring(from, to));
        }
    }

    private static boolean isAlone(String text, int from, int to) {
        return (from == 0 || !isWord(text.codePointBefore(from)))
                && (to == text.length() || !isWord(text.codePointAt(to)));
    }

    /// `\w` of Unicode regular expressions (UTS 18, annex C).
    private static boolean isWord(int cp) {
        return Character.isAlphabetic(cp)
                || cp == 0x200C
                || cp == 0x200D
                || switch (Character.getType(cp)) {
                    case Character.NON_SPACING_MARK,
                            Character.ENCLOSING_MARK,
                            Character.COMBINING_SPACING_MARK,
                            Character.DECIMAL_DIGIT_NUMBER,
                            Character.CONNECTOR_PUNCTUATION -> true;
                    default -> false;
                };
    }

    private static int skipSpaceBackward(String text, int from) {
        int at = from;
        while (at > 0 && Normalization.isWhiteSpace(text.charAt(at - 1))) {
            at--;
        }
        return at;
    }

    private static int skipSpaceForward(String text, int from) {
        int at = from;
        while (at < text.length() && Normalization.isWhiteSpace(text.charAt(at))) {
            at++;
        }
        return at;
    }
}
