package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
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
}
