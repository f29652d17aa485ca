package io.torrefy.posttrain.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.posttrain.Countdown;
import io.torrefy.posttrain.Task;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScorersTest {
    private static final Countdown COUNTDOWN = Countdown.standard();
    private static final Countdown.Puzzle PUZZLE = new Countdown.Puzzle(List.of(9, 5, 7), 18);

    private static boolean alive(String text) {
        return CountdownScorer.alive(COUNTDOWN, PUZZLE, text);
    }

    /// 9 5 7 makes 18 as 9 * (7 - 5) and in no other way that begins with one of these.
    @Test
    void numbersAtHandReachTheTargetOrDoNot() {
        assertThat(alive("")).isTrue();
        assertThat(alive("<think> 9 +")).isTrue();
        assertThat(alive("<think> 7 - 5 = 2,")).isTrue();
        assertThat(alive("<think> 9 + 5 = 14,")).isFalse(); // 14 and 7: 21, 7, 98
        assertThat(alive("<think> 9 * 5 = 45,")).isFalse();
        assertThat(alive("<think> 7 - 5 = 2, 9 * 2 = 18")).isTrue();
        assertThat(alive("<think> 7 - 5 = 2, 9 + 2 = 11")).isFalse();
    }

    @Test
    void computationsThatBreakTheRulesAreDead() {
        assertThat(alive("<think> 7 - 5 = 3,")).isFalse();
        assertThat(alive("<think> 7 + 7 = 14,")).isFalse();
        assertThat(alive("<think> 7 - 5 = 2, 7 + 2 = 9")).isFalse();
    }

    @Test
    void aNewLineBeginsWithAllNumbers() {
        assertThat(alive("<think> 9 + 5 = 14, 7: 21 7 98 not 18\n")).isTrue();
        assertThat(alive("<think> 9 + 5 = 14, 7: 21 7 98 not 18\n 7 - 5 = 2,")).isTrue();
        assertThat(alive("<think> 7 - 5 = 2, 9: 11 7 18 is 18</think>\n<answer> 9 *"))
                .isTrue();
    }

    @Test
    void whatIsOverIsJudged() {
        String right = "<think> 7 - 5 = 2, 9: 11 7 18 is 18</think>\n<answer> 9 * ( 7 - 5 )</answer>";
        String wrong = "<think> 7 - 5 = 2, 9: 11 7 18 is 18</think>\n<answer> 9 + 7 - 5</answer>";
        Session session =
                new Session(ScriptedPolicy.telling("a"), COUNTDOWN, COUNTDOWN.problem(List.of(9, 5, 7), 18), 9, 0);
        double[] scores = CountdownScorer.of()
                .score(
                        session,
                        List.of(
                                draft(right, Draft.End.STOP),
                                draft(wrong, Draft.End.STOP),
                                draft("<think> 7 - 5 = 2,", Draft.End.LENGTH),
                                draft("<think> 7 - 5 = 2,", Draft.End.OPEN),
                                draft(wrong, Draft.End.OPEN)));
        assertThat(scores).containsExactly(1, 0, 0, 1, 0);
        assertThatThrownBy(() -> CountdownScorer.of()
                        .score(
                                ScriptedPolicy.session(ScriptedPolicy.telling("a"), ScriptedPolicy.task(), 9),
                                List.of()))
                .hasMessageContaining("expected the task countdown; got texts")
                .hasMessageContaining("Hint");
    }

    private static Draft draft(String text, Draft.End end) {
        return new Draft(new int[] {1}, text, -1, 1, end);
    }

    /// Of rollouts "x" and "y" in turns only "x" is right: 2 of 4, and 1 of 2; what is over has none.
    @Test
    void rolloutsAreCounted() {
        Policy policy = ScriptedPolicy.telling("x", "y", "x", "y", "x", "y", "x", "y");
        Task task = ScriptedPolicy.task("x");
        Session session = ScriptedPolicy.session(policy, task, 9);
        assertThat(session.score(new RolloutScorer(4, 1), session.start(1))).containsExactly(0.5);
        assertThat(session.tokens()).isEqualTo(4 * 2);
        double[] more = session.score(
                new RolloutScorer(2, 1),
                List.of(draft("x", Draft.End.STOP), session.start(), draft("y", Draft.End.LENGTH), session.start()));
        assertThat(more).containsExactly(1, 0.5, 0, 0.5);
        assertThat(session.tokens()).isEqualTo(8 * 2);
    }

    @Test
    void confidenceIsTheMeanTokens() {
        Session session = ScriptedPolicy.session(ScriptedPolicy.telling("a"), ScriptedPolicy.task("a"), 9);
        Draft two = new Draft(new int[] {1, 2}, "ab", Math.log(0.5) + Math.log(0.125), 1, Draft.End.STOP);
        assertThat(session.score(Scorers.logProb(), List.of(two))[0]).isCloseTo(0.25, within(1e-15));
        assertThat(session.score(Scorers.accuracy(), List.of(draft("a", Draft.End.OPEN), draft("a", Draft.End.STOP))))
                .containsExactly(0, 1);
        assertThat(session.score(Scorers.of((_, text) -> text.length() / 4.0), List.of(two)))
                .containsExactly(0.5);
    }
}
