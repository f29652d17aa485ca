package io.torrefy.posttrain.rewards;

import io.torrefy.posttrain.Rational;
import io.torrefy.posttrain.rewards.MathsNode.Call;
import io.torrefy.posttrain.rewards.MathsNode.Num;
import io.torrefy.posttrain.rewards.MathsNode.Op;
import io.torrefy.posttrain.rewards.MathsNode.Sym;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Values of formulas: exact where sums, products, whole powers and roots that come out allow, else as doubles by
/// [StrictMath], the same on every machine.
final class MathsValues {
    /// What an exact value may take: an answer such as `9^{9^{9^9}}` must not cost a run.
    private static final int MOST_BITS = 8192;

    private static final int MOST_FACTORIAL = 300;

    private MathsValues() {}

    /// Puts the names of the variables into `into`.
    static void variables(MathsNode node, Set<String> into) {
        switch (node) {
            case Sym sym when !sym.isConstant() -> into.add(sym.name());
            case Op op -> op.args().forEach(arg -> variables(arg, into));
            case Call call -> call.args().forEach(arg -> variables(arg, into));
            default -> {}
        }
    }

    /// Whether this is arithmetic throughout, with a value of its own.
    static boolean isScalar(MathsNode node) {
        return switch (node) {
            case Num _, Sym _ -> true;
            case Op op -> op.args().stream().allMatch(MathsValues::isScalar);
            case Call call -> call.args().stream().allMatch(MathsValues::isScalar);
            default -> false;
        };
    }

    /// The exact value; empty where it is irrational, undefined or too large.
    static Optional<Rational> exact(MathsNode node, Map<String, Rational> at) {
        return switch (node) {
            case Num num -> Optional.of(num.value());
            case Sym sym -> Optional.ofNullable(at.get(sym.name()));
            case Op op -> exact(op, at);
            default -> Optional.empty();
        };
    }

    private static Optional<Rational> exact(Op op, Map<String, Rational> at) {
        Optional<Rational> first = exact(op.args().getFirst(), at);
        if (first.isEmpty()) {
            return first;
        }
        Rational a = first.get();
        if (op.args().size() == 1) {
            return switch (op.kind()) {
                case NEGATE -> Optional.of(a.negated());
                case ABSOLUTE -> Optional.of(a.signum() < 0 ? a.negated() : a);
                case PERCENT -> Optional.of(a.over(Rational.of(100)));
                case FACTORIAL -> factorial(a);
                default -> Optional.empty();
            };
        }
        Optional<Rational> second = exact(op.args().get(1), at);
        if (second.isEmpty()) {
            return second;
        }
        Rational b = second.get();
        return switch (op.kind()) {
            case ADD, MIXED -> small(a.plus(b));
            case SUBTRACT -> small(a.minus(b));
            case MULTIPLY -> small(a.times(b));
            case DIVIDE -> b.signum() == 0 ? Optional.empty() : small(a.over(b));
            case POWER -> power(a, b);
            case ROOT ->
                b.signum() == 0 ? Optional.empty() : power(a, Rational.of(1).over(b));
            default -> Optional.empty();
        };
    }

    private static Optional<Rational> small(Rational value) {
        return bits(value) <= MOST_BITS ? Optional.of(value) : Optional.empty();
    }

    private static int bits(Rational value) {
        return Math.max(value.numerator().bitLength(), value.denominator().bitLength());
    }

    private static Optional<Rational> factorial(Rational n) {
        if (!n.isWhole() || n.signum() < 0 || n.compareTo(Rational.of(MOST_FACTORIAL)) > 0) {
            return Optional.empty();
        }
        BigInteger product = BigInteger.ONE;
        for (int i = 2; i <= n.numerator().intValue(); i++) {
            product = product.multiply(BigInteger.valueOf(i));
        }
        return Optional.of(new Rational(product, BigInteger.ONE));
    }

    private static Optional<Rational> power(Rational base, Rational exponent) {
        boolean large =
                exponent.numerator().bitLength() > 16 || exponent.denominator().bitLength() > 5;
        if (large || (base.signum() == 0 && exponent.signum() <= 0)) {
            return Optional.empty();
        }
        int n = exponent.numerator().intValue();
        if ((long) Math.abs(n) * bits(base) > MOST_BITS) {
            return Optional.empty();
        }
        Rational positive = n < 0 ? Rational.of(1).over(base) : base;
        Rational powered = new Rational(
                positive.numerator().pow(Math.abs(n)), positive.denominator().pow(Math.abs(n)));
        int index = exponent.denominator().intValue();
        // An even root of a negative number is none, whatever the power made of its sign.
        if (index % 2 == 0 && base.signum() < 0) {
            return Optional.empty();
        }
        return root(powered, index);
    }

