package io.torrefy.lm.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Renders a parsed template.
final class Interpreter {
    private static final int MOST_OUTPUT = 1 << 28;

    private static final int DEEPEST_CALL = 100;

    /// How a list of statements ended.
    private enum Flow {
        ON,
        BREAK,
        CONTINUE
    }

    /// Variables of the template or of one turn of a loop.
    private record Frame(
            Map<String, Object> variables, @Nullable Frame outer) {
        Frame(@Nullable Frame outer) {
            this(new HashMap<>(), outer);
        }

        Object find(String name) {
            for (Frame frame = this; frame != null; frame = frame.outer) {
                Object value = frame.variables.get(name);
                if (value != null) {
                    return value;
                }
            }
            return new Values.Undefined("'" + name + "' is undefined");
        }
    }

    private final StringBuilder output = new StringBuilder();
    private final List<Template.Span> spans = new ArrayList<>();
    private Frame frame;
    private int depth;
    private StringBuilder out = output;

    Interpreter(Map<String, Object> variables) {
        frame = new Frame(Globals.VARIABLES, null);
        frame = new Frame(new HashMap<>(variables), frame);
    }

    Template.Marked render(List<Stmt> body) {
        run(body);
        return new Template.Marked(output.toString(), List.copyOf(spans));
    }

    private Flow run(List<Stmt> body) {
        for (Stmt statement : body) {
            Flow flow = run(statement);
            if (flow != Flow.ON) {
                return flow;
            }
        }
        return Flow.ON;
    }

