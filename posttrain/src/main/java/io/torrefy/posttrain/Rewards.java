package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.List;

/// Rule-based rewards, and their weighted sum.
///
/// ```java
/// var rewards = Rewards.of("accuracy", task.accuracy()).plus("format", Rewards.thinkAnswerFormat(), 0.1);
/// RewardBreakdown scored = rewards.score(problem, completion);
/// ```
@Export(value = "posttrain.Rewards", since = "0.1")
public final class Rewards {
    private static final String THINK = "<think>";
    private static final String THINK_END = "</think>";
    private static final String ANSWER = "<answer>";
    private static final String ANSWER_END = "</answer>";

    private record Entry(String name, Reward reward, double weight) {}

    private final List<Entry> entries;

    private Rewards(List<Entry> entries) {
        this.entries = entries;
    }

    /// A sum of one reward with weight 1.
    public static Rewards of(String name, Reward reward) {
        return new Rewards(List.of()).plus(name, reward, 1);
    }

    /// This sum and one more reward.
    ///
    /// @throws IllegalArgumentException if the name is taken or the weight is not finite
    public Rewards plus(String name, Reward reward, double weight) {
        if (!Double.isFinite(weight)) {
            throw new IllegalArgumentException("[reward " + name + "] expected a finite weight; got " + weight);
        }
        if (entries.stream().anyMatch(entry -> entry.name().equals(name))) {
            throw new IllegalArgumentException("[reward " + name + "] expected a new name; got one that is in use");
        }
        var more = new ArrayList<>(entries);
        more.add(new Entry(name, reward, weight));
        return new Rewards(List.copyOf(more));
    }

    /// The names of the rewards, in order.
    public List<String> names() {
        return entries.stream().map(Entry::name).toList();
    }

    /// Scores one completion.
    ///
    /// A reward that throws stops the run rather than counting as 0: a silent 0 trains the wrong thing.
    ///
    /// @throws IllegalStateException if a reward fails or is not finite; names the reward and the problem
    public RewardBreakdown score(Problem problem, String completion) {
        var parts = new ArrayList<RewardBreakdown.Part>(entries.size());
        for (var entry : entries) {
            parts.add(new RewardBreakdown.Part(entry.name(), entry.weight(), checked(entry, problem, completion)));
        }
        return RewardBreakdown.of(parts);
    }

    private static double checked(Entry entry, Problem problem, String completion) {
        double score;
        try {
            score = entry.reward().score(problem, completion);
        } catch (RuntimeException e) {
            throw new IllegalStateException(
                    "[reward " + entry.name() + "] failed on problem " + problem.id() + ": " + e, e);
        }
        if (!Double.isFinite(score)) {
            throw new IllegalStateException("[reward " + entry.name() + "] expected a finite score; got " + score
                    + " on problem " + problem.id());
        }
        return score;
    }

    /// The format reward of R1-Zero, strict: 1 when the whole text is
    ///
    /// ```
    /// <think> reasoning </think> <answer> answer </answer>
    /// ```
    ///
    /// with each of the four tags exactly once and in this order, nothing but white space before, between and
    /// after the two blocks, and something other than white space inside each; otherwise 0. Tags are matched to
    /// the letter.
    ///
    /// The text is the completion alone, unless the prompt ends with `<think>` (then white space): such a prompt
    /// has opened the block, and the text judged is `<think>` plus the completion, so a second `<think>` scores 0.
    @Export(value = "posttrain.rewards.think_answer_format", since = "0.1")
    public static Reward thinkAnswerFormat() {
        return (problem, completion) -> {
            boolean opened = problem.prompt().stripTrailing().endsWith(THINK);
            return isThinkAnswer(opened ? THINK + completion : completion) ? 1 : 0;
        };
    }

    private static boolean isThinkAnswer(String text) {
        int think = only(text, THINK);
        int thinkEnd = only(text, THINK_END);
        int answer = only(text, ANSWER);
        int answerEnd = only(text, ANSWER_END);
        if (think < 0 || thinkEnd < think || answer < thinkEnd || answerEnd < answer) {
            return false;
        }
        return text.substring(0, think).isBlank()
                && !text.substring(think + THINK.length(), thinkEnd).isBlank()
                && text.substring(thinkEnd + THINK_END.length(), answer).isBlank()
                && !text.substring(answer + ANSWER.length(), answerEnd).isBlank()
                && text.substring(answerEnd + ANSWER_END.length()).isBlank();
    }

    /// Where `tag` is, or -1 when it is missing or there more than once.
    private static int only(String text, String tag) {
        int at = text.indexOf(tag);
        return at == text.lastIndexOf(tag) ? at : -1;
    }
}
