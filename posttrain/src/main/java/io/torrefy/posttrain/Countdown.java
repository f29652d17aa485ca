package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// The Countdown numbers game with the rules of TinyZero: combine the given numbers, each exactly once, with
/// `+ - * /` into the target. Every generated problem has a solution; an answer is judged with exact fractions.
///
/// A problem is canonically its sorted numbers and its target. The order in which the prompt lists the numbers is
/// drawn anew each time.
@Export(value = "posttrain.Countdown", since = "0.1")
public final class Countdown implements Task {
    /// What the verifier works on.
    ///
    /// @param numbers in the order of the prompt
    public record Puzzle(List<Integer> numbers, int target) {
        public Puzzle {
            numbers = List.copyOf(numbers);
        }
    }

    /// Which problems are made.
    ///
    /// Every problem has a solution that uses all numbers, only these operations, and whose intermediate results
    /// and target are whole numbers from 1 to `cap`. The verifier allows more: any exact expression with the
    /// target's value.
    ///
    /// @param count how many numbers a problem has, 2 to 6
    /// @param minNumber smallest number, at least 1
    /// @param maxNumber largest number
    /// @param minTarget smallest target, at least 1
    /// @param maxTarget largest target, at most `cap`
    /// @param operations a subset of `+-*/`: those problems are made of; an answer may use all four
    /// @param cap largest intermediate result of the solutions that are promised
    /// @param exactlyOnce whether an answer must use every number (otherwise: none more often than given)
    /// @param heldOutFraction the share of problems that are held out
    /// @param template the prompt, with `{numbers}` and `{target}`
    public record Options(
            int count,
            int minNumber,
            int maxNumber,
            int minTarget,
            int maxTarget,
            String operations,
            int cap,
            boolean exactlyOnce,
            double heldOutFraction,
            String template) {
        /// Three numbers from 1 to 10, targets 10 to 99 by `+ - *`, intermediate results below 100: about
        /// 1,800 problems. Three in ten are held out, one in ten of the others validates.
        public static final Options DEFAULT =
                new Options(3, 1, 10, 10, 99, "+-*", 99, true, 0.3, "Numbers: {numbers}. Target: {target}.\n");

        public Options {
            var problems = new ArrayList<String>();
            check(problems, count >= 2 && count <= 6, "count from 2 to 6; got " + count);
            check(
                    problems,
                    minNumber >= 1 && maxNumber >= minNumber && maxNumber <= 1000,
                    "1 <= minNumber <= maxNumber <= 1000; got " + minNumber + " and " + maxNumber);
            check(
                    problems,
                    minTarget >= 1 && maxTarget >= minTarget && cap >= maxTarget && cap <= 1_000_000,
                    "1 <= minTarget <= maxTarget <= cap <= 1000000; got " + minTarget + ", " + maxTarget + " and "
                            + cap);
            check(
                    problems,
                    heldOutFraction > 0 && heldOutFraction < 1,
                    "heldOutFraction between 0 and 1; got " + heldOutFraction);
            check(
                    problems,
                    template.contains("{numbers}") && template.contains("{target}"),
                    "a template with {numbers} and {target}; got \"" + template + "\"");
            if (!problems.isEmpty()) {
                throw new IllegalArgumentException("[countdown] expected " + String.join("; and ", problems));
            }
            Operation.parse(operations);
        }

        private static void check(List<String> problems, boolean right, String expected) {
            if (!right) {
                problems.add(expected);
            }
        }

        public Options numbers(int count, int min, int max) {
            return new Options(
                    count, min, max, minTarget, maxTarget, operations, cap, exactlyOnce, heldOutFraction, template);
        }

        public Options targets(int min, int max) {
            return new Options(
                    count,
                    minNumber,
                    maxNumber,
                    min,
                    max,
                    operations,
                    Math.max(cap, max),
                    exactlyOnce,
                    heldOutFraction,
                    template);
        }

        public Options operations(String symbols) {
            return new Options(
                    count,
                    minNumber,
                    maxNumber,
                    minTarget,
                    maxTarget,
                    symbols,
                    cap,
                    exactlyOnce,
                    heldOutFraction,
                    template);
        }

        public Options cap(int largestIntermediate) {
            return new Options(
                    count,
                    minNumber,
                    maxNumber,
                    minTarget,
                    maxTarget,
                    operations,
                    largestIntermediate,
                    exactlyOnce,
                    heldOutFraction,
                    template);
        }

        public Options exactlyOnce(boolean all) {
            return new Options(
                    count, minNumber, maxNumber, minTarget, maxTarget, operations, cap, all, heldOutFraction, template);
        }

        public Options heldOutFraction(double fraction) {
            return new Options(
                    count,
                    minNumber,
                    maxNumber,
                    minTarget,
                    maxTarget,
                    operations,
                    cap,
                    exactlyOnce,
                    fraction,
                    template);
        }

        public Options template(String prompt) {
            return new Options(
                    count,
                    minNumber,
                    maxNumber,
                    minTarget,
                    maxTarget,
                    operations,
                    cap,
                    exactlyOnce,
                    heldOutFraction,
                    prompt);
        }
    }

