package io.torrefy.lm;

import io.torrefy.export.Export;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Texts at which generation ends. A stop string may begin in one token and end in another, so a [Scanner] over decoded
/// text holds back what may yet become one, and no more than that.
///
/// Immutable; every sequence has a scanner of its own. The search is that of Aho and Corasick (1975): constant time a
/// character, however many strings there are.
@Export(value = "lm.StopStrings", since = "0.1")
public final class StopStrings {
    private static final class Node {
        final Map<Character, Node> next = new HashMap<>();
        final int depth;
        /// Where to go on when no next character fits: the longest other beginning that the text ends with.
        Node fallback;
        /// The longest stop string that ends here; 0 for none.
        int match;

        Node(int depth) {
            this.depth = depth;
            this.fallback = this;
        }
    }

    private final List<String> strings;
    private final Node root = new Node(0);

    private StopStrings(Collection<String> strings) {
        this.strings = List.copyOf(strings);
        Deque<Node> queue = new ArrayDeque<>();
        for (String string : this.strings) {
            if (string.isEmpty()) {
                throw new TokenizerException(
                        "[stop] expected stop strings of at least one character; got an empty one");
            }
            Node node = root;
            for (char c : string.toCharArray()) {
                int depth = node.depth + 1;
                node = node.next.computeIfAbsent(c, _ -> new Node(depth));
            }
            node.match = string.length();
        }
        root.next.values().forEach(child -> {
            child.fallback = root;
            queue.add(child);
        });
        while (!queue.isEmpty()) {
            Node node = queue.remove();
            node.next.forEach((c, child) -> {
                child.fallback = step(node.fallback, c);
                child.match = Math.max(child.match, child.fallback.match);
                queue.add(child);
            });
        }
    }

    /// Stops at any of `strings`; at none if there are none.
    ///
    /// @throws TokenizerException if one is empty
    public static StopStrings of(Collection<String> strings) {
        return new StopStrings(strings);
    }

    /// The stop strings.
    public List<String> strings() {
        return strings;
    }

    /// A scanner at the beginning of a text.
    public Scanner scanner() {
        return new Scanner(root);
    }

    private static Node step(Node from, char c) {
        Node node = from;
        while (true) {
            Node next = node.next.get(c);
            if (next != null) {
                return next;
            }
            if (node.depth == 0) {
                return node;
            }
            node = node.fallback;
        }
    }

    /// Goes through a text that comes in pieces. Not safe for use from many threads.
    public static final class Scanner {
        private final StringBuilder held = new StringBuilder();
        private Node state;
        private String matched = "";

        private Scanner(Node root) {
            state = root;
        }

        /// Takes the next piece and gives what is certain to stand before any stop string. The first
        /// stop string to be complete ends the text; of several that end with the same character it is
        /// the longest. What comes after it is dropped.
        public String accept(String piece) {
            if (stopped()) {
                return "";
            }
            for (int i = 0; i < piece.length(); i++) {
                held.append(piece.charAt(i));
                state = step(state, piece.charAt(i));
                if (state.match > 0) {
                    int from = held.length() - state.match;
                    matched = held.substring(from);
                    String before = held.substring(0, from);
                    held.setLength(0);
                    return before;
                }
            }
            return release(held.length() - state.depth);
        }

        /// What is held back, when no more text comes.
        public String finish() {
            return release(held.length());
        }

        /// Whether a stop string was found.
        public boolean stopped() {
            return !matched.isEmpty();
        }

        /// The stop string that was found.
        public Optional<String> matched() {
            return stopped() ? Optional.of(matched) : Optional.empty();
        }

        private String release(int length) {
            String text = held.substring(0, length);
            held.delete(0, length);
            return text;
        }
    }
}
