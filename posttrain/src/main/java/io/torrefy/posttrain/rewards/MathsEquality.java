package io.torrefy.posttrain.rewards;

import io.torrefy.posttrain.Rational;
import io.torrefy.posttrain.rewards.MathsNode.Call;
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
import io.torrefy.tensor.SplitMix;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;

/// Whether two answers mean the same.
///
/// Rational values are compared exactly; rational functions exactly at seeded points; what is left by doubles, to 1e-12
/// of their size, at seeded points. A decimal fraction stands for an irrational or periodic number only from six places
/// on (the rounding of math-verify), and then has to be that number rounded: 3.14 is not π, 3.141593 is.
final class MathsEquality {
    private static final int ENOUGH_DECIMALS = 6;
    private static final double CLOSE = 1e-12;
    private static final int POINTS = 12;
    private static final int ENOUGH_POINTS = 4;
    private static final int MOST_ITEMS = 100;
    private static final long SEED = 0x70666679L;

    private MathsEquality() {}

    static boolean equal(MathsNode gold, MathsNode said) {
        return meansSame(expand(simple(gold)), expand(simple(said)));
    }

    // ---- one form for what is written in several -------------------------------------------------------------------

    /// `x = 5` is 5, `x \in S` is S, `1 < x \le 3` an interval, `1 + 1 = 2` is 2.
    private static MathsNode simple(MathsNode node) {
        return switch (node) {
            case Several several -> flat(several);
            case Relation relation -> simple(relation);
            default -> node;
        };
    }

    private static MathsNode flat(Several several) {
        List<MathsNode> items =
                several.items().stream().map(MathsEquality::simple).toList();
        return items.size() == 1 ? items.getFirst() : new Several(several.braces(), items);
    }

    private static MathsNode simple(Relation relation) {
        List<MathsNode> sides = relation.sides();
        Set<String> operators = Set.copyOf(relation.operators());
        if (operators.equals(Set.of("\\in")) && sides.size() == 2) {
            return sides.get(1);
        }
        if (operators.equals(Set.of("="))) {
            boolean named = isName(sides.getFirst());
            List<MathsNode> values = named ? sides.subList(1, sides.size()) : sides;
            MathsNode last = values.getLast();
            boolean chain = values.stream().allMatch(side -> meansSame(expand(last), expand(side)));
            return chain ? last : relation;
        }
        return interval(relation).orElse(relation);
    }

    /// `x`, `x_1`, `f(x)` on the left of an equals sign.
    private static boolean isName(MathsNode node) {
        return switch (node) {
            case Sym sym -> !sym.isConstant();
            case Op op ->
                op.kind() == Kind.MULTIPLY
                        && op.args().size() == 2
                        && op.args().stream().allMatch(part -> part instanceof Sym sym && !sym.isConstant());
            case Tuple tuple -> tuple.items().stream().allMatch(MathsEquality::isName);
            default -> false;
        };
    }

    /// An inequality in one variable that stands alone on its side.
    private static Optional<MathsNode> interval(Relation relation) {
        List<MathsNode> sides = relation.sides();
        List<String> operators = relation.operators();
        boolean up = operators.stream().allMatch(o -> o.equals("<") || o.equals("\\le"));
        boolean down = operators.stream().allMatch(o -> o.equals(">") || o.equals("\\ge"));
        if (!up && !down) {
            return Optional.empty();
        }
        if (down) {
            List<String> turned = operators.reversed().stream()
                    .map(o -> o.equals(">") ? "<" : "\\le")
                    .toList();
            return interval(new Relation(turned, sides.reversed()));
        }
        MathsNode infinity = new Sym(Sym.INFINITY);
        char low = operators.getFirst().equals("<") ? '(' : '[';
        char high = operators.getLast().equals("<") ? ')' : ']';
        if (sides.size() == 3 && isName(sides.get(1)) && isConstant(sides.get(0)) && isConstant(sides.get(2))) {
            return Optional.of(new Tuple(low, high, List.of(sides.get(0), sides.get(2))));
        }
        if (sides.size() == 2 && isName(sides.get(0)) && isConstant(sides.get(1))) {
            return Optional.of(new Tuple('(', high, List.of(Op.of(Kind.NEGATE, infinity), sides.get(1))));
        }
        if (sides.size() == 2 && isName(sides.get(1)) && isConstant(sides.get(0))) {
            return Optional.of(new Tuple(low, ')', List.of(sides.get(0), infinity)));
        }
        return Optional.empty();
    }

