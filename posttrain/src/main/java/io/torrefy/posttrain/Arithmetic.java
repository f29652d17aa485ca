package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

/// Sums, differences and products of numbers with many digits: `Compute 417 + 58.`
///
/// The canonical problem is the sorted operands and the sorted operations, so `3 + 5` and `5 + 3` are on one side of
/// the split.
@Export(value = "posttrain.Arithmetic", since = "0.1")
public final class Arithmetic implements Task {
    /// Which problems are made.
    ///
    /// @param minDigits fewest digits of an operand, at least 1
    /// @param maxDigits most digits, at most 9; the number of digits is drawn uniformly
    /// @param terms how many operands, 2 to 8; products bind tighter than sums
    /// @param operations a subset of `+-*`
    /// @param negative whether results below zero are asked for
    /// @param heldOutFraction the share of problems that are held out
    /// @param template the prompt, with `{question}`
    public record Options(
            int minDigits,
            int maxDigits,
            int terms,
            String operations,
            boolean negative,
            double heldOutFraction,
            String template) {
        /// Two operands of one to three digits, `+ - *`, results from zero up.
        public static final Options DEFAULT = new Options(1, 3, 2, "+-*", false, 0.1, "Compute {question}.\n");

        public Options {
            if (minDigits < 1 || maxDigits < minDigits || maxDigits > 9) {
                throw new IllegalArgumentException("[arithmetic] expected 1 <= minDigits <= maxDigits <= 9; got "
                        + minDigits + " and " + maxDigits);
            }
            if (terms < 2 || terms > 8) {
                throw new IllegalArgumentException("[arithmetic] expected 2 to 8 terms; got " + terms);
            }
            if (Operation.parse(operations).contains(Operation.DIVIDE)) {
                throw new IllegalArgumentException("[arithmetic] expected operations of \"+-*\"; got " + operations);
            }
            if (!(heldOutFraction > 0 && heldOutFraction < 1)) {
                throw new IllegalArgumentException(
                        "[arithmetic] expected heldOutFraction between 0 and 1; got " + heldOutFraction);
            }
            if (!template.contains("{question}")) {
                throw new IllegalArgumentException(
                        "[arithmetic] expected a template with {question}; got \"" + template + "\"");
            }
        }

        public Options digits(int min, int max) {
            return new Options(min, max, terms, operations, negative, heldOutFraction, template);
        }

        public Options terms(int count) {
            return new Options(minDigits, maxDigits, count, operations, negative, heldOutFraction, template);
        }

        public Options operations(String symbols) {
            return new Options(minDigits, maxDigits, terms, symbols, negative, heldOutFraction, template);
        }

        public Options negative(boolean allowed) {
            return new Options(minDigits, maxDigits, terms, operations, allowed, heldOutFraction, template);
        }

        public Options heldOutFraction(double fraction) {
            return new Options(minDigits, maxDigits, terms, operations, negative, fraction, template);
        }

        public Options template(String prompt) {
            return new Options(minDigits, maxDigits, terms, operations, negative, heldOutFraction, prompt);
        }
    }

    private static final long HELD_OUT_SEED = 0;
    private static final int DRY_DRAWS = 20_000;
    private static final int MAX_DRAWS = 100_000;

    private final Options options;
    private final List<Operation> operations;

    private Arithmetic(Options options) {
        this.options = options;
        this.operations = List.copyOf(Operation.parse(options.operations()));
    }

    public static Arithmetic of(Options options) {
        return new Arithmetic(options);
    }

    /// The task of [Options#DEFAULT].
    @Export(value = "posttrain.tasks.arithmetic", since = "0.1")
    public static Arithmetic standard() {
        return of(Options.DEFAULT);
    }

    @Override
    public String name() {
        return "arithmetic";
    }