    /// One problem in ten that are not held out validates.
    private static final double VALIDATION_SHARE = 0.1;
    /// Held-out and validation problems are drawn with this seed, so that they are the same in every run.
    private static final long HELD_OUT_SEED = 0;
    /// Draws without a new problem after which there are taken to be no more.
    private static final int DRY_DRAWS = 20_000;
    /// Draws after which the options are taken to allow no problem.
    private static final int MAX_DRAWS = 100_000;
    /// Up to so many numbers all reachable targets are listed; beyond, a random solution is built.
    private static final int LISTED_COUNT = 4;

    private final Options options;
    private final Set<Operation> operations;

    private Countdown(Options options) {
        this.options = options;
        this.operations = Collections.unmodifiableSet(Operation.parse(options.operations()));
    }

    public static Countdown of(Options options) {
        return new Countdown(options);
    }

    /// The task of [Options#DEFAULT].
    @Export(value = "posttrain.tasks.countdown", since = "0.1")
    public static Countdown standard() {
        return of(Options.DEFAULT);
    }

    public Options options() {
        return options;
    }

    /// The operations problems are made of.
    Set<Operation> operations() {
        return operations;
    }

    @Override
    public String name() {
        return "countdown";
    }

    @Override
    public Problem training(long seed, long index) {
        return drawn(seed, index, split -> split == Split.TRAINING);
    }

    /// Problem number `index` of those that are not held out, training and validation alike: what the corpus of the
    /// base model is about.
    Problem known(long seed, long index) {
        return drawn(seed, index, split -> split != Split.HELD_OUT);
    }

    private Problem drawn(long seed, long index, Predicate<Split> wanted) {
        var random = new SplitMix(seed, index);
        for (int draw = 0; draw < MAX_DRAWS; draw++) {
            var problem = draw(random).filter(p -> wanted.test(split(p)));
            if (problem.isPresent()) {
                return problem.get();
            }
        }
        throw noProblems();
    }

    @Override
    public List<Problem> heldOut(int count) {
        return first(count, Split.HELD_OUT);
    }

    @Override
    public List<Problem> validation(int count) {
        return first(count, Split.VALIDATION);
    }

    private List<Problem> first(int count, Split side) {
        var found = new LinkedHashMap<String, Problem>();
        boolean any = false;
        int dry = 0;
        for (long index = 0; found.size() < count && dry < DRY_DRAWS; index++) {
            var problem = draw(new SplitMix(HELD_OUT_SEED, index));
            any |= problem.isPresent();
            boolean added = problem.isPresent()
                    && split(problem.get()) == side
                    && found.putIfAbsent(problem.get().id(), problem.get()) == null;
            dry = added ? 0 : dry + 1;
        }
        if (count > 0 && !any) {
            throw noProblems();
        }
        return List.copyOf(found.values());
    }

    /// Which side a problem of this task is on.
    public Split split(Problem problem) {
        double heldOut = options.heldOutFraction();
        return Split.of(problem.id(), heldOut, VALIDATION_SHARE * (1 - heldOut));
    }

    /// The problem of these numbers, in this order, and this target.
    public Problem problem(List<Integer> numbers, int target) {
        String listed = numbers.stream().map(String::valueOf).collect(Collectors.joining(" "));
        String sorted = numbers.stream().sorted().map(String::valueOf).collect(Collectors.joining(" "));
        String prompt = options.template().replace("{numbers}", listed).replace("{target}", String.valueOf(target));
        return new Problem("countdown " + sorted + " -> " + target, prompt, new Puzzle(numbers, target));
    }