    private static boolean isConstant(MathsNode node) {
        Set<String> names = new HashSet<>();
        MathsValues.variables(node, names);
        return names.isEmpty() && MathsValues.isScalar(node);
    }

    /// Both values of what has a ±.
    private static MathsNode expand(MathsNode node) {
        if (!MathsValues.isScalar(node) || !hasBothSigns(node)) {
            return node;
        }
        return new Several(false, List.of(signed(node, true), signed(node, false)));
    }

    private static boolean hasBothSigns(MathsNode node) {
        return switch (node) {
            case Op op -> op.kind() == Kind.PLUS_MINUS || op.args().stream().anyMatch(MathsEquality::hasBothSigns);
            case Call call -> call.args().stream().anyMatch(MathsEquality::hasBothSigns);
            default -> false;
        };
    }

    private static MathsNode signed(MathsNode node, boolean plus) {
        return switch (node) {
            case Op op -> {
                List<MathsNode> args =
                        op.args().stream().map(arg -> signed(arg, plus)).toList();
                yield op.kind() != Kind.PLUS_MINUS
                        ? new Op(op.kind(), args)
                        : args.size() == 2
                                ? new Op(plus ? Kind.ADD : Kind.SUBTRACT, args)
                                : plus ? args.getFirst() : new Op(Kind.NEGATE, args);
            }
            case Call call ->
                new Call(
                        call.function(),
                        call.args().stream().map(arg -> signed(arg, plus)).toList());
            default -> node;
        };
    }

    // ---- comparison ------------------------------------------------------------------------------------------------

    private static boolean meansSame(MathsNode gold, MathsNode said) {
        if (gold instanceof Measured || said instanceof Measured) {
            return sameMeasure(gold, said);
        }
        return switch (gold) {
            case Several several -> said instanceof Several other && sameSeveral(several, other);
            case Tuple tuple -> said instanceof Tuple other && sameTuple(tuple, other);
            case Union union -> said instanceof Union other && sameItems(union.parts(), other.parts());
            case Matrix matrix -> said instanceof Matrix other && sameMatrix(matrix, other);
            case Relation relation -> said instanceof Relation other && sameRelation(relation, other);
            default -> MathsValues.isScalar(gold) && MathsValues.isScalar(said) && sameNumber(gold, said);
        };
    }

    /// Units that both have must fit, and then count; one that only one side has is left out, as graders do.
    private static boolean sameMeasure(MathsNode gold, MathsNode said) {
        if (gold instanceof Measured a && said instanceof Measured b) {
            return a.unit().powers().equals(b.unit().powers()) && meansSame(scaled(a), scaled(b));
        }
        return meansSame(
                gold instanceof Measured a ? a.number() : gold, said instanceof Measured b ? b.number() : said);
    }

    private static MathsNode scaled(Measured measured) {
        boolean one = measured.unit().factor().equals(Rational.of(1));
        return one
                ? measured.number()
                : Op.of(
                        Kind.MULTIPLY,
                        measured.number(),
                        new Num(measured.unit().factor(), 0));
    }

    /// Lists are without order but with repetitions, sets without both.
    private static boolean sameSeveral(Several gold, Several said) {
        return gold.braces() || said.braces()
                ? sameItems(distinct(gold.items()), distinct(said.items()))
                : sameItems(gold.items(), said.items());
    }

    private static List<MathsNode> distinct(List<MathsNode> items) {
        List<MathsNode> kept = new ArrayList<>();
        for (MathsNode item : items.subList(0, Math.min(items.size(), MOST_ITEMS + 1))) {
            if (kept.stream().noneMatch(other -> meansSame(other, item))) {
                kept.add(item);
            }
        }
        return kept;
    }

