package io.torrefy.posttrain.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.posttrain.Task;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Best-of-N, self-consistency and the step-wise beam.
class SampledSearchTest {
    private static final Task TASK = ScriptedPolicy.task();

    private static ProcessScorer table(Map<String, Double> scores) {
        return (_, drafts) -> drafts.stream()
                .mapToDouble(draft -> scores.getOrDefault(draft.text(), 0.0))
                .toArray();
    }

    private static String text(Search search, Session session) {
        return search.solve(session).draft().text();
    }

    @Test
    void theScorersFavouriteIsTheFirstOfTheBest() {
        Policy policy = ScriptedPolicy.telling("a", "bb", "c", "bb", "dddd");
        ProcessScorer scorer = table(Map.of("a", 0.2, "bb", 0.7, "c", 0.7, "dddd", 0.9));
        Session four = ScriptedPolicy.session(policy, TASK, 20);
        assertThat(text(new BestOfN(4, 1, scorer), four)).isEqualTo("bb");
        // Letters and an end token each, those of samples that lost included.
        assertThat(four.tokens()).isEqualTo(2 + 3 + 2 + 3);
        assertThat(text(new BestOfN(5, 1, scorer), ScriptedPolicy.session(policy, TASK, 20)))
                .isEqualTo("dddd");
    }

    /// Votes: 5 three times (white space apart), 7 twice, nothing twice.
    @Test
    void theMajorityIsOfAnswers() {
        Policy policy = ScriptedPolicy.telling("7", "5", "", "7", "", " 5", "5 ");
        Solution found = SelfConsistency.majority(7, 1).solve(ScriptedPolicy.session(policy, TASK, 20));
        assertThat(found.draft().text()).isEqualTo("5");
        assertThat(found.score()).isEqualTo(3);
        // One each: the first.
        assertThat(text(SelfConsistency.majority(3, 1), ScriptedPolicy.session(policy, TASK, 20)))
                .isEqualTo("7");
        Policy silent = ScriptedPolicy.telling("", "");
        assertThat(text(SelfConsistency.majority(2, 1), ScriptedPolicy.session(silent, TASK, 20)))
                .isEmpty();
    }

    /// 5 weighs 0.1 + 0.1 + 0.1, 7 weighs 0.2 + 0.2.
    @Test
    void votesWeighWhatTheScorerGives() {
        Policy policy = ScriptedPolicy.telling("5", "7", "5", "7", "5");
        ProcessScorer scorer = table(Map.of("5", 0.1, "7", 0.2));
        Solution found = SelfConsistency.weightedMajority(5, 1, scorer).solve(ScriptedPolicy.session(policy, TASK, 20));
        assertThat(found.draft().text()).isEqualTo("7");
        assertThat(found.score()).isCloseTo(0.4, within(1e-15));
    }

    @Test
    void aScoreOutsideOfItsRangeIsNamed() {
        Policy policy = ScriptedPolicy.telling("a");
        assertThatThrownBy(() ->
                        new BestOfN(1, 1, table(Map.of("a", 1.5))).solve(ScriptedPolicy.session(policy, TASK, 20)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("from 0 to 1")
                .hasMessageContaining("1.5")
                .hasMessageContaining("problem p");
        assertThatThrownBy(() -> new BestOfN(1, 1, (_, _) -> new double[] {Double.NaN})
                        .solve(ScriptedPolicy.session(policy, TASK, 20)))
                .hasMessageContaining("NaN");
    }

    @Test
    void oneSampleOfTemperatureZeroIsNoChoice() {
        assertThatThrownBy(() -> new BestOfN(4, 0, table(Map.of()))).hasMessageContaining("temperature above 0");
        assertThatThrownBy(() -> SelfConsistency.majority(0, 1)).hasMessageContaining("n of at least 1; got 0");
    }

    /// a, b or c with equal probability four times, then the end; the scorer counts b's. A sample hits bbbb once in
    /// 81 times; guided by steps, one round of 48 drafts for each letter is enough.
    @Test
    void theStepBeamFollowsTheScorer() {
        ScriptedPolicy policy = new ScriptedPolicy(
                List.of("", "a,", "b,", "c,"),
                written ->
                        written.size() < 4 ? new double[] {0, 1 / 3.0, 1 / 3.0, 1 / 3.0} : new double[] {1, 0, 0, 0});
        ProcessScorer bees = (_, drafts) -> drafts.stream()
                .mapToDouble(draft -> draft.text().chars().filter(c -> c == 'b').count() / 5.0)
                .toArray();
        Session session = ScriptedPolicy.session(policy, TASK, 20);
        Solution found = new StepBeam(48, 24, 1, ",", bees).solve(session);
        assertThat(found.draft().text()).isEqualTo("b,b,b,b,");
        assertThat(found.draft().end()).isEqualTo(Draft.End.STOP);
        // Five rounds of a token for each draft: four letters, and the end.
        assertThat(session.tokens()).isEqualTo(5 * 48).isEqualTo(policy.given);
    }

    @Test
    void theStepBeamsRoundsAreWholeMultiples() {
        assertThatThrownBy(() -> new StepBeam(6, 4, 1, "\n", table(Map.of())))
                .hasMessageContaining("multiple of width 4");
        assertThatThrownBy(() -> new StepBeam(8, 4, 1, "", table(Map.of()))).hasMessageContaining("separator");
    }

    @Test
    void aPromptWithoutRoomIsNamed() {
        assertThatThrownBy(() -> ScriptedPolicy.session(ScriptedPolicy.telling("a"), TASK, 0))
                .hasMessageContaining("room for at least one new token");
    }
}
