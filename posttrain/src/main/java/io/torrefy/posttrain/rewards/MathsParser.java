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
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reads what an answer says, LaTeX or plain. A text that is longer or deeper than answers are is not read, so that
/// none costs more than a moment.
final class MathsParser {
    private static final int LONGEST = 1000;
    private static final int DEEPEST = 60;
    private static final int MOST_OPERATIONS = 1000;
    private static final Set<String> FUNCTIONS = Set.of(
            "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "log",
            "exp");
    private static final Set<String> RELATIONS = Set.of("=", "<", ">", "\\le", "\\ge", "\\in", "\\ne");

    /// A text that is no mathematics.
    static final class NoMaths extends Exception {
        private static final long serialVersionUID = 1;

        NoMaths(String message) {
            super(message, null, false, false);
        }
    }

    private final MathsLexer lexer;
    private int depth;
    private int operations;

    private MathsParser(MathsLexer lexer) {
        this.lexer = lexer;
    }

    /// What a cleaned text says; empty where it is no mathematics.
    static Optional<MathsNode> parse(String clean) {
        String bare = MathsText.bare(clean);
        if (bare.isEmpty() || bare.length() > LONGEST) {
            return Optional.empty();
        }
        try {
            Optional<MathsText.Split> split = MathsText.unit(bare);
            if (split.isPresent()) {
                MathsNode number = whole(split.get().body());
                Optional<Units> unit = Units.parse(split.get().unit());
                return Optional.of(unit.isPresent() ? measured(number, unit.get()) : number);
            }
            MathsNode node = whole(bare);
            boolean dollars = clean.strip().startsWith("$") && !clean.strip().endsWith("$");
            Optional<Units> money = dollars ? Units.parse("dollars") : Optional.empty();
            return Optional.of(money.isPresent() ? measured(node, money.get()) : node);
        } catch (NoMaths | ArithmeticException _) {
            return Optional.empty();
        }
    }

    /// A unit is the right side's of `x = 5 cm`.
    private static MathsNode measured(MathsNode node, Units unit) {
        if (node instanceof Relation relation) {
            List<MathsNode> sides = new ArrayList<>(relation.sides());
            sides.add(new Measured(sides.removeLast(), unit));
            return new Relation(relation.operators(), sides);
        }
        return new Measured(node, unit);
    }

    private static MathsNode whole(String text) throws NoMaths {
        MathsParser parser = new MathsParser(new MathsLexer(text));
        MathsNode node = parser.list();
        parser.lexer.expectEnd();
        return node;
    }

    /// Parts between commas, semicolons, `and` and `or`.
    private MathsNode list() throws NoMaths {
        List<MathsNode> items = new ArrayList<>();
        items.add(relation());
        while (lexer.accept(",") || lexer.accept(";") || lexer.accept("and") || lexer.accept("or")) {
            lexer.accept("and");
            lexer.accept("or");
            items.add(relation());
        }
        return items.size() == 1 ? items.getFirst() : new Several(false, items);
    }

    private MathsNode relation() throws NoMaths {
        List<MathsNode> sides = new ArrayList<>();
        List<String> operators = new ArrayList<>();
        sides.add(union());
        while (RELATIONS.contains(lexer.peek())) {
            operators.add(lexer.next());
            sides.add(union());
        }
        return operators.isEmpty() ? sides.getFirst() : new Relation(operators, sides);
    }

    private MathsNode union() throws NoMaths {
        MathsNode first = sum();
        if (!lexer.peek().equals("\\cup")) {
            return first;
        }
        List<MathsNode> parts = new ArrayList<>(List.of(first));
        while (lexer.accept("\\cup")) {
            parts.add(sum());
        }
        return new Union(parts);
    }

    private MathsNode sum() throws NoMaths {
        if (++depth > DEEPEST) {
            throw new NoMaths("too deep");
        }
        MathsNode left = lexer.accept("\\pm") ? Op.of(Kind.PLUS_MINUS, product()) : product();
        while (true) {
            count();
            if (lexer.accept("+")) {
                left = Op.of(Kind.ADD, left, product());
            } else if (lexer.accept("-")) {
                left = Op.of(Kind.SUBTRACT, left, product());
            } else if (lexer.accept("\\pm")) {
                left = Op.of(Kind.PLUS_MINUS, left, product());
            } else {
                depth--;
                return left;
            }
        }
    }

    /// Chains of operations are as deep as they are long, once they are a tree.
    private void count() throws NoMaths {
        if (++operations > MOST_OPERATIONS) {
            throw new NoMaths("too long");
        }
    }

    private MathsNode product() throws NoMaths {
        MathsNode left = signed();
        while (true) {
            count();
            if (lexer.accept("*") || lexer.accept("\\cdot") || lexer.accept("\\times")) {
                left = Op.of(Kind.MULTIPLY, left, signed());
            } else if (lexer.accept("/") || lexer.accept("\\div") || lexer.accept(":")) {
                left = Op.of(Kind.DIVIDE, left, signed());
            } else if (startsFactor(left)) {
                left = Op.of(Kind.MULTIPLY, left, power());
            } else {
                return left;
            }
        }
    }

