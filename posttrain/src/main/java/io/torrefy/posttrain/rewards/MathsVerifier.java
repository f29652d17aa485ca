package io.torrefy.posttrain.rewards;

import io.torrefy.export.Export;
import io.torrefy.posttrain.Rational;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Verdict;
import io.torrefy.posttrain.rewards.MathsNode.Matrix;
import io.torrefy.posttrain.rewards.MathsNode.Measured;
import io.torrefy.posttrain.rewards.MathsNode.Num;
import io.torrefy.posttrain.rewards.MathsNode.Op;
import io.torrefy.posttrain.rewards.MathsNode.Op.Kind;
import io.torrefy.posttrain.rewards.MathsNode.Relation;
import io.torrefy.posttrain.rewards.MathsNode.Several;
import io.torrefy.posttrain.rewards.MathsNode.Sym;
import io.torrefy.posttrain.rewards.MathsNode.Tuple;
import io.torrefy.posttrain.rewards.MathsNode.Union;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Finds the final answer in a completion and compares it with the expected one: numbers with separators of thousands,
/// fractions, mixed numbers, per cent, LaTeX, units, intervals, sets, tuples, matrices, equations and formulas.
///
/// After math-verify (Kydlíček 2025) and the rules of DeepSeek-R1 (Guo et al. 2025, section 2.2.2), stricter where a
/// model could gain by it:
///
/// - one answer counts, the last one; a list of guesses is a list, and equals no single number;
/// - with `evaluated`, an answer to a plain number is a plain number: `123 * 456` repeats the question, and `6/2` is no
///   whole number; math-verify accepts both;
/// - what is inside `<think>` is no answer, nor is anything where `</think>` is missing;
/// - known units that both sides have must agree (5 m is 500 cm, not 5 cm); math-verify ignores them;
/// - 3.14 is not π and 0.33 is not 1/3: a decimal stands for such a number from six places on.
@Export(value = "posttrain.rewards.MathsVerifier", since = "0.1")
public final class MathsVerifier {
    /// Where a completion has its answer. In all of them, after the last `</think>`.
    @Export(value = "posttrain.rewards.AnswerPlace", since = "0.1")
    public enum Place {
        /// In the last `\boxed{…}`, as DeepSeek-R1 asks for.
        BOXED,
        /// In the last `<answer>…</answer>`, or without one in the last `\boxed{…}`. In the block a box wins.
        TAGGED,
        /// After the last `####` of the last 300 characters, as verl reads GSM8K.
        HASHES,
        /// As math-verify: in a block or box, else after `answer is` or `answer:`, else the last formula
        /// between dollar signs, else the last number.
        ANYWHERE
    }

    private static final int LONGEST = 4000;

    private final Place place;
    private final boolean evaluated;

    private MathsVerifier(Place place, boolean evaluated) {
        this.place = place;
        this.evaluated = evaluated;
    }

    /// @param evaluated whether the answer to a plain number has to be a plain number itself
    public static MathsVerifier of(Place place, boolean evaluated) {
        return new MathsVerifier(place, evaluated);
    }

    /// 1 for a right answer, otherwise 0, against [io.torrefy.posttrain.Problem#reference]. Fails, rather than
    /// scoring 0, where a problem has no answer in words.
    @Export(
            value = "posttrain.rewards.maths",
            since = "0.1",
            params = {"place=tagged", "evaluated=true"})
    public static Reward reward(Place place, boolean evaluated) {
        MathsVerifier verifier = of(place, evaluated);
        return (problem, completion) -> {
            boolean opened = problem.prompt().stripTrailing().endsWith(AnswerPlaces.THINK);
            String text = opened ? AnswerPlaces.THINK + completion : completion;
            return verifier.verify(problem.reference(), text).correct() ? 1 : 0;
        };
    }

    /// Whether two answers mean the same, each without the text around it.
    @Export(value = "posttrain.rewards.maths_equal", since = "0.1")
    public static boolean equal(String expected, String said) {
        return compare(expected, said, false).isEmpty();
    }

    /// Judges the final answer of a completion.
    ///
    /// @param reference the expected answer; of a whole solution what follows `####` or stands in the last box
    /// @throws IllegalArgumentException if the reference is blank
    public Verdict verify(String reference, String completion) {
        String expected = AnswerPlaces.reference(reference);
        if (expected.isBlank()) {
            throw new IllegalArgumentException("[maths] expected a reference answer; got '" + reference
                    + "'. Hint: drop the problems that have none.");
        }
        Optional<String> answer = AnswerPlaces.find(completion, place);
        if (answer.isEmpty()) {
            return new Verdict(Verdict.Outcome.NO_ANSWER, "", "there is no final answer");
        }
        String said = answer.get();
        Optional<Verdict> wrong = compare(expected, said, evaluated);
        if (wrong.isPresent() && wrong.get().outcome() == Verdict.Outcome.UNPARSABLE && place != Place.BOXED) {
            // Prose around the answer: a block may say "The answer is 42."
            Optional<String> inner = AnswerPlaces.inProse(said);
            if (inner.isPresent() && !inner.get().equals(said)) {
                said = inner.get();
                wrong = compare(expected, said, evaluated);
            }
        }
        return wrong.isPresent() ? wrong.get() : new Verdict(Verdict.Outcome.CORRECT, said, "");
    }

