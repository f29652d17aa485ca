package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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

    private static final Duration TIME_LIMIT = Duration.ofMinutes(10);

    private record Entry(String name, Reward reward, double weight) {}

    private final List<Entry> entries;
    private final double maxFailures;
    private final Duration timeLimit;

    private Rewards(List<Entry> entries, double maxFailures, Duration timeLimit) {
        this.entries = entries;
        this.maxFailures = maxFailures;
        this.timeLimit = timeLimit;
    }

    /// A sum of one reward with weight 1.
    public static Rewards of(String name, Reward reward) {
        return of(name, reward, 1);
    }

    /// A sum of one reward.
    ///
    /// @throws IllegalArgumentException if the weight is not finite
    public static Rewards of(String name, Reward reward, double weight) {
        return new Rewards(List.of(), 0, TIME_LIMIT).plus(name, reward, weight);
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
        return new Rewards(List.copyOf(more), maxFailures, timeLimit);
    }

    /// This sum, which bears that each of its rewards fails on a share of a step's completions. Those are counted,
    /// take no part in their group and teach nothing. Above it [#scoreAll] throws. Without a call: 0, the first
    /// failure throws.
    ///
    /// @param share from 0 to 1
    public Rewards withMaxFailures(double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("[reward] expected a share of failures from 0 to 1; got " + share);
        }
        return new Rewards(entries, share, timeLimit);
    }

    /// This sum, each of whose rewards may take as long for a step's completions; beyond it [#scoreAll] throws and
    /// says where the reward's code is. Without a call: ten minutes, so that one that hangs ends the run and not
    /// the night.
    ///
    /// @param limit positive
    public Rewards withTimeLimit(Duration limit) {
        if (!limit.isPositive()) {
            throw new IllegalArgumentException("[reward] expected a positive time limit; got " + limit);
        }
        return new Rewards(entries, maxFailures, limit);
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
        Score score;
        try {
            score = Score.of(entry.reward().score(problem, completion));
        } catch (RuntimeException e) {
            score = Score.failed(e);
        }
        if (score.isFailure()) {
            throw new IllegalStateException(why(entry, problem, score), score.failure());
        }
        return score.value();
    }

    /// Scores a step's completions, those of a problem next to each other.
    ///
    /// A completion that one of the rewards cannot score has no total: summing the others, as TRL does, would pay
    /// it the penalty that was not measured.
    ///
    /// Rewards are called on a thread of their own.
    ///
    /// @throws IllegalStateException if a reward fails on more than the share it may, gives too few scores or does
    ///     not come back; names the reward, a problem, the reason and what to do
    public RewardBatch scoreAll(List<Attempt> attempts) {
        var scores = new ArrayList<List<Score>>();
        var failed = new LinkedHashMap<String, Integer>();
        var messages = new ArrayList<String>();
        for (var entry : entries) {
            List<Score> of = scores(entry, attempts);
            int failures = (int) of.stream().filter(Score::isFailure).count();
            failed.put(entry.name(), failures);
            if (failures > 0) {
                messages.add(report(entry, attempts, of, failures));
            }
            scores.add(of);
        }
        var breakdowns = new ArrayList<RewardBreakdown>();
        for (int i = 0; i < attempts.size(); i++) {
            var parts = new ArrayList<RewardBreakdown.Part>();
            for (int e = 0; e < entries.size(); e++) {
                Entry entry = entries.get(e);
                parts.add(new RewardBreakdown.Part(
                        entry.name(), entry.weight(), scores.get(e).get(i).value()));
            }
            breakdowns.add(RewardBreakdown.of(parts));
        }
        return new RewardBatch(breakdowns, failed, messages);
    }

    private List<Score> scores(Entry entry, List<Attempt> attempts) {
        List<Score> scores;
        try {
            scores = TimeLimit.within(
                    timeLimit, "reward " + entry.name(), () -> entry.reward().scoreAll(attempts));
        } catch (TimeLimit.Hung e) {
            throw new IllegalStateException(
                    "[reward " + entry.name() + "] expected the scores of " + attempts.size() + " completions within "
                            + Figures.number(timeLimit.toMillis() / 1e3) + " s; got none, its code is at "
                            + e.getMessage()
                            + ". Hint: mend what it waits for and resume; if it only takes long, give it more"
                            + " (Rewards.withTimeLimit).",
                    e);
        } catch (RuntimeException e) {
            throw new IllegalStateException(
                    "[reward " + entry.name() + "] failed on all of " + attempts.size() + " completions, problem "
                            + (attempts.isEmpty()
                                    ? "none"
                                    : attempts.getFirst().problem().id()) + " first: " + e,
                    e);
        }
        if (scores.size() != attempts.size()) {
            throw new IllegalStateException("[reward " + entry.name() + "] expected " + attempts.size()
                    + " scores, one a completion; got " + scores.size());
        }
        return scores;
    }

    private String report(Entry entry, List<Attempt> attempts, List<Score> scores, int failures) {
        int first = 0;
        while (!scores.get(first).isFailure()) {
            first++;
        }
        Score failure = scores.get(first);
        String what = why(entry, attempts.get(first).problem(), failure);
        String count = " (" + failures + " of " + attempts.size() + " completions)";
        if (failures > maxFailures * attempts.size()) {
            throw new IllegalStateException(
                    what + count + ". Hint: mend the reward or its data and resume; or bear a share of failures"
                            + " (Rewards.withMaxFailures, --reward-failures), which then teach nothing.",
                    failure.failure());
        }
        return what + count + ". Hint: these completions teach nothing; mend the reward if it goes on.";
    }

    private static String why(Entry entry, Problem problem, Score score) {
        Exception failure = score.failure();
        return failure instanceof ArithmeticException
                ? "[reward " + entry.name() + "] " + failure.getMessage() + " on problem " + problem.id()
                : "[reward " + entry.name() + "] failed on problem " + problem.id() + ": " + failure;
    }

    /// The task's own verifier: the name by which a list of rewards has it.
    @Export(
            value = "posttrain.rewards.accuracy",
            since = "0.1",
            params = {"accuracy"})
    public static Reward accuracy(Reward accuracy) {
        return accuracy;
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