    /// `1\frac{1}{2}` and `1 1/2` are mixed numbers, `2\frac{x}{3}` is a product.
    private MathsNode besideFraction(Num whole) throws NoMaths {
        if (lexer.beginsMixed()) {
            MathsNode numerator = lexer.number();
            lexer.expect("/");
            return Op.of(Kind.MIXED, whole, Op.of(Kind.DIVIDE, numerator, lexer.number()));
        }
        if (!lexer.peek().equals("\\frac")) {
            return whole;
        }
        MathsNode fraction = power();
        boolean numbers = fraction instanceof Op op
                && op.kind() == Kind.DIVIDE
                && op.args().stream()
                        .allMatch(part -> part instanceof Num n && n.value().isWhole());
        return Op.of(numbers ? Kind.MIXED : Kind.MULTIPLY, whole, fraction);
    }

    /// Whether a factor without a sign of multiplication follows.
    private boolean startsFactor(MathsNode left) {
        return switch (lexer.kind()) {
            case COMMAND ->
                lexer.peek().equals("\\frac")
                        || lexer.peek().equals("\\sqrt")
                        || lexer.peek().equals(Sym.PI)
                        || FUNCTIONS.contains(lexer.peek().substring(1))
                        || lexer.isLetterCommand();
            case LETTER, FUNCTION -> true;
            case SIGN -> lexer.peek().equals("(") || (lexer.peek().equals("[") && !(left instanceof Tuple));
            case NUMBER, WORD, END -> false;
        };
    }

    private MathsNode signed() throws NoMaths {
        if (++depth > DEEPEST) {
            throw new NoMaths("too deep");
        }
        MathsNode node;
        if (lexer.accept("-")) {
            node = Op.of(Kind.NEGATE, signed());
        } else if (lexer.accept("+")) {
            node = signed();
        } else {
            node = power();
            if (node instanceof Num whole && whole.value().isWhole() && whole.decimals() == 0) {
                node = besideFraction(whole);
            }
        }
        depth--;
        return node;
    }

    private MathsNode power() throws NoMaths {
        MathsNode base = postfix(primary());
        if (lexer.accept("^") || lexer.accept("**")) {
            MathsNode exponent = lexer.peek().equals("{") ? braced() : signed();
            return postfix(Op.of(Kind.POWER, base, exponent));
        }
        return base;
    }

    private MathsNode postfix(MathsNode node) throws NoMaths {
        MathsNode result = node;
        while (true) {
            count();
            if (lexer.accept("!")) {
                result = Op.of(Kind.FACTORIAL, result);
            } else if (lexer.accept("%")) {
                result = Op.of(Kind.PERCENT, result);
            } else {
                return result;
            }
        }
    }

    private MathsNode primary() throws NoMaths {
        return switch (lexer.kind()) {
            case NUMBER -> lexer.number();
            case LETTER -> symbol(lexer.next());
            case FUNCTION -> function(lexer.next());
            case COMMAND -> command(lexer.next());
            case SIGN -> bracket(lexer.next());
            case WORD, END -> throw new NoMaths("no value at '" + lexer.peek() + "'");
        };
    }

    private MathsNode symbol(String name) throws NoMaths {
        if (!lexer.accept("_")) {
            return new Sym(name);
        }
        return new Sym(name + "_" + lexer.script());
    }

    private MathsNode command(String name) throws NoMaths {
        String plain = name.substring(1);
        if (FUNCTIONS.contains(plain)) {
            return function(plain);
        }
        return switch (plain) {
            case "frac" -> Op.of(Kind.DIVIDE, argument(), argument());
            case "sqrt" -> root();
            case "infty" -> new Sym(Sym.INFINITY);
            case "emptyset", "varnothing" -> new Several(true, List.of());
            case "mathbb" -> reals();
            case "begin" -> matrix();
            case "lvert", "vert", "mid" -> absolute();
            case "langle" -> bracket("(");
            case "boxed", "overline" -> throw new NoMaths(name);
            default -> {
                if (!lexer.isLetterCommand(name)) {
                    throw new NoMaths("no value at " + name);
                }
                yield symbol(name);
            }
        };
    }

    private MathsNode reals() throws NoMaths {
        String set = lexer.script();
        if (!set.equals("R")) {
            return new Sym("\\mathbb " + set);
        }
        MathsNode infinity = new Sym(Sym.INFINITY);
        return new Tuple('(', ')', List.of(Op.of(Kind.NEGATE, infinity), infinity));
    }

    /// `{a}`, a digit or a letter, as `\frac12` has them.
    private MathsNode argument() throws NoMaths {
        if (lexer.peek().equals("{")) {
            return braced();
        }
        return lexer.kind() == MathsLexer.Kind.NUMBER ? lexer.digit() : primary();
    }

