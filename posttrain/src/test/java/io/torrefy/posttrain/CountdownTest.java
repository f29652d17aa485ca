package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.posttrain.Countdown.Options;
import io.torrefy.posttrain.Countdown.Puzzle;
import io.torrefy.posttrain.Verdict.Outcome;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CountdownTest {
    private static final Puzzle PUZZLE = new Puzzle(List.of(3, 7, 2), 23);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CORRECT       | <think>hm</think> <answer>3*7+2</answer>",
                "CORRECT       | <answer> 2 + 7 × 3 </answer>",
                "CORRECT       | <answer>(7*3)+2 = 23</answer>",
                "CORRECT       | <answer>1</answer> no, <answer>2+3*7</answer> done",
                "CORRECT       | <answer>never closed <answer>2+3*7</answer>",
                "WRONG_VALUE   | <answer>3*2+7</answer>",
                "WRONG_VALUE   | <answer>3*7+2 = 24</answer>",
                "WRONG_VALUE   | <answer>3*2+7 = 23</answer>",
                "WRONG_VALUE   | <answer>2+3*7</answer> or rather <answer>2*3+7</answer>",
                "WRONG_NUMBERS | <answer>23</answer>",
                "WRONG_NUMBERS | <answer>3*7+2+3-3</answer>",
                "WRONG_NUMBERS | <answer>7*3+1+1</answer>",
                "WRONG_NUMBERS | <answer>20+3</answer>",
                "WRONG_NUMBERS | <answer>3*7</answer>",
                "UNPARSABLE    | <answer>-2+25</answer>",
                "UNPARSABLE    | <answer>3*7+2!</answer>",
                "UNPARSABLE    | <answer></answer>",
                "UNPARSABLE    | <answer>the answer is 3*7+2</answer>",
                "NO_ANSWER     | 3*7+2",
                "NO_ANSWER     | <answer>3*7+2",
                "NO_ANSWER     | 3*7+2</answer>",
                "NO_ANSWER     | </answer>3*7+2<answer>",
            })
    void classifiesAnswers(Outcome outcome, String completion) {
        assertThat(Countdown.verify(PUZZLE, completion, true).outcome()).isEqualTo(outcome);
    }

    @Test
    void mayLeaveNumbersOutWhenTheRulesSaySo() {
        var puzzle = new Puzzle(List.of(3, 7, 2), 21);
        assertThat(Countdown.verify(puzzle, "<answer>3*7</answer>", false).correct())
                .isTrue();
        assertThat(Countdown.verify(puzzle, "<answer>3*7</answer>", true).outcome())
                .isEqualTo(Outcome.WRONG_NUMBERS);
        assertThat(Countdown.verify(puzzle, "<answer>7+7+7</answer>", false).outcome())
                .isEqualTo(Outcome.WRONG_NUMBERS);
    }

    @Test
    void countsGivenNumbersWithMultiplicity() {
        var puzzle = new Puzzle(List.of(5, 5, 6), 55);
        assertThat(Countdown.verify(puzzle, "<answer>5*5+6</answer>", true).outcome())
                .isEqualTo(Outcome.WRONG_VALUE);
        assertThat(Countdown.verify(puzzle, "<answer>5*(5+6)</answer>", true).correct())
                .isTrue();
        assertThat(Countdown.verify(puzzle, "<answer>5*(6+5)-5+5</answer>", true)
                        .outcome())
                .isEqualTo(Outcome.WRONG_NUMBERS);
    }

    @Test
    void divisionByZeroIsAWrongValue() {
        var puzzle = new Puzzle(List.of(2, 3, 3), 2);
        var verdict = Countdown.verify(puzzle, "<answer>2/(3-3)</answer>", true);
        assertThat(verdict).isEqualTo(new Verdict(Outcome.WRONG_VALUE, "2/(3-3)", "it divides by zero"));
    }

    @Test
    void usesExactFractions() {
        // The classic of the 24 game: no way around a fraction, and in floating point 8/(3-8/3) is 23.999….
        var puzzle = new Puzzle(List.of(3, 3, 8, 8), 24);
        assertThat(Countdown.verify(puzzle, "<answer>8/(3-8/3)</answer>", true).correct())
                .isTrue();
    }

    static List<Options> optionSets() {
        return List.of(
                Options.DEFAULT,
                Options.DEFAULT.numbers(2, 1, 9).targets(1, 81),
                Options.DEFAULT.numbers(3, 1, 20).operations("+-"),
                Options.DEFAULT
                        .numbers(3, 1, 12)
                        .operations("+-*/")
                        .targets(1, 199)
                        .heldOutFraction(0.1),
                Options.DEFAULT.numbers(4, 1, 25).targets(10, 100).cap(999).operations("+-*/"),
                Options.DEFAULT.numbers(5, 1, 50).targets(100, 999).cap(5000));
    }

    @ParameterizedTest
    @MethodSource("optionSets")
    void everyProblemHasASolutionAndKeepsTheOptions(Options options) {
        var task = Countdown.of(options);
        var problems = new HashSet<>(task.heldOut(20));
        task.problems(Split.TRAINING, 3).limit(20).forEach(problems::add);
        for (var problem : problems) {
            var puzzle = problem.goal(Puzzle.class);
            assertThat(puzzle.numbers()).hasSize(options.count());
            assertThat(puzzle.numbers()).allMatch(n -> n >= options.minNumber() && n <= options.maxNumber());
            assertThat(puzzle.target()).isBetween(options.minTarget(), options.maxTarget());
            if (options.count() < 5) {
                assertThat(BruteForce.values(puzzle.numbers(), options.operations()))
                        .as(problem.id())
                        .contains(Rational.of(puzzle.target()));
            }
        }
    }

    @Test
    void trainingValidationAndHeldOutProblemsAreDisjointAndTogetherAll() {
        var options = Options.DEFAULT.numbers(3, 1, 9).targets(10, 99);
        var task = Countdown.of(options);
        var heldOut = ids(task.heldOut(Integer.MAX_VALUE));
        var validation = ids(task.validation(Integer.MAX_VALUE));
        var training = new HashSet<String>();
        for (long seed = 0; seed < 3; seed++) {
            task.problems(Split.TRAINING, seed).limit(20_000).forEach(problem -> training.add(problem.id()));
        }
        assertThat(heldOut).doesNotContainAnyElementsOf(training).doesNotContainAnyElementsOf(validation);
        assertThat(validation).doesNotContainAnyElementsOf(training);
        // Counted by a separate program: 1319 pairs of three numbers from 1 to 9 and a target from 10 to 99 that
        // + - * reach through values from 1 to 99.
        assertThat(heldOut.size() + validation.size() + training.size()).isEqualTo(1319);
        assertThat(heldOut.size() / 1319.0).isBetween(0.25, 0.35);
        assertThat(validation.size() / 1319.0).isBetween(0.05, 0.09);
    }

    @Test
    void validationProblemsAreTheSameEachTimeAndEnoughToChooseBy() {
        var all = Countdown.standard().validation(Integer.MAX_VALUE);
        assertThat(all).hasSizeGreaterThanOrEqualTo(100).doesNotHaveDuplicates();
        assertThat(Countdown.standard().validation(50)).isEqualTo(all.subList(0, 50));
        assertThat(Countdown.standard().problems(Split.VALIDATION, 9).toList()).isEqualTo(all);
    }

    @Test
    void theDefaultHasFiveHundredHeldOutProblems() {
        var heldOut = Countdown.standard().heldOut(500);
        assertThat(heldOut).hasSize(500);
        assertThat(ids(heldOut)).hasSize(500);
        assertThat(Countdown.standard().heldOut(100)).isEqualTo(heldOut.subList(0, 100));
    }

    @Test
    void theSideIsTheSameForEveryOrderOfTheNumbers() {
        var task = Countdown.standard();
        var orders = List.of(List.of(2, 3, 7), List.of(2, 7, 3), List.of(3, 2, 7), List.of(7, 3, 2));
        assertThat(orders.stream().map(order -> task.problem(order, 23).id()).distinct())
                .hasSize(1);
        assertThat(task.problem(List.of(3, 7, 2), 23).prompt()).isEqualTo("Numbers: 3 7 2. Target: 23.\n");
    }

    @Test
    void aProblemDependsOnSeedAndIndexAlone() {
        var task = Countdown.standard();
        var stream = task.problems(Split.TRAINING, 5).limit(50).toList();
        assertThat(Countdown.standard().training(5, 49)).isEqualTo(stream.get(49));
        assertThat(Countdown.standard().training(5, 17)).isEqualTo(stream.get(17));
        assertThat(task.problems(Split.TRAINING, 6).limit(50).toList()).isNotEqualTo(stream);
    }

    @Test
    void refusesOptionsThatMakeNoSense() {
        assertThatThrownBy(() -> Options.DEFAULT.numbers(7, 5, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("count from 2 to 6; got 7")
                .hasMessageContaining("got 5 and 4");
        assertThatThrownBy(() -> Options.DEFAULT.operations("+^")).hasMessageContaining("'^'");
        assertThatThrownBy(() -> Options.DEFAULT.template("Go.")).hasMessageContaining("{numbers}");
        var impossible = Countdown.of(Options.DEFAULT.numbers(2, 1, 2).targets(50, 99));
        assertThatThrownBy(() -> impossible.heldOut(1)).hasMessageContaining("Hint: widen");
        assertThatThrownBy(() -> impossible.training(1, 0)).hasMessageContaining("Hint: widen");
    }

    @Test
    void refusesAProblemOfAnotherTask() {
        var other = Arithmetic.of(Arithmetic.Options.DEFAULT).training(1, 0);
        assertThatThrownBy(() -> Countdown.standard().verify(other, "<answer>1</answer>"))
                .hasMessageContaining("verify a problem with the task it came from");
    }

    @ParameterizedTest
    @CsvSource({"+-*", "+*", "+-*/", "-", "/"})
    void theSearchSpaceReachesWhatBruteForceReaches(String operations) {
        for (var numbers :
                List.of(List.of(3, 7, 2), List.of(5, 5, 6), List.of(1, 1, 1), List.of(9, 4, 8), List.of(4, 6))) {
            var expected = BruteForce.positiveWholeValues(numbers, operations, 99);
            assertThat(SearchSpace.reachable(numbers, Operation.parse(operations), 99))
                    .containsExactlyElementsOf(expected);
        }
        var four = List.of(2, 3, 5, 10);
        assertThat(SearchSpace.reachable(four, Operation.parse(operations), 500))
                .containsExactlyElementsOf(BruteForce.positiveWholeValues(four, operations, 500));
    }

    @Test
    void branchesShowTrueExpressionsOfAllNumbers() {
        var numbers = List.of(3, 7, 2);
        for (var branch : SearchSpace.branches(numbers, Operation.parse("+-*"), 99)) {
            for (var last : branch.lasts()) {
                assertThat(last.result().expression().evaluate())
                        .isEqualTo(Rational.of(last.result().value()));
                assertThat(last.result().expression().numbers()).containsExactlyInAnyOrderElementsOf(numbers);
            }
        }
        assertThat(SearchSpace.branches(numbers, Operation.parse("+-*"), 99)).hasSize(9);
    }

    private static Set<String> ids(List<Problem> problems) {
        return problems.stream().map(Problem::id).collect(Collectors.toCollection(TreeSet::new));
    }
}
