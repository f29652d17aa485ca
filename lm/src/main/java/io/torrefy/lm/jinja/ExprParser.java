package io.torrefy.lm.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads expressions by recursive descent, with the precedence of Jinja 3: conditional, `or`, `and`, `not`, comparison,
/// `+ -`, `~`, `* / // %`, `**`, sign, postfix, filters and tests.
final class ExprParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final Parser.Tokens tokens;

    ExprParser(Parser.Tokens tokens) {
        this.tokens = tokens;
    }

    Expr expression() {
        int at = here();
        Expr expression = or();
        while (tokens.skipName("if")) {
            Expr condition = or();
            Optional<Expr> otherwise = tokens.skipName("else") ? Optional.of(expression()) : Optional.empty();
            expression = new Expr.Conditional(condition, expression, otherwise, at);
        }
        return expression;
    }

    /// An expression, or several with commas between, which make a tuple.
    Expr tupleOrExpression() {
        int at = here();
        Expr first = expression();
        if (!tokens.peek().isOperator(",")) {
            return first;
        }
        List<Expr> items = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",")) {
            items.add(expression());
        }
        return new Expr.Tuple(items, at);
    }

    /// What a loop runs over: an `if` behind it is the loop's filter.
    Expr withoutConditional() {
        return or();
    }

    private Expr or() {
        Expr left = and();
        for (int at = here(); tokens.skipName("or"); at = here()) {
            left = new Expr.Binary("or", left, and(), at);
        }
        return left;
    }

    private Expr and() {
        Expr left = not();
        for (int at = here(); tokens.skipName("and"); at = here()) {
            left = new Expr.Binary("and", left, not(), at);
        }
        return left;
    }

    private Expr not() {
        int at = here();
        return tokens.skipName("not") ? new Expr.Unary("not", not(), at) : comparison();
    }

    private Expr comparison() {
        int at = here();
        Expr first = sum();
        List<String> operators = new ArrayList<>();
        List<Expr> others = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            if (token.kind() == Token.Kind.OPERATOR && COMPARISONS.contains(token.text())) {
                operators.add(tokens.next().text());
            } else if (token.isName("in")) {
                operators.add(tokens.next().text());
            } else if (token.isName("not") && tokens.peek(1).isName("in")) {
                tokens.next();
                tokens.next();
                operators.add("not in");
            } else {
                return operators.isEmpty() ? first : new Expr.Comparison(first, operators, others, at);
            }
            others.add(sum());
        }
    }

    private Expr sum() {
        Expr left = concatenation();
        while (tokens.peek().isOperator("+") || tokens.peek().isOperator("-")) {
            Token operator = tokens.next();
            left = new Expr.Binary(operator.text(), left, concatenation(), operator.offset());
        }
        return left;
    }

    private Expr concatenation() {
        Expr left = product();
        while (tokens.peek().isOperator("~")) {
            Token operator = tokens.next();
            left = new Expr.Binary("~", left, product(), operator.offset());
        }
        return left;
    }

    private Expr product() {
        Expr left = power();
        while (tokens.peek().kind() == Token.Kind.OPERATOR
                && Set.of("*", "/", "//", "%").contains(tokens.peek().text())) {
            Token operator = tokens.next();
            left = new Expr.Binary(operator.text(), left, power(), operator.offset());
        }
        return left;
    }

    private Expr power() {
        Expr left = unary(true);
        while (tokens.peek().isOperator("**")) {
            Token operator = tokens.next();
            left = new Expr.Binary("**", left, unary(true), operator.offset());
        }
        return left;
    }

    private Expr unary(boolean filters) {
        Token token = tokens.peek();
        Expr node;
        if (token.isOperator("-") || token.isOperator("+")) {
            tokens.next();
            node = new Expr.Unary(token.text(), unary(false), token.offset());
        } else {
            node = primary();
        }
        node = postfix(node);
        return filters ? filters(node) : node;
    }

    private Expr primary() {
        Token token = tokens.next();
        int at = token.offset();
        return switch (token.kind()) {
            case NAME ->
                switch (token.text()) {
                    case "true", "True" -> new Expr.Literal(true, at);
                    case "false", "False" -> new Expr.Literal(false, at);
                    case "none", "None" -> new Expr.Literal(Values.None.NONE, at);
                    default -> new Expr.Name(token.text(), at);
                };
            case STRING -> {
                var text = new StringBuilder(token.text());
                while (tokens.peek().kind() == Token.Kind.STRING) {
                    text.append(tokens.next().text());
                }
                yield new Expr.Literal(text.toString(), at);
            }
            case INTEGER -> new Expr.Literal(integer(token), at);
            case FLOAT -> new Expr.Literal(Double.parseDouble(token.text()), at);
            case OPERATOR ->
                switch (token.text()) {
                    case "(" -> parenthesis(at);
                    case "[" -> new Expr.Array(items("]"), at);
                    case "{" -> dict(at);
                    default -> throw new JinjaException("expected an expression; got " + token, at);
                };
            default -> throw new JinjaException("expected an expression; got " + token, at);
        };
    }

    private static long integer(Token token) {
        try {
            return Long.parseLong(token.text());
        } catch (NumberFormatException _) {
            throw new JinjaException("integer " + token.text() + " is beyond 64 bits", token.offset());
        }
    }

    private Expr parenthesis(int at) {
        if (tokens.skipOperator(")")) {
            return new Expr.Tuple(List.of(), at);
        }
        Expr inner = expression();
        if (!tokens.peek().isOperator(",")) {
            tokens.expectOperator(")");
            return inner;
        }
        tokens.next();
        List<Expr> items = new ArrayList<>(List.of(inner));
        items.addAll(items(")"));
        return new Expr.Tuple(items, at);
    }

    private List<Expr> items(String close) {
        List<Expr> items = new ArrayList<>();
        while (!tokens.skipOperator(close)) {
            items.add(expression());
            if (!tokens.peek().isOperator(close)) {
                tokens.expectOperator(",");
            }
        }
        return items;
    }

    private Expr dict(int at) {
        List<Expr> keys = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!tokens.skipOperator("}")) {
            keys.add(expression());
            tokens.expectOperator(":");
            values.add(expression());
            if (!tokens.peek().isOperator("}")) {
                tokens.expectOperator(",");
            }
        }
        return new Expr.Dict(keys, values, at);
    }

    private Expr postfix(Expr start) {
        Expr node = start;
        while (true) {
            int at = here();
            if (tokens.skipOperator(".")) {
                Token name = tokens.next();
                node = switch (name.kind()) {
                    case NAME -> new Expr.Attribute(node, name.text(), at);
                    case INTEGER -> new Expr.Item(node, new Expr.Literal(integer(name), at), at);
                    default -> throw new JinjaException("expected a name after '.'; got " + name, name.offset());
                };
            } else if (tokens.skipOperator("[")) {
                node = subscript(node, at);
            } else if (tokens.skipOperator("(")) {
                node = new Expr.Call(node, Parser.arguments(tokens, this), at);
            } else {
                return node;
            }
        }
    }

    private Expr subscript(Expr target, int at) {
        Optional<Expr> start = bound();
        if (!tokens.skipOperator(":")) {
            tokens.expectOperator("]");
            Expr key = start.orElseThrow(() -> new JinjaException("expected an index or a key in []", at));
            return new Expr.Item(target, key, at);
        }
        Optional<Expr> stop = bound();
        Optional<Expr> step = tokens.skipOperator(":") ? bound() : Optional.empty();
        tokens.expectOperator("]");
        return new Expr.Slice(target, start, stop, step, at);
    }

    private Optional<Expr> bound() {
        return tokens.peek().isOperator(":") || tokens.peek().isOperator("]")
                ? Optional.empty()
                : Optional.of(expression());
    }

    private Expr filters(Expr start) {
        Expr node = start;
        while (true) {
            int at = here();
            if (tokens.skipOperator("|")) {
                Token name = tokens.expect(Token.Kind.NAME);
                Filters.check(name);
                var arguments = tokens.skipOperator("(") ? Parser.arguments(tokens, this) : Expr.Arguments.NONE;
                node = new Expr.Filter(node, name.text(), arguments, name.offset());
            } else if (tokens.skipName("is")) {
                node = test(node, at);
            } else if (tokens.peek().isOperator("(")
                    || tokens.peek().isOperator(".")
                    || tokens.peek().isOperator("[")) {
                node = postfix(node);
            } else {
                return node;
            }
        }
    }

    private Expr test(Expr target, int at) {
        boolean negated = tokens.skipName("not");
        Token name = tokens.expect(Token.Kind.NAME);
        Tests.check(name);
        var arguments = Expr.Arguments.NONE;
        Token token = tokens.peek();
        if (tokens.skipOperator("(")) {
            arguments = Parser.arguments(tokens, this);
        } else if (Tests.takesArgument(name.text()) && startsArgument(token)) {
            arguments = new Expr.Arguments(List.of(postfix(primary())), Map.of());
        }
        return new Expr.Test(target, name.text(), arguments, negated, at);
    }

    private static boolean startsArgument(Token token) {
        return switch (token.kind()) {
            case STRING, INTEGER, FLOAT -> true;
            case NAME -> !Set.of("else", "or", "and", "is", "if").contains(token.text());
            default -> token.isOperator("[") || token.isOperator("{");
        };
    }

    private int here() {
        return tokens.peek().offset();
    }
}