    private Flow run(Stmt statement) {
        switch (statement) {
            case Stmt.Data data -> out.append(data.text());
            case Stmt.Output o -> write(Text.str(evaluate(o.expression())));
            case Stmt.If choice -> {
                return choose(choice);
            }
            case Stmt.For loop -> loop(loop);
            case Stmt.Set set -> assign(set.names(), evaluate(set.value()));
            case Stmt.SetAttribute set -> {
                if (!(frame.find(set.namespace()) instanceof Values.Namespace space)) {
                    throw new JinjaException("'" + set.namespace() + "' is no namespace()", set.at());
                }
                space.attributes().put(set.name(), evaluate(set.value()));
            }
            case Stmt.SetBlock set -> {
                StringBuilder before = out;
                out = new StringBuilder();
                run(set.body());
                frame.variables().put(set.name(), out.toString());
                out = before;
            }
            case Stmt.Generation generation -> {
                return mark(generation);
            }
            case Stmt.Macro macro -> frame.variables().put(macro.name(), define(macro, frame));
            case Stmt.Break _ -> {
                return Flow.BREAK;
            }
            case Stmt.Continue _ -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.ON;
    }

    /// A macro sees the variables of where it is defined, and its own arguments.
    private Values.Callable define(Stmt.Macro macro, Frame definition) {
        return args -> {
            if (++depth > DEEPEST_CALL) {
                throw new JinjaException("macro '" + macro.name() + "' calls itself too deeply");
            }
            if (args.positional().size() > macro.parameters().size()) {
                throw new JinjaException("macro '" + macro.name() + "' takes "
                        + macro.parameters().size() + " arguments; got "
                        + args.positional().size());
            }
            Frame caller = frame;
            StringBuilder before = out;
            frame = new Frame(definition);
            out = new StringBuilder();
            for (int i = 0; i < macro.parameters().size(); i++) {
                String name = macro.parameters().get(i);
                Expr otherwise = macro.defaults().get(name);
                boolean given = i < args.positional().size() || args.named().containsKey(name);
                Object missing = new Values.Undefined("parameter '" + name + "' was not provided");
                Object value = !given && otherwise != null ? evaluate(otherwise) : args.get(i, name, missing);
                frame.variables().put(name, value);
            }
            run(macro.body());
            String text = out.toString();
            frame = caller;
            out = before;
            depth--;
            return text;
        };
    }

    private void write(String text) {
        if (out.length() + text.length() > MOST_OUTPUT) {
            throw new JinjaException("more than " + MOST_OUTPUT + " characters of output");
        }
        out.append(text);
    }

    /// Where a macro or a set block catches the text, no place in the output is known yet, and none is marked.
    private Flow mark(Stmt.Generation generation) {
        boolean known = out == output;
        int from = out.length();
        Flow flow = run(generation.body());
        if (known) {
            spans.add(new Template.Span(from, out.length()));
        }
        return flow;
    }

    private Flow choose(Stmt.If choice) {
        for (Stmt.Case option : choice.cases()) {
            if (Values.truth(evaluate(option.condition()))) {
                return run(option.body());
            }
        }
        return run(choice.otherwise());
    }

    private void loop(Stmt.For statement) {
        Frame outer = frame;
        List<Object> items;
        try {
            items = Values.iterate(evaluate(statement.items()));
        } catch (JinjaException e) {
            throw e.at(statement.items().at());
        }
        if (statement.filter().isPresent()) {
            List<Object> kept = new ArrayList<>();
            for (Object item : items) {
                frame = new Frame(outer);
                assign(statement.names(), item);
                if (Values.truth(evaluate(statement.filter().get()))) {
                    kept.add(item);
                }
            }
            items = kept;
        }
        var state = new Loop(items);
        Flow flow = Flow.ON;
        for (int i = 0; i < items.size() && flow != Flow.BREAK; i++) {
            state.index = i;
            frame = new Frame(outer);
            frame.variables().put("loop", state);
            assign(statement.names(), items.get(i));
            flow = run(statement.body());
        }
        frame = outer;
        if (items.isEmpty()) {
            run(statement.otherwise());
        }
    }

    private void assign(List<String> names, Object value) {
        if (names.size() == 1) {
            frame.variables().put(names.getFirst(), value);
            return;
        }
        List<Object> parts = Values.iterate(value);
        if (parts.size() != names.size()) {
            throw new JinjaException("expected " + names.size() + " values to unpack; got " + parts.size());
        }
        for (int i = 0; i < parts.size(); i++) {
            frame.variables().put(names.get(i), parts.get(i));
        }
    }

    private Object evaluate(Expr expression) {
        try {
            return value(expression);
        } catch (JinjaException e) {
            throw e.at(expression.at());
        }
    }

    private Object value(Expr expression) {
        return switch (expression) {
            case Expr.Literal literal -> literal.value();
            case Expr.Name name -> frame.find(name.name());
            case Expr.Array array -> array.items().stream().map(this::evaluate).toList();
            case Expr.Tuple tuple ->
                new Values.Tuple(tuple.items().stream().map(this::evaluate).toList());
            case Expr.Dict dict -> {
                Map<Object, Object> map = new LinkedHashMap<>();
                for (int i = 0; i < dict.keys().size(); i++) {
                    map.put(evaluate(dict.keys().get(i)), evaluate(dict.values().get(i)));
                }
                yield map;
            }
            case Expr.Attribute a -> Values.attribute(evaluate(a.target()), a.name());
            case Expr.Item i -> Values.item(evaluate(i.target()), evaluate(i.key()));
            case Expr.Slice s -> Values.slice(evaluate(s.target()), bound(s.start()), bound(s.stop()), bound(s.step()));
            case Expr.Call call -> call(call);
            case Expr.Filter f -> Filters.apply(f.name(), evaluate(f.target()), arguments(f.arguments()));
            case Expr.Test t -> Tests.apply(t.name(), evaluate(t.target()), arguments(t.arguments())) != t.negated();
            case Expr.Unary u -> unary(u);
            case Expr.Binary b -> binary(b);
            case Expr.Comparison c -> comparison(c);
            case Expr.Conditional c -> {
                if (Values.truth(evaluate(c.condition()))) {
                    yield evaluate(c.then());
                }
                yield c.otherwise().map(this::evaluate).orElse(new Values.Undefined("the condition does not hold"));
            }
        };
    }

    private Object bound(Optional<Expr> expression) {
        return expression.map(this::evaluate).orElse(Values.None.NONE);
    }

    private Object call(Expr.Call call) {
        Object target = evaluate(call.target());
        return switch (target) {
            case Values.Callable function -> function.call(arguments(call.arguments()));
            case Values.Undefined undefined -> throw undefined.failure();
            default -> throw new JinjaException(Values.typeName(target) + " cannot be called");
        };
    }

    private Values.Args arguments(Expr.Arguments arguments) {
        Map<String, Object> named = new LinkedHashMap<>();
        arguments.named().forEach((name, value) -> named.put(name, evaluate(value)));
        return new Values.Args(
                arguments.positional().stream().map(this::evaluate).toList(), named);
    }

    private Object unary(Expr.Unary unary) {
        Object operand = evaluate(unary.operand());
        return switch (unary.operator()) {
            case "not" -> !Values.truth(operand);
            case "-" -> Operators.apply("-", 0L, operand);
            default -> Operators.apply("+", 0L, operand);
        };
    }

    private Object binary(Expr.Binary binary) {
        Object left = evaluate(binary.left());
        return switch (binary.operator()) {
            case "and" -> Values.truth(left) ? evaluate(binary.right()) : left;
            case "or" -> Values.truth(left) ? left : evaluate(binary.right());
            case "~" -> Text.str(left) + Text.str(evaluate(binary.right()));
            default -> Operators.apply(binary.operator(), left, evaluate(binary.right()));
        };
    }

    private Object comparison(Expr.Comparison comparison) {
        Object left = evaluate(comparison.first());
        for (int i = 0; i < comparison.operators().size(); i++) {
            Object right = evaluate(comparison.others().get(i));
            boolean holds = switch (comparison.operators().get(i)) {
                case "==" -> Values.equal(left, right);
                case "!=" -> !Values.equal(left, right);
                case "in" -> Values.contains(right, left);
                case "not in" -> !Values.contains(right, left);
                case "<" -> Values.compare(left, right) < 0;
                case "<=" -> Values.compare(left, right) <= 0;
                case ">" -> Values.compare(left, right) > 0;
                default -> Values.compare(left, right) >= 0;
            };
            if (!holds) {
                return false;
            }
            left = right;
        }
        return true;
    }
}
