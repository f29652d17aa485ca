package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RewardsTest {
    private static final Problem PLAIN = new Problem("p", "Q\n", "goal");
    private static final Problem OPENED = new Problem("p", "Q\nAssistant: <think>\n", "goal");
    private static final Reward FORMAT = Rewards.thinkAnswerFormat();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<think>a</think><answer>b</answer>",
                " \n<think> a\n\nb </think>\n\n<answer> b </answer>\n",
                "<think>1 < 2 and <b>bold</b></think><answer>2 > 1</answer>",
            })
    void acceptsTheFormat(String completion) {
        assertThat(FORMAT.score(PLAIN, completion)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "b",
                "<answer>b</answer>",
                "<think>a</think>",
                "<think>a</think><answer>b",
                "<think>a</think><answer></answer>",
                "<think> </think><answer>b</answer>",
                "a</think><answer>b</answer>",
                "x<think>a</think><answer>b</answer>",
                "<think>a</think>x<answer>b</answer>",
                "<think>a</think><answer>b</answer>x",
                "<think><think>a</think><answer>b</answer>",
                "<think>a</think></think><answer>b</answer>",
                "<think>a</think><answer>b</answer><answer>b</answer>",
                "<think>a<answer>b</answer></think>",
                "<answer>b</answer><think>a</think>",
                "</think>a<think><answer>b</answer>",
                "<Think>a</Think><answer>b</answer>",
                "<think >a</think><answer>b</answer>",
            })
    void refusesEverythingElse(String completion) {
        assertThat(FORMAT.score(PLAIN, completion)).isEqualTo(0);
    }

    @Test
    void countsAThinkTagThatThePromptOpened() {
        assertThat(FORMAT.score(OPENED, "a</think><answer>b</answer>")).isEqualTo(1);
        assertThat(FORMAT.score(OPENED, "<think>a</think><answer>b</answer>")).isEqualTo(0);
        assertThat(FORMAT.score(PLAIN, "a</think><answer>b</answer>")).isEqualTo(0);
    }

    @Test
    void addsUpWeightedScores() {
        var rewards = Rewards.of("accuracy", (_, _) -> 1)
                .plus("format", (_, _) -> 0.5, 0.25)
                .plus("length", (_, c) -> c.length(), -1);
        var scored = rewards.score(PLAIN, "abc");
        assertThat(scored.total()).isEqualTo(1 + 0.125 - 3);
        assertThat(scored.score("length")).isEqualTo(3);
        assertThat(scored.parts())
                .containsExactly(
                        new RewardBreakdown.Part("accuracy", 1, 1),
                        new RewardBreakdown.Part("format", 0.25, 0.5),
                        new RewardBreakdown.Part("length", -1, 3));
        assertThat(rewards.names()).isEqualTo(List.of("accuracy", "format", "length"));
        assertThatThrownBy(() -> scored.score("style")).hasMessageContaining("[accuracy, format, length]");
    }

    @Test
    void aFailingRewardIsNoZero() {
        var throwing = Rewards.of("broken", (_, _) -> {
            throw new IllegalStateException("boom");
        });
        assertThatThrownBy(() -> throwing.score(PLAIN, ""))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("[reward broken]")
                .hasRootCauseMessage("boom");
        assertThatThrownBy(() -> Rewards.of("nan", (_, _) -> Double.NaN).score(PLAIN, ""))
                .hasMessageContaining("expected a finite score; got NaN on problem p");
    }

    @Test
    void refusesTwoRewardsOfOneName() {
        var rewards = Rewards.of("a", (_, _) -> 1);
        assertThatThrownBy(() -> rewards.plus("a", (_, _) -> 1, 1)).hasMessageContaining("in use");
        assertThatThrownBy(() -> rewards.plus("b", (_, _) -> 1, Double.NaN)).hasMessageContaining("finite weight");
    }

    private static Attempt attempt(String text) {
        return new Attempt(PLAIN, text, new int[text.length()], false);
    }

    /// Fails where a completion says so.
    private static final Reward FAILING = (_, completion) -> switch (completion) {
        case "throw" -> throw new IllegalStateException("boom");
        case "nan" -> Double.NaN;
        default -> completion.length();
    };

    @Test
    void countsFailuresByName() {
        Rewards rewards =
                Rewards.of("fine", (_, _) -> 1).plus("failing", FAILING, 2).withMaxFailures(0.5);
        RewardBatch batch = rewards.scoreAll(List.of(attempt("a"), attempt("throw"), attempt("nan"), attempt("four")));
        assertThat(batch.breakdowns().stream()
                        .mapToDouble(RewardBreakdown::total)
                        .toArray())
                .containsExactly(3, Double.NaN, Double.NaN, 9);
        assertThat(batch.breakdowns().get(1).score("fine")).isEqualTo(1);
        assertThat(batch.failed()).isEqualTo(Map.of("fine", 0, "failing", 2));
        assertThat(batch.messages()).hasSize(1);
        assertThat(batch.messages().getFirst())
                .contains("[reward failing] failed on problem p", "boom", "2 of 4 completions", "Hint");
    }

    @Test
    void tooManyFailuresStopARun() {
        List<Attempt> attempts = List.of(attempt("a"), attempt("nan"), attempt("throw"), attempt("b"));
        for (double share : new double[] {0, 0.49}) {
            Rewards rewards = Rewards.of("failing", FAILING).withMaxFailures(share);
            assertThatThrownBy(() -> rewards.scoreAll(attempts))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("[reward failing] expected a finite score; got NaN on problem p")
                    .hasMessageContaining("2 of 4 completions")
                    .hasMessageContaining("--reward-failures");
        }
        assertThatThrownBy(() -> Rewards.of("failing", FAILING).withMaxFailures(1.5))
                .hasMessageContaining("from 0 to 1");
    }

    /// One that waits is woken, one that spins is left to itself; a run ends by both, and is told where.
    @Test
    void aRewardThatHangsIsNamed() {
        var over = new AtomicBoolean();
        Reward waits = (_, _) -> {
            try {
                new CountDownLatch(1).await();
                return 0;
            } catch (InterruptedException _) {
                over.set(true);
                throw new IllegalStateException("woken");
            }
        };
        Reward spins = (_, _) -> {
            while (!over.get()) {
                Thread.onSpinWait();
            }
            return 0;
        };
        List<Attempt> attempts = List.of(attempt("a"), attempt("b"));
        try {
            for (Reward reward : List.of(spins, waits)) {
                Rewards rewards = Rewards.of("slow", reward).withTimeLimit(Duration.ofMillis(50));
                assertThatThrownBy(() -> rewards.scoreAll(attempts))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining(
                                "[reward slow] expected the scores of 2 completions within 0.0500 s; got none")
                        .hasMessageContaining("RewardsTest")
                        .hasMessageContaining("withTimeLimit");
            }
        } finally {
            over.set(true);
        }
        assertThatThrownBy(() -> Rewards.of("slow", waits).withTimeLimit(Duration.ZERO))
                .hasMessageContaining("positive time limit; got PT0S");
    }

    @Test
    void aRewardHasToScoreAll() {
        Reward few = new Reward() {
            @Override
            public double score(Problem problem, String completion) {
                return 0;
            }

            @Override
            public List<Score> scoreAll(List<Attempt> attempts) {
                return List.of();
            }
        };
        assertThatThrownBy(() -> Rewards.of("few", few).scoreAll(List.of(attempt("a"))))
                .hasMessageContaining("[reward few] expected 1 scores, one a completion; got 0");
    }
}
