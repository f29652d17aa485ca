package io.torrefy.posttrain.rewards;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Reward;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Rewards for what a text looks like: its format, its repetitions, its language. The strict format of R1-Zero is
/// [io.torrefy.posttrain.Rewards#thinkAnswerFormat].
@Export(value = "posttrain.rewards.TextRewards", since = "0.1")
public final class TextRewards {
    private static final String THINK = "<think>";
    private static final String THINK_END = "</think>";

    private TextRewards() {}

    /// TRL's `think_format_reward`: 1 when the text begins with `<think>`, has no second one, and `</think>` comes
    /// later, whatever follows it; otherwise 0. Where the prompt ends with `<think>`, the text judged begins there.
    @Export(value = "posttrain.rewards.think_format", since = "0.1")
    public static Reward thinkFormat() {
        return (problem, completion) -> {
            String text = opened(problem) ? THINK + completion : completion;
            return text.startsWith(THINK) && text.lastIndexOf(THINK) == 0 && text.indexOf(THINK_END, THINK.length()) > 0
                    ? 1
                    : 0;
        };
    }

    private static boolean opened(Problem problem) {
        return problem.prompt().stripTrailing().endsWith(THINK);
    }

    /// open-r1's `tag_count_reward`: a quarter for each tag of R1's format that is there exactly once and on a line
    /// of its own. A soft form, to lead a model there; it does not see order, and pays for tags without contents.
    @Export(value = "posttrain.rewards.tag_count", since = "0.1")
    public static Reward tagCount() {
        List<String> tags = List.of("<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>");
        return (problem, completion) -> {
            String text = opened(problem) ? "<think>\n" + completion.stripLeading() : completion;
            return tags.stream().filter(tag -> count(text, tag) == 1).count() * 0.25;
        };
    }

    private static int count(String text, String tag) {
        int count = 0;
        for (int at = text.indexOf(tag); at >= 0; at = text.indexOf(tag, at + tag.length())) {
            count++;
        }
        return count;
    }

    /// `maxPenalty * (1 - different n-grams / n-grams)` over token ids (Yeo et al. 2025, appendix; TRL's
    /// `get_repetition_penalty_reward`, whose defaults these are): 0 for a text without repetition or shorter than
    /// an n-gram.
    ///
    /// @param maxPenalty what a text of one n-gram alone comes near to; not above 0
    @Export(
            value = "posttrain.rewards.repetition_penalty",
            since = "0.1",
            params = {"ngramSize=3", "maxPenalty=-1"})
    public static Reward repetitionPenalty(int ngramSize, double maxPenalty) {
        check(ngramSize, maxPenalty);
        return (TokenReward)
                attempt -> penalty(Arrays.stream(attempt.ids()).boxed().toArray(), ngramSize, maxPenalty);
    }

    /// As [#repetitionPenalty] over words without regard to case, as open-r1 has it.
    @Export(
            value = "posttrain.rewards.word_repetition_penalty",
            since = "0.1",
            params = {"ngramSize=3", "maxPenalty=-1"})
    public static Reward wordRepetitionPenalty(int ngramSize, double maxPenalty) {
        check(ngramSize, maxPenalty);
        return (_, completion) -> {
            String text = completion.strip().toLowerCase(Locale.ROOT);
            return text.isEmpty() ? 0 : penalty(text.split("\\s+"), ngramSize, maxPenalty);
        };
    }

    private static void check(int ngramSize, double maxPenalty) {
        if (ngramSize < 1 || !(maxPenalty <= 0) || Double.isInfinite(maxPenalty)) {
            throw new IllegalArgumentException("[reward repetition_penalty] expected ngramSize >= 1 and a finite"
                    + " maxPenalty <= 0; got " + ngramSize + " and " + maxPenalty);
        }
    }

    private static double penalty(Object[] items, int n, double maxPenalty) {
        int all = items.length - n + 1;
        if (all <= 0) {
            return 0;
        }
        Set<List<Object>> different = new HashSet<>();
        for (int i = 0; i < all; i++) {
            different.add(Arrays.asList(items).subList(i, i + n));
        }
        // Adding 0 makes -0 a 0.
        return (1 - (double) different.size() / all) * maxPenalty + 0.0;
    }

    /// The language consistency reward of R1 (Guo et al. 2025, section 2.3.2): the share of the words that are of
    /// the target language, from 0 to 1, in the reasoning if it is in `<think>` tags, else in the whole text. What
    /// has no words earns 0: silence is no way to be consistent. [Languages] says how a word's language is told.
    ///
    /// @param language a code of ISO 639-1 such as `en`, or the name of a script such as `LATIN`
    @Export(
            value = "posttrain.rewards.language_consistency",
            since = "0.1",
            params = {"language=en"})
    public static Reward languageConsistency(String language) {
        Languages target = Languages.of(language);
        return (problem, completion) -> {
            String text = opened(problem) ? THINK + completion : completion;
            int from = text.indexOf(THINK);
            int to = text.lastIndexOf(THINK_END);
            boolean tagged = from >= 0 && to >= from + THINK.length();
            return target.share(tagged ? text.substring(from + THINK.length(), to) : text);
        };
    }
}