    private MathsNode braced() throws NoMaths {
        lexer.expect("{");
        MathsNode inner = sum();
        lexer.expect("}");
        return inner;
    }

    private MathsNode root() throws NoMaths {
        MathsNode index = new Num(Rational.of(2), 0);
        if (lexer.accept("[")) {
            index = sum();
            lexer.expect("]");
        }
        MathsNode radicand = lexer.kind() == MathsLexer.Kind.NUMBER ? lexer.number() : argument();
        return Op.of(Kind.ROOT, radicand, index);
    }

    private MathsNode function(String name) throws NoMaths {
        if (name.equals("sqrt")) {
            return root();
        }
        if (name.equals("abs")) {
            return Op.of(Kind.ABSOLUTE, functionArgument());
        }
        MathsNode base = new Num(Rational.of(10), 0);
        if (name.equals("log") && lexer.accept("_")) {
            base = argument();
        }
        MathsNode power = lexer.accept("^") ? argument() : new Num(Rational.of(1), 0);
        MathsNode argument = functionArgument();
        MathsNode call = new Call(name, name.equals("log") ? List.of(base, argument) : List.of(argument));
        return power instanceof Num one && one.value().equals(Rational.of(1)) ? call : Op.of(Kind.POWER, call, power);
    }

    /// What is in brackets, or the factors up to the next sign: `\sin 2x`.
    private MathsNode functionArgument() throws NoMaths {
        if (lexer.peek().equals("(")) {
            return bracket(lexer.next());
        }
        if (lexer.peek().equals("{")) {
            return braced();
        }
        MathsNode argument = signed();
        while (lexer.kind() == MathsLexer.Kind.LETTER || lexer.peek().equals(Sym.PI)) {
            argument = Op.of(Kind.MULTIPLY, argument, power());
        }
        return argument;
    }

    private MathsNode absolute() throws NoMaths {
        MathsNode inner = sum();
        if (!lexer.accept("|") && !lexer.accept("\\rvert") && !lexer.accept("\\vert") && !lexer.accept("\\mid")) {
            throw new NoMaths("no end of an absolute value");
        }
        return Op.of(Kind.ABSOLUTE, inner);
    }

    private MathsNode bracket(String open) throws NoMaths {
        return switch (open) {
            case "|" -> absolute();
            case "{" -> {
                MathsNode inner = list();
                lexer.expect("}");
                yield inner;
            }
            case "⟦" -> {
                List<MathsNode> items = lexer.peek().equals("⟧") ? List.of() : items();
                lexer.expect("⟧");
                yield new Several(true, items);
            }
            case "(", "[" -> {
                List<MathsNode> items = items();
                String close = lexer.next();
                boolean single = items.size() == 1;
                boolean matches = close.equals(open.equals("(") ? ")" : "]");
                boolean closes = close.equals(")") || close.equals("]") || close.equals("\\rangle");
                if (!closes || (single && !matches)) {
                    throw new NoMaths("a bracket without its end");
                }
                yield single ? items.getFirst() : new Tuple(open.charAt(0), close.equals("]") ? ']' : ')', items);
            }
            default -> throw new NoMaths("no value at " + open);
        };
    }

    private List<MathsNode> items() throws NoMaths {
        List<MathsNode> items = new ArrayList<>();
        items.add(relation());
        while (lexer.accept(",") || lexer.accept(";")) {
            items.add(relation());
        }
        return items;
    }

    private MathsNode matrix() throws NoMaths {
        String kind = lexer.script();
        if (!kind.endsWith("matrix") && !kind.equals("array")) {
            throw new NoMaths("no value at " + kind);
        }
        if (kind.equals("array")) {
            lexer.script();
        }
        List<List<MathsNode>> rows = new ArrayList<>();
        List<MathsNode> row = new ArrayList<>();
        while (true) {
            row.add(sum());
            if (lexer.accept("&")) {
                continue;
            }
            rows.add(row);
            row = new ArrayList<>();
            boolean more = lexer.accept("¶");
            if (lexer.accept("\\end")) {
                lexer.script();
                return new Matrix(rows);
            }
            if (!more) {
                throw new NoMaths("no end of a matrix");
            }
        }
    }

    /// A number from its digits, and the digits that repeat.
    static Num number(String digits, String repeating) {
        BigDecimal value = new BigDecimal(digits);
        Rational exact = Rational.of(value);
        int point = digits.indexOf('.');
        int decimals = point < 0 ? 0 : Math.max(0, value.scale());
        if (!repeating.isEmpty()) {
            BigInteger nines = BigInteger.TEN.pow(repeating.length()).subtract(BigInteger.ONE);
            BigInteger scale = BigInteger.TEN.pow(decimals);
            exact = exact.plus(new Rational(new BigInteger(repeating), nines.multiply(scale)));
            decimals = 0;
        }
        return new Num(exact, decimals);
    }
}
