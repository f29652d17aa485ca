package io.torrefy.posttrain.rewards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Verdict;
import io.torrefy.posttrain.rewards.MathsVerifier.Place;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MathsVerifierTest {
    /// Pairs of answers that mean the same, and pairs that do not, by mathematics.
    @Test
    void answersMeanTheSameOrNot() throws IOException {
        List<String> wrong = new ArrayList<>();
        int cases = 0;
        for (String line : lines()) {
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.split("\t", -1);
            cases++;
            if (MathsVerifier.equal(parts[1], parts[2]) != parts[0].equals("=")) {
                wrong.add(line.replace('\t', ' '));
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(cases).isGreaterThan(300);
    }

    private static List<String> lines() throws IOException {
        try (var in = Objects.requireNonNull(MathsVerifierTest.class.getResourceAsStream("maths.tsv"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    /// An answer always means the same as itself.
    @Test
    void answersEqualThemselves() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (String line : lines()) {
            String[] parts = line.split("\t", -1);
            if (parts.length == 3 && !parts[1].isBlank() && !MathsVerifier.equal(parts[1], parts[1])) {
                wrong.add(parts[1]);
            }
        }
        assertThat(wrong).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "BOXED    | so \\boxed{1} and \\boxed{42}.                       | 42",
                "BOXED    | \\boxed{\\boxed{42}}                                 | 42",
                "BOXED    | \\boxed{\\frac{84}{2}}                               | 42",
                "BOXED    | <think>\\boxed{1}</think> \\boxed{42}                | 42",
                "BOXED    | \\fbox{42}                                           | 42",
                "TAGGED   | <think>hm</think><answer>42</answer>                 | 42",
                "TAGGED   | <answer> \\boxed{42} </answer>                       | 42",
                "TAGGED   | <answer>1</answer> <answer>42</answer>               | 42",
                "TAGGED   | <answer>The answer is 42.</answer>                   | 42",
                "TAGGED   | <answer>There are 6 bags of 7, so 42</answer>        | 42",
                "TAGGED   | \\boxed{42}                                          | 42",
                "TAGGED   | reasoning </think> \\boxed{42}                       | 42",
                "HASHES   | 6 * 7 = 42 #### 42                                   | 42",
                "HASHES   | #### 1 and again #### 1,042                          | 1042",
                "ANYWHERE | The final answer is $42$. I hope it is correct.      | 42",
                "ANYWHERE | **Answer:** 42                                       | 42",
                "ANYWHERE | It is $6 \\cdot 7$, that is $42$                     | 42",
                "ANYWHERE | First 6, then 7, so 42.                              | 42",
                "ANYWHERE | Answer: \\(\\frac{1}{2}\\)                           | 0.5",
            })
    void findsTheFinalAnswer(Place place, String completion, String expected) {
        Verdict verdict = MathsVerifier.of(place, false).verify(expected, completion);
        assertThat(verdict.correct()).as(verdict.toString()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // The right answer where it is none.
                "TAGGED   | <think>\\boxed{42}</think>",
                "TAGGED   | <think>\\boxed{42}</think> \\boxed{43}",
                "TAGGED   | <think> \\boxed{42}",
                "TAGGED   | <think>a</think> <think> <answer>42</answer>",
                "TAGGED   | <answer>42",
                "TAGGED   | 42",
                "TAGGED   | <answer></answer>",
                "TAGGED   | <answer>42</answer><answer>43</answer>",
                "BOXED    | <answer>42</answer>",
                "BOXED    | \\boxed{42",
                "BOXED    | \\boxed{}",
                "BOXED    | \\boxed{42} \\boxed{}",
                "BOXED    | boxed{42}",
                "HASHES   | 42",
                "ANYWHERE | The answer is 43, not 42 or 44",
                // Guesses.
                "BOXED    | \\boxed{41, 42, 43}",
                "BOXED    | \\boxed{41 \\text{ or } 42}",
                "BOXED    | \\boxed{[41,43]}",
                "BOXED    | \\boxed{\\pm 42}",
                "BOXED    | \\boxed{42=43}",
                "TAGGED   | <answer>42 or 43</answer>",
                // The question again.
                "BOXED    | \\boxed{6*7}",
                "BOXED    | \\boxed{6 \\times 7}",
                "BOXED    | \\boxed{84/2}",
                "BOXED    | \\boxed{\\frac{84}{2}}",
                "BOXED    | \\boxed{40+2}",
                "BOXED    | \\boxed{\\sqrt{1764}}",
                "BOXED    | \\boxed{x=6*7}",
                "BOXED    | \\boxed{--42}",
                "BOXED    | \\boxed{42^1}",
                "BOXED    | \\boxed{|42|}",
            })
    void paysNoTrick(Place place, String completion) {
        Verdict verdict = MathsVerifier.of(place, true).verify("42", completion);
        assertThat(verdict.correct()).as(verdict.toString()).isFalse();
        assertThat(verdict.outcome()).isNotEqualTo(Verdict.Outcome.CORRECT);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "42           | 42.0",
                "42           | x = 42",
                "42           | 6*7 = 42",
                "42           | 42\\text{ apples}",
                "-42          | -42",
                "1000000      | 10^6",
                "1000000      | 1 \\times 10^{6}",
                "0.5          | \\frac12",
                "0.5          | \\frac{2}{4}",
                "-0.5         | -\\frac12",
                "1.5          | 1\\frac12",
                "50\\%        | \\frac12",
                "2^{10}       | 1024",
                "2^{10}       | 2^{10}",
                "\\sqrt{2}    | \\frac{2}{\\sqrt2}",
                "[0,1]        | [0,1]",
                "(-\\infty,1) | x<1",
                "1, 2         | x=1, x=2",
            })
    void aWorkedOutAnswerIsOne(String expected, String said) {
        Verdict verdict = MathsVerifier.of(Place.BOXED, true).verify(expected, "\\boxed{" + said + "}");
        assertThat(verdict.correct()).as(verdict.toString()).isTrue();
    }

    /// TRL 1.13's tests of `accuracy_reward` and `reasoning_accuracy_reward`, but for gold answers in words, which
    /// TRL cannot read.
    @Test
    void agreesWithTrl() {
        MathsVerifier verifier = MathsVerifier.of(Place.BOXED, false);
        String boxed = "\\boxed{\\frac{63}{400}}";
        assertThat(verifier.verify("\\frac{63}{400}", boxed).correct()).isTrue();
        assertThat(verifier.verify("63/400", boxed).correct()).isTrue();
        assertThat(verifier.verify("\\frac{63}{400}", "\\boxed{\\frac{64}{400}}")
                        .correct())
                .isFalse();
        assertThat(verifier.verify("6", "\\boxed{3}").correct()).isFalse();
        assertThat(verifier.verify("\\frac{63}{400}", "Reasoning content </think> " + boxed)
                        .correct())
                .isTrue();
        assertThat(verifier.verify("\\boxed{42}", "<think> My answer is \\boxed{42} </think> Some other text.")
                        .correct())
                .isFalse();
        assertThat(verifier.verify("\\frac{63}{400}", "<think> Incomplete reasoning")
                        .correct())
                .isFalse();
    }

    /// Texts made to take for ever, or to overflow a stack.
    @Timeout(300)
    @ParameterizedTest
    @ValueSource(
            strings = {
                "(",
                "[",
                "{",
                "\\{",
                "\\frac",
                "\\sqrt",
                "-",
                "1+",
                "2^",
                "|",
                "\\sin ",
                "9!",
                "a a ",
                "« ",
                "1,",
                "per per ",
                "\\text{a}",
                "0.\\overline{1}",
                "\\begin{matrix}",
                "$",
                "\\boxed{",
                "1/",
                "x_",
                "%",
                "1 1/",
                ",123"
            })
    void isNotToBeOverrun(String part) {
        MathsVerifier verifier = MathsVerifier.of(Place.ANYWHERE, true);
        for (int times : new int[] {1, 10, 60, 333, 20_000}) {
            String text = "<answer>" + part.repeat(times) + "</answer>";
            assertThat(verifier.verify("42", text).correct()).isFalse();
        }
    }

    @Test
    void aProblemWithoutAnAnswerIsAFailureAndNoZero() {
        Reward reward = MathsVerifier.reward(Place.TAGGED, true);
        assertThatThrownBy(() -> reward.score(new Problem("p", "Q", " "), "\\boxed{1}"))
                .hasMessageContaining("expected a reference answer");
        assertThatThrownBy(() -> reward.score(new Problem("p", "Q", 7L), "\\boxed{1}"))
                .hasMessageContaining("an answer in words");
        Attempt attempt = new Attempt(new Problem("p", "Q", " "), "\\boxed{1}", new int[] {1}, false);
        assertThat(reward.scoreAll(List.of(attempt)).getFirst().isFailure()).isTrue();
    }

    @Test
    void aPromptThatOpenedThinkingWaitsForItsEnd() {
        Reward reward = MathsVerifier.reward(Place.TAGGED, true);
        Problem opened = new Problem("p", "Q <think>\n", "42");
        assertThat(reward.score(opened, "a \\boxed{42}")).isZero();
        assertThat(reward.score(opened, "a </think> \\boxed{42}")).isEqualTo(1);
        assertThat(reward.score(new Problem("p", "Q", "so \\boxed{42}"), "\\boxed{42}"))
                .isEqualTo(1);
        assertThat(reward.score(new Problem("p", "Q", "6*7 = 42 #### 42"), "\\boxed{42}"))
                .isEqualTo(1);
    }
}