    private static boolean sameItems(List<MathsNode> gold, List<MathsNode> said) {
        if (gold.size() != said.size() || gold.size() > MOST_ITEMS) {
            return false;
        }
        List<MathsNode> open = new ArrayList<>(said);
        for (MathsNode item : gold) {
            Optional<MathsNode> same =
                    open.stream().filter(other -> meansSame(item, other)).findFirst();
            if (same.isEmpty()) {
                return false;
            }
            open.remove(same.get());
        }
        return true;
    }

    /// Of two, the brackets say whether ends belong to it; of more they say nothing.
    private static boolean sameTuple(Tuple gold, Tuple said) {
        boolean brackets = gold.open() == said.open() && gold.close() == said.close();
        return (brackets || gold.items().size() != 2) && inOrder(gold.items(), said.items(), MathsEquality::equal);
    }

    private static <T> boolean inOrder(List<T> gold, List<T> said, BiPredicate<T, T> same) {
        if (gold.size() != said.size()) {
            return false;
        }
        for (int i = 0; i < gold.size(); i++) {
            if (!same.test(gold.get(i), said.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean sameMatrix(Matrix gold, Matrix said) {
        return inOrder(gold.rows(), said.rows(), (a, b) -> inOrder(a, b, MathsEquality::meansSame));
    }

    /// Equations with one side a multiple of the other's; other relations side by side.
    private static boolean sameRelation(Relation gold, Relation said) {
        if (!gold.operators().equals(said.operators())) {
            return false;
        }
        boolean equation = gold.operators().equals(List.of("="));
        if (!equation || !gold.sides().stream().allMatch(MathsValues::isScalar)) {
            return inOrder(gold.sides(), said.sides(), MathsEquality::meansSame);
        }
        return said.sides().stream().allMatch(MathsValues::isScalar)
                && proportional(difference(gold), difference(said));
    }

    private static MathsNode difference(Relation equation) {
        return Op.of(Kind.SUBTRACT, equation.sides().get(0), equation.sides().get(1));
    }

    private static boolean proportional(MathsNode gold, MathsNode said) {
        List<String> names = names(gold, said);
        Optional<Rational> ratio = Optional.empty();
        int seen = 0;
        for (int i = 0; i < POINTS; i++) {
            Map<String, Rational> at = point(names, i);
            Optional<Rational> a = MathsValues.exact(gold, at);
            Optional<Rational> b = MathsValues.exact(said, at);
            if (a.isEmpty() || b.isEmpty() || a.get().signum() == 0 || b.get().signum() == 0) {
                if (a.isPresent()
                        && b.isPresent()
                        && a.get().signum() != b.get().signum()) {
                    return false;
                }
                continue;
            }
            Rational here = a.get().over(b.get());
            if (ratio.isPresent() && !ratio.get().equals(here)) {
                return false;
            }
            ratio = Optional.of(here);
            seen++;
        }
        return seen >= ENOUGH_POINTS;
    }

    // ---- numbers and formulas --------------------------------------------------------------------------------------

    private static boolean sameNumber(MathsNode gold, MathsNode said) {
        boolean goldPercent = isPercent(gold);
        boolean saidPercent = isPercent(said);
        if (goldPercent != saidPercent && (sameFormula(unpercent(gold), unpercent(said)))) {
            return true;
        }
        return sameFormula(gold, said);
    }

    private static boolean isPercent(MathsNode node) {
        return node instanceof Op op && op.kind() == Kind.PERCENT;
    }

    /// The 50 of 50 %, which stands for itself where the other side has no sign: a question for per cent.
    private static MathsNode unpercent(MathsNode node) {
        return node instanceof Op op && op.kind() == Kind.PERCENT ? op.args().getFirst() : node;
    }

    private static boolean sameFormula(MathsNode gold, MathsNode said) {
        List<String> names = names(gold, said);
        if (!names.isEmpty()) {
            return sameFunction(gold, said, names);
        }
        Optional<Rational> a = MathsValues.exact(gold, Map.of());
        Optional<Rational> b = MathsValues.exact(said, Map.of());
        if (a.isPresent() && b.isPresent() && a.get().equals(b.get())) {
            return true;
        }
        double x = MathsValues.numeric(gold, Map.of());
        double y = MathsValues.numeric(said, Map.of());
        if (Double.isInfinite(x) || Double.isInfinite(y)) {
            return x == y && isInfinity(gold) && isInfinity(said);
        }
        if (a.isPresent() && b.isPresent()) {
            return (!isTerminating(a.get()) && rounds(said, y, x)) || (!isTerminating(b.get()) && rounds(gold, x, y));
        }
        return close(x, y) || (a.isEmpty() && rounds(said, y, x)) || (b.isEmpty() && rounds(gold, x, y));
    }

    /// Not what has merely grown too large for a double.
    private static boolean isInfinity(MathsNode node) {
        return node instanceof Sym
                || (node instanceof Op op
                        && op.kind() == Kind.NEGATE
                        && isInfinity(op.args().getFirst()));
    }

    private static boolean isTerminating(Rational value) {
        var rest = value.denominator();
        for (long p : new long[] {2, 5}) {
            var prime = BigInteger.valueOf(p);
            while (rest.mod(prime).signum() == 0) {
                rest = rest.divide(prime);
            }
        }
        return rest.equals(BigInteger.ONE);
    }

    /// Whether a decimal fraction with enough places is `exact` rounded.
    private static boolean rounds(MathsNode decimal, double value, double exact) {
        MathsNode digits =
                decimal instanceof Op op && op.kind() == Kind.NEGATE ? op.args().getFirst() : decimal;
        return digits instanceof Num num
                && num.decimals() >= ENOUGH_DECIMALS
                && Math.abs(value - exact)
                        <= 0.5 * StrictMath.pow(10, -num.decimals()) * (1 + 1e-6) + CLOSE * Math.abs(exact);
    }

    private static boolean close(double x, double y) {
        return Math.abs(x - y) <= CLOSE * Math.max(Math.abs(x), Math.abs(y));
    }

    private static List<String> names(MathsNode a, MathsNode b) {
        Set<String> names = new TreeSet<>();
        MathsValues.variables(a, names);
        MathsValues.variables(b, names);
        return List.copyOf(names);
    }

    private static Map<String, Rational> point(List<String> names, int number) {
        var random = new SplitMix(SEED, number);
        Map<String, Rational> at = new HashMap<>();
        for (String name : names) {
            // Over a prime: where formulas are undefined, at whole numbers and simple fractions, no point lies.
            long numerator = 101L * random.below(8) + random.between(1, 100);
            // Also on the negative side, where roots and absolute values differ.
            boolean negative = number == 1 || (number % 2 == 1 && random.chance(0.5));
            at.put(name, Rational.of(negative ? -numerator : numerator).over(Rational.of(101)));
        }
        return at;
    }

    /// The same at all seeded points where both have a value, and with values at the same points.
    private static boolean sameFunction(MathsNode gold, MathsNode said, List<String> names) {
        int seen = 0;
        for (int i = 0; i < POINTS; i++) {
            Map<String, Rational> at = point(names, i);
            Optional<Rational> a = MathsValues.exact(gold, at);
            Optional<Rational> b = MathsValues.exact(said, at);
            if (a.isPresent() && b.isPresent()) {
                if (!a.get().equals(b.get())) {
                    return false;
                }
                seen++;
                continue;
            }
            Map<String, Double> numbers = new HashMap<>();
            at.forEach((name, value) -> numbers.put(name, value.doubleValue()));
            double x = MathsValues.numeric(gold, numbers);
            double y = MathsValues.numeric(said, numbers);
            if (!Double.isFinite(x) && !Double.isFinite(y)) {
                continue;
            }
            // Differences of terms lose digits that the values of points do not have to spare.
            if (!(Math.abs(x - y) <= 1e3 * CLOSE * Math.max(1, Math.max(Math.abs(x), Math.abs(y))))) {
                return false;
            }
            seen++;
        }
        return seen >= ENOUGH_POINTS;
    }
}
