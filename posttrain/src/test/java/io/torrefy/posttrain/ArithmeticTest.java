package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ArithmeticTest {
    static List<Arithmetic.Options> optionSets() {
        return List.of(
                Arithmetic.Options.DEFAULT,
                Arithmetic.Options.DEFAULT.digits(4, 6).operations("*"),
                Arithmetic.Options.DEFAULT.digits(1, 2).operations("-").negative(true),
                Arithmetic.Options.DEFAULT.digits(1, 4).terms(5));
    }

    /// The value of the question in the prompt, worked out by the expression parser (tested elsewhere against
    /// hand-made cases), is the one and only right answer.
    @ParameterizedTest
    @MethodSource("optionSets")
    void theValueOfTheQuestionIsTheAnswer(Arithmetic.Options options) throws Exception {
        var task = Arithmetic.of(options);
        for (var problem : task.problems(Split.TRAINING, 1).limit(300).toList()) {
            String question = problem.prompt().replace("Compute ", "").replace(".\n", "");
            var expression = Expression.parse(question).expression();
            var value = expression.evaluate();
            assertThat(task.verify(problem, "<answer>" + value + "</answer>").correct())
                    .as(question)
                    .isTrue();
            assertThat(task.verify(problem, "<answer>" + value.plus(Rational.of(1)) + "</answer>")
                            .outcome())
                    .isEqualTo(Verdict.Outcome.WRONG_VALUE);
            assertThat(expression.numbers()).hasSize(options.terms());
            assertThat(expression.numbers())
                    .allMatch(n -> String.valueOf(n).length() >= options.minDigits()
                            && String.valueOf(n).length() <= options.maxDigits());
            assertThat(options.negative() || value.numerator().signum() >= 0).isTrue();
        }
    }

    @Test
    void readsTheLastNumberOfTheAnswer() {
        var task = Arithmetic.of(Arithmetic.Options.DEFAULT.digits(4, 4).operations("*"));
        var problem = task.training(1, 0);
        assertThat(task.verify(problem, "<answer>hm</answer>").outcome()).isEqualTo(Verdict.Outcome.UNPARSABLE);
        assertThat(task.verify(problem, "12").outcome()).isEqualTo(Verdict.Outcome.NO_ANSWER);
    }

    @Test
    void trainingAndHeldOutAreDisjoint() {
        var task = Arithmetic.of(Arithmetic.Options.DEFAULT.digits(1, 1));
        var heldOut = task.heldOut(Integer.MAX_VALUE).stream().map(Problem::id).collect(Collectors.toSet());
        var training = new HashSet<String>();
        task.problems(Split.TRAINING, 9).limit(20_000).forEach(problem -> training.add(problem.id()));
        assertThat(heldOut).isNotEmpty().doesNotContainAnyElementsOf(training);
        // 55 unordered pairs of digits times three operations.
        assertThat(heldOut.size() + training.size()).isEqualTo(165);
    }

    @Test
    void aProblemDependsOnSeedAndIndexAlone() {
        var stream = Arithmetic.of(Arithmetic.Options.DEFAULT)
                .problems(Split.TRAINING, 5)
                .limit(20)
                .toList();
        assertThat(Arithmetic.of(Arithmetic.Options.DEFAULT).training(5, 19)).isEqualTo(stream.get(19));
    }

    @Test
    void refusesOptionsThatMakeNoSense() {
        assertThatThrownBy(() -> Arithmetic.Options.DEFAULT.digits(3, 2)).hasMessageContaining("got 3 and 2");
        assertThatThrownBy(() -> Arithmetic.Options.DEFAULT.operations("+/")).hasMessageContaining("got +/");
        assertThatThrownBy(() -> Arithmetic.Options.DEFAULT.terms(1)).hasMessageContaining("got 1");
    }
}