    /// A random problem of either side; empty when these numbers reach no target in range.
    private Optional<Problem> draw(SplitMix random) {
        int[] drawn = new int[options.count()];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = random.between(options.minNumber(), options.maxNumber());
        }
        var numbers = new ArrayList<Integer>();
        for (int number : drawn) {
            numbers.add(number);
        }
        return target(numbers, random).map(target -> problem(numbers, target));
    }

    private Optional<Integer> target(List<Integer> numbers, SplitMix random) {
        if (numbers.size() > LISTED_COUNT) {
            return builtTarget(numbers, random);
        }
        var targets = SearchSpace.reachable(numbers, operations, options.cap()).stream()
                .filter(this::isTarget)
                .toList();
        return targets.isEmpty() ? Optional.empty() : Optional.of(targets.get(random.below(targets.size())));
    }

    private Optional<Integer> builtTarget(List<Integer> numbers, SplitMix random) {
        var atHand = new ArrayList<>(numbers);
        var choices = List.copyOf(operations);
        while (atHand.size() > 1) {
            int a = atHand.remove(random.below(atHand.size()));
            int b = atHand.remove(random.below(atHand.size()));
            var operation = choices.get(random.below(choices.size()));
            var result = operation.positive(Math.max(a, b), Math.min(a, b), options.cap());
            if (result.isEmpty()) {
                return Optional.empty();
            }
            atHand.add(result.getAsInt());
        }
        return Optional.of(atHand.getFirst()).filter(this::isTarget);
    }

    private boolean isTarget(int value) {
        return value >= options.minTarget() && value <= options.maxTarget();
    }

    private IllegalArgumentException noProblems() {
        return new IllegalArgumentException("[countdown] expected options that some problem fits; found none with "
                + options + ". Hint: widen the target range or the number range.");
    }

    /// Whether these numbers, each used once, make the target by this task's operations, through whole numbers from
    /// 1 to its cap.
    ///
    /// @param numbers at least one; with more than five it takes a while
    public boolean reaches(List<Integer> numbers, int target) {
        return numbers.size() == 1
                ? numbers.getFirst() == target
                : SearchSpace.reachable(numbers, operations, options.cap()).contains(target);
    }

    @Override
    public Verdict verify(Problem problem, String completion) {
        return verify(problem.goal(Puzzle.class), completion, options.exactlyOnce());
    }

    /// Judges the last `<answer>…</answer>` of a completion: it must hold one arithmetic expression (see below)
    /// that uses the puzzle's numbers and no others and whose exact value is the target.
    ///
    /// Allowed are whole numbers, `+ - * /` (also `− × · ÷` and `x`), parentheses, and `= target` at the end. A
    /// sign in front of a number is refused. An answer that breaks several rules gets the worst class: unreadable
    /// before wrong numbers before wrong value. Division by zero and a false `= number` are a wrong value.
    ///
    /// @param exactlyOnce whether every number must be used; otherwise each may be used at most as often as
    ///     it is given
    public static Verdict verify(Puzzle puzzle, String completion, boolean exactlyOnce) {
        var answer = AnswerText.lastBlock(completion);
        if (answer.isEmpty()) {
            return Verdict.noAnswer();
        }
        String said = answer.get();
        try {
            return judge(puzzle, said, Expression.parse(said), exactlyOnce);
        } catch (Expression.Unreadable e) {
            return new Verdict(Verdict.Outcome.UNPARSABLE, said, e.why());
        }
    }

    private static Verdict judge(Puzzle puzzle, String said, Expression.Parsed parsed, boolean exactlyOnce) {
        var used = parsed.expression().numbers();
        if (!allows(puzzle.numbers(), used, exactlyOnce)) {
            return new Verdict(
                    Verdict.Outcome.WRONG_NUMBERS, said, "it uses " + used + " and was given " + puzzle.numbers());
        }
        Rational target = Rational.of(puzzle.target());
        try {
            Rational value = parsed.expression().evaluate();
            if (!value.equals(target)) {
                return new Verdict(Verdict.Outcome.WRONG_VALUE, said, "it is " + value + ", not " + target);
            }
        } catch (ArithmeticException e) {
            return new Verdict(Verdict.Outcome.WRONG_VALUE, said, "it divides by zero");
        }
        if (parsed.claimed().filter(claimed -> claimed != puzzle.target()).isPresent()) {
            return new Verdict(
                    Verdict.Outcome.WRONG_VALUE,
                    said,
                    "it claims to be " + parsed.claimed().get());
        }
        return Verdict.correct(said);
    }

    private static boolean allows(List<Integer> given, List<Integer> used, boolean exactlyOnce) {
        var left = new ArrayList<>(given);
        boolean within = used.stream().allMatch(number -> left.remove((Object) number));
        return within && (!exactlyOnce || left.isEmpty());
    }
}