    private static Optional<Rational> root(Rational value, int index) {
        if (index == 1) {
            return Optional.of(value);
        }
        Optional<BigInteger> numerator = root(value.numerator().abs(), index);
        Optional<BigInteger> denominator = root(value.denominator(), index);
        if (numerator.isEmpty() || denominator.isEmpty()) {
            return Optional.empty();
        }
        Rational root = new Rational(numerator.get(), denominator.get());
        return Optional.of(value.signum() < 0 ? root.negated() : root);
    }

    /// The whole root, by halving; empty where it is not whole.
    private static Optional<BigInteger> root(BigInteger value, int index) {
        BigInteger low = BigInteger.ZERO;
        BigInteger high = BigInteger.ONE.shiftLeft(value.bitLength() / index + 1);
        while (low.compareTo(high) < 0) {
            BigInteger middle = low.add(high).shiftRight(1);
            if (middle.pow(index).compareTo(value) < 0) {
                low = middle.add(BigInteger.ONE);
            } else {
                high = middle;
            }
        }
        return low.pow(index).equals(value) ? Optional.of(low) : Optional.empty();
    }

    /// The value as a double; NaN where there is none.
    static double numeric(MathsNode node, Map<String, Double> at) {
        return switch (node) {
            case Num num -> num.value().doubleValue();
            case Sym sym ->
                switch (sym.name()) {
                    case Sym.PI -> Math.PI;
                    case Sym.E -> Math.E;
                    case Sym.INFINITY -> Double.POSITIVE_INFINITY;
                    default -> at.getOrDefault(sym.name(), Double.NaN);
                };
            case Op op -> numeric(op, at);
            case Call call -> numeric(call, at);
            default -> Double.NaN;
        };
    }

    private static double numeric(Op op, Map<String, Double> at) {
        double a = numeric(op.args().getFirst(), at);
        double b = op.args().size() == 1 ? Double.NaN : numeric(op.args().get(1), at);
        return switch (op.kind()) {
            case ADD, MIXED -> a + b;
            case SUBTRACT -> a - b;
            case MULTIPLY -> a * b;
            case DIVIDE -> a / b;
            case POWER ->
                op.args().get(1) instanceof Op ratio && ratio.kind() == Op.Kind.DIVIDE
                        ? rationalPower(a, ratio)
                        : StrictMath.pow(a, b);
            case ROOT ->
                a < 0 && b % 2 == 1
                        ? -StrictMath.pow(-a, 1 / b)
                        : b == 2 ? StrictMath.sqrt(a) : StrictMath.pow(a, 1 / b);
            case NEGATE -> -a;
            case ABSOLUTE -> Math.abs(a);
            case PERCENT -> a / 100;
            case FACTORIAL -> factorial(a);
            case PLUS_MINUS -> Double.NaN;
        };
    }

    /// `x^{1/3}` of a negative number is the real root, as `\sqrt[3]{x}` is.
    private static double rationalPower(double base, Op ratio) {
        List<MathsNode> parts = ratio.args();
        double p = parts.getFirst() instanceof Num num ? num.value().doubleValue() : Double.NaN;
        double q = parts.get(1) instanceof Num num ? num.value().doubleValue() : Double.NaN;
        double exponent = numeric(ratio, Map.of());
        return base < 0 && q % 2 == 1 && p % 1 == 0
                ? StrictMath.pow(-base, exponent) * (p % 2 == 0 ? 1 : -1)
                : StrictMath.pow(base, exponent);
    }

    private static double factorial(double n) {
        if (!(n >= 0 && n <= 170) || n != Math.rint(n)) {
            return Double.NaN;
        }
        double product = 1;
        for (int i = 2; i <= n; i++) {
            product *= i;
        }
        return product;
    }

    private static double numeric(Call call, Map<String, Double> at) {
        double x = numeric(call.args().getLast(), at);
        return switch (call.function()) {
            case "sin" -> StrictMath.sin(x);
            case "cos" -> StrictMath.cos(x);
            case "tan" -> StrictMath.tan(x);
            case "cot" -> 1 / StrictMath.tan(x);
            case "sec" -> 1 / StrictMath.cos(x);
            case "csc" -> 1 / StrictMath.sin(x);
            case "arcsin" -> StrictMath.asin(x);
            case "arccos" -> StrictMath.acos(x);
            case "arctan" -> StrictMath.atan(x);
            case "sinh" -> StrictMath.sinh(x);
            case "cosh" -> StrictMath.cosh(x);
            case "tanh" -> StrictMath.tanh(x);
            case "exp" -> StrictMath.exp(x);
            case "ln" -> StrictMath.log(x);
            case "log" -> StrictMath.log(x) / StrictMath.log(numeric(call.args().getFirst(), at));
            default -> Double.NaN;
        };
    }
}
