package io.torrefy.lm.jinja;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Expressions of a template. `at` is where one stands in the source.
sealed interface Expr {
    int at();

    record Literal(Object value, int at) implements Expr {}

    record Name(String name, int at) implements Expr {}

    record Array(List<Expr> items, int at) implements Expr {}

    record Tuple(List<Expr> items, int at) implements Expr {}

    record Dict(List<Expr> keys, List<Expr> values, int at) implements Expr {}

    record Attribute(Expr target, String name, int at) implements Expr {}

    record Item(Expr target, Expr key, int at) implements Expr {}

    record Slice(Expr target, Optional<Expr> start, Optional<Expr> stop, Optional<Expr> step, int at) implements Expr {}

    record Call(Expr target, Arguments arguments, int at) implements Expr {}

    record Filter(Expr target, String name, Arguments arguments, int at) implements Expr {}

    record Test(Expr target, String name, Arguments arguments, boolean negated, int at) implements Expr {}

    /// `-`, `+` or `not`.
    record Unary(String operator, Expr operand, int at) implements Expr {}

    /// Arithmetic, `~`, `and`, `or`.
    record Binary(String operator, Expr left, Expr right, int at) implements Expr {}

    /// A chain `a < b <= c`; operators are those of Python, `in` and `not in` among them.
    record Comparison(Expr first, List<String> operators, List<Expr> others, int at) implements Expr {}

    record Conditional(Expr condition, Expr then, Optional<Expr> otherwise, int at) implements Expr {}

    /// Arguments by position and by name.
    record Arguments(List<Expr> positional, Map<String, Expr> named) {
        static final Arguments NONE = new Arguments(List.of(), Map.of());
    }
}
