package io.torrefy.lm.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reads statements; [ExprParser] reads the expressions in them.
final class Parser {
    private final Tokens tokens;
    private final ExprParser expressions;

    private Parser(List<Token> tokens) {
        this.tokens = new Tokens(tokens);
        this.expressions = new ExprParser(this.tokens);
    }

    static List<Stmt> parse(String source) {
        var parser = new Parser(Lexer.tokens(source));
        List<Stmt> body = parser.body(List.of());
        if (parser.tokens.peek().kind() != Token.Kind.END) {
            throw new JinjaException(
                    "unexpected {% " + parser.tokens.peek(1).text() + " %}",
                    parser.tokens.peek().offset());
        }
        return body;
    }

    /// Statements up to the end or a block that begins with one of `ends`, which is left to the caller.
    private List<Stmt> body(List<String> ends) {
        List<Stmt> body = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            switch (token.kind()) {
                case DATA -> body.add(new Stmt.Data(tokens.next().text()));
                case EXPRESSION_BEGIN -> {
                    tokens.next();
                    body.add(new Stmt.Output(expressions.tupleOrExpression()));
                    tokens.expect(Token.Kind.EXPRESSION_END);
                }
                case BLOCK_BEGIN -> {
                    String tag = tokens.peek(1).text();
                    if (ends.contains(tag) || tag.startsWith("end") || tag.equals("else") || tag.equals("elif")) {
                        return body;
                    }
                    tokens.next();
                    body.add(statement());
                }
                default -> {
                    return body;
                }
            }
        }
    }

    private Stmt statement() {
        Token tag = tokens.next();
        return switch (tag.text()) {
            case "if" -> ifStatement(tag);
            case "for" -> forStatement(tag);
            case "set" -> setStatement(tag);
            case "macro" -> macroStatement(tag);
            case "generation" -> {
                endBlock();
                List<Stmt> body = body(List.of("endgeneration"));
                close(tag, "endgeneration");
                yield new Stmt.Generation(body);
            }
            case "break" -> {
                endBlock();
                yield new Stmt.Break();
            }
            case "continue" -> {
                endBlock();
                yield new Stmt.Continue();
            }
            default ->
                throw new JinjaException(
                        "{% " + tag.text()
                                + " %} is not supported; supported are if, for, set, macro, generation, raw, break, continue",
                        tag.offset());
        };
    }

    private Stmt ifStatement(Token tag) {
        List<Stmt.Case> cases = new ArrayList<>();
        List<Stmt> otherwise = List.of();
        String part = "if";
        while (!part.equals("endif")) {
            if (part.equals("else")) {
                endBlock();
                otherwise = body(List.of("endif"));
                close(tag, "endif");
                return new Stmt.If(cases, otherwise);
            }
            Expr condition = expressions.tupleOrExpression();
            endBlock();
            cases.add(new Stmt.Case(condition, body(List.of("elif", "else", "endif"))));
            part = open(tag, "elif", "else", "endif");
        }
        endBlock();
        return new Stmt.If(cases, otherwise);
    }

    private Stmt forStatement(Token tag) {
        List<String> names = names();
        tokens.expectName("in");
        Expr items = expressions.withoutConditional();
        Optional<Expr> filter = Optional.empty();
        if (tokens.skipName("if")) {
            filter = Optional.of(expressions.expression());
        }
        if (tokens.peek().isName("recursive")) {
            throw new JinjaException(
                    "recursive loops are not supported", tokens.peek().offset());
        }
        endBlock();
        List<Stmt> body = body(List.of("else", "endfor"));
        List<Stmt> otherwise = List.of();
        if (open(tag, "else", "endfor").equals("else")) {
            endBlock();
            otherwise = body(List.of("endfor"));
            open(tag, "endfor");
        }
        endBlock();
        return new Stmt.For(names, items, filter, body, otherwise);
    }

    private Stmt setStatement(Token tag) {
        Token first = tokens.peek();
        if (tokens.peek(1).isOperator(".")) {
            String namespace = tokens.expect(Token.Kind.NAME).text();
            tokens.next();
            String name = tokens.expect(Token.Kind.NAME).text();
            tokens.expectOperator("=");
            Expr value = expressions.tupleOrExpression();
            endBlock();
            return new Stmt.SetAttribute(namespace, name, value, first.offset());
        }
        List<String> names = names();
        if (tokens.skipOperator("=")) {
            Expr value = expressions.tupleOrExpression();
            endBlock();
            return new Stmt.Set(names, value);
        }
        endBlock();
        List<Stmt> body = body(List.of("endset"));
        close(tag, "endset");
        return new Stmt.SetBlock(names.getFirst(), body);
    }

    private Stmt macroStatement(Token tag) {
        String name = tokens.expect(Token.Kind.NAME).text();
        tokens.expectOperator("(");
        List<String> parameters = new ArrayList<>();
        Map<String, Expr> defaults = new LinkedHashMap<>();
        while (!tokens.skipOperator(")")) {
            String parameter = tokens.expect(Token.Kind.NAME).text();
            parameters.add(parameter);
            if (tokens.skipOperator("=")) {
                defaults.put(parameter, expressions.expression());
            }
            if (!tokens.peek().isOperator(")")) {
                tokens.expectOperator(",");
            }
        }
        endBlock();
        List<Stmt> body = body(List.of("endmacro"));
        close(tag, "endmacro");
        return new Stmt.Macro(name, parameters, defaults, body);
    }

    private List<String> names() {
        List<String> names = new ArrayList<>();
        boolean parenthesis = tokens.skipOperator("(");
        do {
            names.add(tokens.expect(Token.Kind.NAME).text());
        } while (tokens.skipOperator(","));
        if (parenthesis) {
            tokens.expectOperator(")");
        }
        return names;
    }

    /// Enters the block that ends or continues `tag`.
    private String open(Token tag, String... allowed) {
        String name = tokens.peek(1).text();
        if (tokens.peek().kind() != Token.Kind.BLOCK_BEGIN || !List.of(allowed).contains(name)) {
            throw new JinjaException(
                    "expected {% " + String.join(" %} or {% ", allowed) + " %} for this '" + tag.text() + "'; got "
                            + (tokens.peek().kind() == Token.Kind.END ? tokens.peek() : "{% " + name + " %}"),
                    tag.offset());
        }
        tokens.next();
        return tokens.next().text();
    }

    private void close(Token tag, String end) {
        open(tag, end);
        endBlock();
    }

    private void endBlock() {
        tokens.expect(Token.Kind.BLOCK_END);
    }

    /// The tokens and how far they have been read.
    static final class Tokens {
        private final List<Token> all;
        private int at;

        Tokens(List<Token> all) {
            this.all = all;
        }

        Token peek() {
            return peek(0);
        }

        Token peek(int ahead) {
            return all.get(Math.min(at + ahead, all.size() - 1));
        }

        Token next() {
            Token token = peek();
            at++;
            return token;
        }

        boolean skipOperator(String text) {
            boolean found = peek().isOperator(text);
            at += found ? 1 : 0;
            return found;
        }

        boolean skipName(String text) {
            boolean found = peek().isName(text);
            at += found ? 1 : 0;
            return found;
        }

        Token expect(Token.Kind kind) {
            if (peek().kind() != kind) {
                String wanted = switch (kind) {
                    case EXPRESSION_END -> "'}}'";
                    case BLOCK_END -> "'%}'";
                    case NAME -> "a name";
                    default -> kind.name();
                };
                throw unexpected(wanted);
            }
            return next();
        }

        void expectOperator(String text) {
            if (!skipOperator(text)) {
                throw unexpected("'" + text + "'");
            }
        }

        void expectName(String text) {
            if (!skipName(text)) {
                throw unexpected("'" + text + "'");
            }
        }

        JinjaException unexpected(String wanted) {
            return new JinjaException("expected " + wanted + "; got " + peek(), peek().offset());
        }
    }

    /// Arguments in parentheses, of which the first has been read.
    static Expr.Arguments arguments(Tokens tokens, ExprParser expressions) {
        List<Expr> positional = new ArrayList<>();
        Map<String, Expr> named = new LinkedHashMap<>();
        while (!tokens.skipOperator(")")) {
            if (tokens.peek().kind() == Token.Kind.NAME && tokens.peek(1).isOperator("=")) {
                String name = tokens.next().text();
                tokens.next();
                named.put(name, expressions.expression());
            } else {
                positional.add(expressions.expression());
            }
            if (!tokens.peek().isOperator(")")) {
                tokens.expectOperator(",");
            }
        }
        return new Expr.Arguments(positional, named);
    }
}
