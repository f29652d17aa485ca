package io.torrefy.posttrain.rewards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Score;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Values are those of TRL 1.13's and open-r1's tests, or of the papers' formulas.
class ShapingRewardsTest {
    private static final Problem PROBLEM = new Problem("p", "Q", "42");
    private static final Problem OPENED = new Problem("p", "Q <think>\n", "42");
    /// Says that a text is right when it says so.
    private static final Reward ACCURACY = (_, completion) -> completion.equals("right") ? 1 : 0;

    private static Attempt attempt(String text, int... ids) {
        return new Attempt(PROBLEM, text, ids, false);
    }

    private static int[] tokens(int count) {
        int[] ids = new int[count];
        Arrays.fill(ids, 1);
        return ids;
    }

    @ParameterizedTest
    @CsvSource({"50, 0", "80, 0", "81, -0.05", "90, -0.5", "100, -1", "110, -1"})
    void softOverlong(int length, double expected) {
        Reward reward = LengthRewards.softOverlong(100, 20);
        assertThat(reward.score(attempt("", tokens(length)))).isEqualTo(expected, within(1e-12));
        // A fifth of the length is the default.
        assertThat(LengthRewards.softOverlong(100, 0).score(attempt("", tokens(length))))
                .isEqualTo(expected, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({
        "right, 25, 0.92678",
        "right, 75, 0.57322",
        "wrong, 25, -0.92678",
        "wrong, 75, -0.57322",
        "right, 0, 1",
        "right, 100, 0.5",
        "right, 200, 0.5",
        "wrong, 0, -1",
        "wrong, 100, -0.5",
        "wrong, 200, -0.5"
    })
    void cosine(String text, int length, double expected) {
        Reward reward = LengthRewards.cosine(ACCURACY, 100, -1, -0.5, 0.5, 1);
        assertThat(reward.score(attempt(text, tokens(length)))).isEqualTo(expected, within(1e-5));
    }

    /// Kimi k1.5: λ = 0.5 - (length - shortest) / (longest - shortest), for each problem on its own.
    @Test
    void kimi() {
        Reward reward = LengthRewards.kimi(ACCURACY);
        Problem other = new Problem("other", "Q", "42");
        List<Attempt> attempts = List.of(
                attempt("right", tokens(10)),
                attempt("right", tokens(20)),
                attempt("right", tokens(15)),
                attempt("wrong", tokens(10)),
                attempt("wrong", tokens(20)),
                new Attempt(other, "right", tokens(100), false),
                new Attempt(other, "wrong", tokens(100), false));
        assertThat(reward.scoreAll(attempts).stream().mapToDouble(Score::value).toArray())
                .containsExactly(0.5, -0.5, 0, 0, -0.5, 0, 0);
    }

    @Test
    void whatAccuracyCannotSayFailsTheLengthRewardToo() {
        Reward reward = LengthRewards.kimi((_, _) -> {
            throw new IllegalStateException("no gold");
        });
        List<Score> scores = reward.scoreAll(List.of(attempt("a", 1), attempt("b", 1, 2)));
        assertThat(scores).allMatch(Score::isFailure);
    }

    @ParameterizedTest
    @CsvSource({
        "1 2 3 4,       2, -1,   0",
        "5 5 5 5 5,     2, -1,   -0.75",
        "1 2 1 2 1 2,   2, -1,   -0.6",
        "1 2,           3, -1,   0",
        "1 2 3,         3, -1,   0",
        "5 5 5 5 5,     2, -0.5, -0.375",
        "1 2 3 1 2 3,   2, -1,   -0.4",
        "1 2 3 1 2 3,   3, -1,   -0.25",
        "9,             2, -1,   0",
    })
    void repetition(String ids, int n, double maxPenalty, double expected) {
        int[] tokens = Arrays.stream(ids.strip().split(" "))
                .mapToInt(Integer::parseInt)
                .toArray();
        assertThat(TextRewards.repetitionPenalty(n, maxPenalty).score(attempt("", tokens)))
                .isEqualTo(expected, within(1e-12));
        assertThat(TextRewards.wordRepetitionPenalty(n, maxPenalty).score(PROBLEM, ids))
                .isEqualTo(expected, within(1e-12));
    }

    @Test
    void repetitionOfNothingIsNone() {
        assertThat(TextRewards.repetitionPenalty(3, -1).score(attempt(""))).isZero();
        assertThat(TextRewards.wordRepetitionPenalty(3, -1).score(PROBLEM, " ")).isZero();
        assertThat(TextRewards.wordRepetitionPenalty(2, -1).score(PROBLEM, "The the THE the"))
                .isEqualTo(-2.0 / 3, within(1e-12));
        assertThatThrownBy(() -> TextRewards.repetitionPenalty(2, 0.5)).hasMessageContaining("maxPenalty <= 0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<think>This is my reasoning.</think>This is my answer.",
                "<think>\nThis is my reasoning.\n</think>\nThis is my answer.",
                "<think>\nThis is\nmy reasoning.\n</think>\nThis is my answer.",
                "<think>\nThis is <some tag> my reasoning.</think>\nThis is my answer.",
                "<think></think>\nThis is my answer.",
            })
    void thinkFormat(String completion) {
        assertThat(TextRewards.thinkFormat().score(PROBLEM, completion)).isEqualTo(1);
        assertThat(TextRewards.thinkFormat().score(OPENED, completion.substring("<think>".length())))
                .isEqualTo(1);
        assertThat(TextRewards.thinkFormat().score(OPENED, completion)).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<think>\nThis is my reasoning.\nThis is my answer.",
                "<think>This is my reasoning.\nThis is my answer.",
                "This is my reasoning. This is my answer.",
                "This is my reasoning.\nThis is my answer.",
                "This is my reasoning.</think>\nThis is my answer.",
                "This is my reasoning.</think>This is my answer.",
                "This<think>is my reasoning.</think>\nThis is my answer.",
                "<think>This is<think>my reasoning.</think></think>This is my answer.",
                "<think>This is</think>\nmy\n<think>reasoning.</think>\nThis is my answer.",
            })
    void noThinkFormat(String completion) {
        assertThat(TextRewards.thinkFormat().score(PROBLEM, completion)).isZero();
    }

    @Test
    void tagCount() {
        Reward reward = TextRewards.tagCount();
        assertThat(reward.score(PROBLEM, "<think>\na\n</think>\n<answer>\nb\n</answer>"))
                .isEqualTo(1);
        assertThat(reward.score(PROBLEM, "\na\n</think>\n<answer>\nb\n</answer>"))
                .isEqualTo(0.75);
        assertThat(reward.score(PROBLEM, "<think>\na\n</think>\n<answer>\nb\n</answer>\n</answer>"))
                .isEqualTo(0.75);
        assertThat(reward.score(PROBLEM, "a")).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "en | We add the two numbers and get five               | 1",
                "en | Мы складываем два числа                           | 0",
                "en | 我们把 two numbers                                    | 0.4",
                "zh | 我们把 two numbers                                    | 0.6",
                "zh | 我们先算                                              | 1",
                "ja | まず計算する                                            | 1",
                "ru | Мы складываем два числа                           | 1",
                "ru | Мы складываем two числа                           | 0.75",
                "en | Nous avons dix et vous                            | 0.4",
                "en | <think>We add</think> Мы складываем               | 1",
                "en | Let $x = два$ be two                              | 1",
                "en | 1 + 1 = 2                                         | 0",
                "GREEK | καλημέρα world                                 | 0.5",
            })
    void languageConsistency(String language, String text, double expected) {
        assertThat(TextRewards.languageConsistency(language).score(PROBLEM, text.strip()))
                .isEqualTo(expected, within(1e-12));
    }

    @Test
    void namesTheLanguagesItKnows() {
        assertThatThrownBy(() -> TextRewards.languageConsistency("klingon"))
                .hasMessageContaining("[reward language_consistency]")
                .hasMessageContaining("ru");
    }

    @Test
    void aRewardModelIsAReward() {
        RewardModel model = attempts -> attempts.stream()
                .mapToDouble(a -> a.tokens() == 0 ? Double.NaN : a.tokens() * 0.5)
                .toArray();
        List<Score> scores = model.reward().scoreAll(List.of(attempt("a", 1, 2), attempt("b"), attempt("c", 3)));
        assertThat(scores.get(0).value()).isEqualTo(1);
        assertThat(scores.get(1).isFailure()).isTrue();
        assertThat(scores.get(2).value()).isEqualTo(0.5);
        assertThatThrownBy(() -> model.reward().score(PROBLEM, "a")).hasMessageContaining("score an Attempt");
    }
}