    @Override
    public Problem training(long seed, long index) {
        var random = new SplitMix(seed, index);
        for (int draw = 0; draw < MAX_DRAWS; draw++) {
            var problem = draw(random);
            if (split(problem) == Split.TRAINING) {
                return problem;
            }
        }
        throw new IllegalStateException("[arithmetic] found no training problem with " + options);
    }

    @Override
    public List<Problem> heldOut(int count) {
        var found = new LinkedHashMap<String, Problem>();
        int dry = 0;
        for (long index = 0; found.size() < count && dry < DRY_DRAWS; index++) {
            var problem = draw(new SplitMix(HELD_OUT_SEED, index));
            boolean added = split(problem) == Split.HELD_OUT && found.putIfAbsent(problem.id(), problem) == null;
            dry = added ? 0 : dry + 1;
        }
        return List.copyOf(found.values());
    }

    /// Which side a problem of this task is on.
    public Split split(Problem problem) {
        return Split.of(problem.id(), options.heldOutFraction());
    }

    private Problem draw(SplitMix random) {
        while (true) {
            var numbers = new ArrayList<Integer>();
            var chosen = new ArrayList<Operation>();
            for (int i = 0; i < options.terms(); i++) {
                numbers.add(operand(random));
                if (i > 0) {
                    chosen.add(operations.get(random.below(operations.size())));
                }
            }
            if (options.terms() == 2 && !options.negative() && chosen.getFirst() == Operation.SUBTRACT) {
                numbers.sort(Collections.reverseOrder());
            }
            var value = value(numbers, chosen);
            if (options.negative() || value.numerator().signum() >= 0) {
                return problem(numbers, chosen, value);
            }
        }
    }

    private int operand(SplitMix random) {
        int digits = random.between(options.minDigits(), options.maxDigits());
        int bound = Math.powExact(10, digits);
        int least = digits == 1 ? 0 : bound / 10;
        return random.between(least, bound - 1);
    }

    /// A sum of products, from left to right.
    private static Rational value(List<Integer> numbers, List<Operation> chosen) {
        Rational sum = Rational.of(0);
        Rational product = Rational.of(numbers.getFirst());
        for (int i = 0; i < chosen.size(); i++) {
            Rational next = Rational.of(numbers.get(i + 1));
            switch (chosen.get(i)) {
                case MULTIPLY -> product = product.times(next);
                case ADD -> {
                    sum = sum.plus(product);
                    product = next;
                }
                case SUBTRACT -> {
                    sum = sum.plus(product);
                    product = Rational.of(0).minus(next);
                }
                case DIVIDE -> throw new AssertionError("the options refuse division");
            }
        }
        return sum.plus(product);
    }

    private Problem problem(List<Integer> numbers, List<Operation> chosen, Rational value) {
        var question = new StringBuilder().append(numbers.getFirst());
        for (int i = 0; i < chosen.size(); i++) {
            question.append(' ').append(chosen.get(i).symbol()).append(' ').append(numbers.get(i + 1));
        }
        String id = "arithmetic "
                + numbers.stream().sorted().map(String::valueOf).collect(Collectors.joining(" ")) + " by "
                + chosen.stream().sorted().map(o -> String.valueOf(o.symbol())).collect(Collectors.joining());
        return new Problem(id, options.template().replace("{question}", question), new Gold(value));
    }

    private record Gold(Rational value) {}

    /// Judges the last number of the last `<answer>…</answer>`, exactly.
    @Override
    public Verdict verify(Problem problem, String completion) {
        var expected = problem.goal(Gold.class).value();
        var answer = AnswerText.lastBlock(completion);
        if (answer.isEmpty()) {
            return Verdict.noAnswer();
        }
        String said = answer.get();
        return AnswerText.lastNumber(said)
                .map(value -> value.equals(expected)
                        ? Verdict.correct(said)
                        : new Verdict(Verdict.Outcome.WRONG_VALUE, said, "it is " + value + ", not " + expected))
                .orElseGet(() -> new Verdict(Verdict.Outcome.UNPARSABLE, said, "there is no number in the answer"));
    }
}
