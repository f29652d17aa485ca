package io.torrefy.posttrain.rewards;

import io.torrefy.posttrain.rewards.MathsVerifier.Place;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds the final answer in a text. All patterns are possessive: no text takes long.
final class AnswerPlaces {
    static final String THINK = "<think>";

    private static final String THINK_END = "</think>";
    private static final String ANSWER = "<answer>";
    private static final String ANSWER_END = "</answer>";
    private static final int HASHES_WITHIN = 300;
    private static final Pattern HASHES = Pattern.compile("####\\s*+\\$?+(-?+[0-9.,]++)");
    private static final Pattern SAID =
            Pattern.compile("(?i)(?:final |correct )?answer(?: is|\\s*+:)(?:\\s*+:)?+\\s*+\\**+\\s*+([^\\n]*+)");
    private static final Pattern FORMULA =
            Pattern.compile("\\$\\$([^$]++)\\$\\$|\\$([^$\\n]++)\\$|\\\\\\(((?:[^\\\\]|\\\\(?!\\)))++)\\\\\\)"
                    + "|\\\\\\[((?:[^\\\\]|\\\\(?!\\]))++)\\\\\\]");
    private static final Pattern NUMBER = Pattern.compile(
            "(?<![\\w.,])[-−]?+[$€£]?+(?:\\d{1,3}+(?:,\\d{3})++(?!\\d)|\\d++)(?:\\.\\d++)?+(?:/\\d++)?+%?+");

    private AnswerPlaces() {}

    static Optional<String> find(String completion, Place place) {
        Optional<String> judged = afterThinking(completion);
        if (judged.isEmpty()) {
            return Optional.empty();
        }
        String text = judged.get();
        return switch (place) {
            case BOXED -> lastBoxed(text);
            case TAGGED -> tagged(text);
            case HASHES -> last(HASHES, text.substring(Math.max(0, text.length() - HASHES_WITHIN)));
            case ANYWHERE -> tagged(text).or(() -> inProse(text));
        };
    }

    /// What follows the last `</think>`; all of a text without tags; nothing where thinking does not end.
    private static Optional<String> afterThinking(String text) {
        int end = text.lastIndexOf(THINK_END);
        int start = text.lastIndexOf(THINK);
        if (start > end) {
            return Optional.empty();
        }
        return Optional.of(end < 0 ? text : text.substring(end + THINK_END.length()));
    }

    private static Optional<String> tagged(String text) {
        int end = text.lastIndexOf(ANSWER_END);
        int start = end < 0 ? -1 : text.lastIndexOf(ANSWER, end);
        if (start < 0) {
            return lastBoxed(text);
        }
        String block = text.substring(start + ANSWER.length(), end).strip();
        return lastBoxed(block).or(() -> Optional.of(block)).filter(answer -> !answer.isEmpty());
    }

    /// The answer that a sentence says.
    static Optional<String> inProse(String text) {
        Optional<String> sentence = last(SAID, text);
        String where = sentence.orElse(text);
        return last(FORMULA, where).or(() -> last(NUMBER, where)).or(() -> sentence);
    }

    /// The expected answer of a reference that may be a whole solution.
    static String reference(String text) {
        int hashes = text.lastIndexOf("####");
        return hashes >= 0
                ? text.substring(hashes + 4).strip()
                : lastBoxed(text).orElse(text.strip());
    }

    private static Optional<String> last(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        Optional<String> last = Optional.empty();
        while (matcher.find()) {
            String found = matcher.group();
            for (int i = 1; i <= matcher.groupCount(); i++) {
                found = matcher.group(i) == null ? found : matcher.group(i);
            }
            last = Optional.of(found.strip());
        }
        return last;
    }

    /// The content of the last `\boxed{…}` or `\fbox{…}`, braces balanced, escaped ones left out of the count;
    /// empty where it does not end or holds nothing.
    static Optional<String> lastBoxed(String text) {
        int box = Math.max(text.lastIndexOf("\\boxed"), text.lastIndexOf("\\fbox"));
        int start = box < 0 ? -1 : text.indexOf('{', box);
        if (start < 0 || !text.substring(box, start).strip().matches("\\\\(?:boxed|fbox)")) {
            return Optional.empty();
        }
        int depth = 0;
        for (int i = start; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else {
                depth += c == '{' ? 1 : c == '}' ? -1 : 0;
                if (depth == 0) {
                    return Optional.of(text.substring(start + 1, i).strip()).filter(inner -> !inner.isEmpty());
                }
            }
        }
        return Optional.empty();
    }
}