    /// What is wrong; empty where the answers mean the same.
    private static Optional<Verdict> compare(String expected, String said, boolean evaluated) {
        if (said.length() > LONGEST) {
            return wrong(Verdict.Outcome.UNPARSABLE, said, "it is too long for an answer");
        }
        String gold = MathsText.clean(expected);
        String answer = MathsText.clean(said);
        Optional<MathsNode> wanted = MathsParser.parse(gold);
        Optional<MathsNode> got = MathsParser.parse(answer);
        if (wanted.isPresent() && got.isPresent()) {
            if (!gold.equals(answer) && !MathsEquality.equal(wanted.get(), got.get())) {
                return wrong(Verdict.Outcome.WRONG_VALUE, said, "it is not " + expected);
            }
            return evaluated && !isWorkedOut(wanted.get(), got.get())
                    ? wrong(Verdict.Outcome.WRONG_VALUE, said, "it is not worked out: " + expected)
                    : Optional.empty();
        }
        String plain = MathsText.plain(gold);
        if (!plain.isEmpty() && plain.equals(MathsText.plain(answer))) {
            return Optional.empty();
        }
        return wrong(
                got.isPresent() ? Verdict.Outcome.WRONG_VALUE : Verdict.Outcome.UNPARSABLE,
                said,
                "it is not " + expected);
    }

    private static Optional<Verdict> wrong(Verdict.Outcome outcome, String said, String why) {
        return Optional.of(new Verdict(outcome, said, why));
    }

    // ---- plain numbers ---------------------------------------------------------------------------------------------

    private static boolean isWorkedOut(MathsNode gold, MathsNode said) {
        List<MathsNode> wanted = new ArrayList<>();
        List<MathsNode> got = new ArrayList<>();
        leaves(gold, wanted);
        leaves(said, got);
        if (!wanted.stream().allMatch(MathsVerifier::isPlain)) {
            return true;
        }
        boolean whole = wanted.stream().allMatch(MathsVerifier::isWhole);
        return got.stream().allMatch(leaf -> isPlain(leaf) && !(whole && isFraction(leaf)));
    }

    private static void leaves(MathsNode node, List<MathsNode> into) {
        switch (node) {
            case Several several -> several.items().forEach(item -> leaves(item, into));
            case Tuple tuple -> tuple.items().forEach(item -> leaves(item, into));
            case Union union -> union.parts().forEach(item -> leaves(item, into));
            case Matrix matrix -> matrix.rows().forEach(row -> row.forEach(item -> leaves(item, into)));
            case Measured measured -> leaves(measured.number(), into);
            case Relation relation -> leaves(relation, into);
            default -> into.add(node);
        }
    }

    /// Of `x = 5` the right side; of an inequality all that is no variable.
    private static void leaves(Relation relation, List<MathsNode> into) {
        if (relation.operators().contains("=") || relation.operators().contains("\\in")) {
            leaves(relation.sides().getLast(), into);
            return;
        }
        relation.sides().stream()
                .filter(side -> !(side instanceof Sym sym) || sym.isConstant())
                .forEach(side -> leaves(side, into));
    }

    /// A number as people write a result: with a sign, as a fraction, a mixed number, a per cent, a power of ten.
    private static boolean isPlain(MathsNode node) {
        return switch (node) {
            case Num _ -> true;
            case Sym sym -> sym.name().equals(Sym.INFINITY);
            case Op op ->
                switch (op.kind()) {
                    case NEGATE -> isUnsigned(op.args().getFirst());
                    case PERCENT -> isPlain(op.args().getFirst());
                    default -> isUnsigned(op);
                };
            default -> false;
        };
    }

    private static boolean isUnsigned(MathsNode node) {
        return switch (node) {
            case Num _ -> true;
            case Sym sym -> sym.name().equals(Sym.INFINITY);
            case Op op ->
                switch (op.kind()) {
                    case MIXED -> true;
                    case DIVIDE -> op.args().stream().allMatch(MathsVerifier::isSignedWhole);
                    case MULTIPLY ->
                        op.args().get(0) instanceof Num
                                && isPowerOfTen(op.args().get(1));
                    case POWER -> isPowerOfTen(op);
                    default -> false;
                };
            default -> false;
        };
    }

    private static boolean isSignedWhole(MathsNode node) {
        return node instanceof Num
                || (node instanceof Op op
                        && op.kind() == Kind.NEGATE
                        && op.args().getFirst() instanceof Num);
    }

    private static boolean isPowerOfTen(MathsNode node) {
        return switch (node) {
            case Num num ->
                num.value().numerator().toString().matches("10*") && num.value().isWhole();
            case Op op ->
                op.kind() == Kind.POWER
                        && op.args().getFirst() instanceof Num base
                        && base.value().equals(Rational.of(10))
                        && isSignedWhole(op.args().get(1));
            default -> false;
        };
    }

    private static boolean isWhole(MathsNode node) {
        return MathsValues.exact(node, Map.of()).map(Rational::isWhole).orElse(false);
    }

    private static boolean isFraction(MathsNode node) {
        return node instanceof Op op
                && (op.kind() == Kind.DIVIDE
                        || (op.kind() == Kind.NEGATE && isFraction(op.args().getFirst())));
    }
}
