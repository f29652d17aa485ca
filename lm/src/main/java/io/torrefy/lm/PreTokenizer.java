package io.torrefy.lm;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Cuts text into the pieces inside which tokens are merged. Steps follow the semantics of Hugging Face `tokenizers`
/// (`pre_tokenizers`): a step sees one piece and hands on the pieces it becomes, none of them empty.
@FunctionalInterface
interface PreTokenizer {
    /// The split of GPT-2, which `ByteLevel` applies when `use_regex` is set.
    Pattern GPT2 =
            SplitRegex.compile("'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

    void split(String text, Consumer<String> pieces);

    /// No step: the text is one piece.
    static PreTokenizer whole() {
        return (text, pieces) -> {
            if (!text.isEmpty()) {
                pieces.accept(text);
            }
        };
    }

    /// This step, then `next` on each of its pieces.
    default PreTokenizer then(PreTokenizer next) {
        return (text, pieces) -> split(text, piece -> next.split(piece, pieces));
    }

    /// What happens to a match of a split, as `SplitDelimiterBehavior` names it.
    enum Behavior {
        ISOLATED,
        REMOVED,
        MERGED_WITH_PREVIOUS,
        MERGED_WITH_NEXT,
        CONTIGUOUS
    }

    /// Splits where `pattern` matches, or, inverted, where it does not.
    static PreTokenizer split(Pattern pattern, Behavior behavior, boolean invert) {
        return (text, pieces) -> {
            Matcher matcher = pattern.matcher(text);
            if (behavior == Behavior.ISOLATED) {
                isolate(text, matcher, pieces);
                return;
            }
            List<Span> spans = new ArrayList<>();
            int from = 0;
            while (matcher.find()) {
                if (matcher.end() > matcher.start()) {
                    addSpan(spans, from, matcher.start(), invert);
                    addSpan(spans, matcher.start(), matcher.end(), !invert);
                    from = matcher.end();
                }
            }
            addSpan(spans, from, text.length(), invert);
            emit(text, spans, behavior, pieces);
        };
    }

    /// Splits off runs of numeric characters (Unicode categories Nd, Nl, No), or each of them.
    static PreTokenizer digits(boolean individual) {
        IntPredicate numeric = cp -> switch (Character.getType(cp)) {
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
            default -> false;
        };
        return (text, pieces) -> {
            int from = 0;
            boolean run = false;
            for (int i = 0; i < text.length(); ) {
                int cp = text.codePointAt(i);
                boolean digit = numeric.test(cp);
                if (i > from && (digit != run || (digit && individual))) {
                    pieces.accept(text.substring(from, i));
                    from = i;
                }
                run = digit;
                i += Character.charCount(cp);
            }
            if (from < text.length()) {
                pieces.accept(from == 0 ? text : text.substring(from));
            }
        };
    }

    /// Puts a space in front of a piece that has none.
    static PreTokenizer prefixSpace() {
        return (text, pieces) -> pieces.accept(text.startsWith(" ") ? text : " " + text);
    }

    /// Spells each piece in [ByteAlphabet].
    static PreTokenizer spellBytes() {
        return (text, pieces) -> pieces.accept(ByteAlphabet.spell(text));
    }

    private static void isolate(String text, Matcher matcher, Consumer<String> pieces) {
        int from = 0;
        while (matcher.find()) {
            if (matcher.end() > matcher.start()) {
                if (matcher.start() > from) {
                    pieces.accept(text.substring(from, matcher.start()));
                }
                pieces.accept(matcher.group());
                from = matcher.end();
            }
        }
        if (from < text.length()) {
            pieces.accept(from == 0 ? text : text.substring(from));
        }
    }

    private static void addSpan(List<Span> spans, int from, int to, boolean match) {
        if (to > from) {
            spans.add(new Span(from, to, match));
        }
    }

    private static void emit(String text, List<Span> spans, Behavior behavior, Consumer<String> pieces) {
        int start = 0;
        for (int i = 0; i < spans.size(); i++) {
            Span span = spans.get(i);
            boolean last = i == spans.size() - 1;
            boolean cut = last
                    || switch (behavior) {
                        case ISOLATED, REMOVED -> true;
                        case CONTIGUOUS -> span.match() != spans.get(i + 1).match();
                        case MERGED_WITH_PREVIOUS ->
                            span.match() || !spans.get(i + 1).match();
                        case MERGED_WITH_NEXT ->
                            !span.match() || spans.get(i + 1).match();
                    };
            if (cut) {
                if (!(behavior == Behavior.REMOVED && span.match())) {
                    pieces.accept(text.substring(start, span.to()));
                }
                start = span.to();
            }
        }
    }

    /// A stretch of the text that is a match or lies between matches.
    record Span(int from, int to, boolean match) {}
}
