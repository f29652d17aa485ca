package io.torrefy.lm.jinja;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Statements of a template.
sealed interface Stmt {
    record Data(String text) implements Stmt {}

    record Output(Expr expression) implements Stmt {}

    /// @param cases of which the first whose condition holds is taken
    record If(List<Case> cases, List<Stmt> otherwise) implements Stmt {}

    record Case(Expr condition, List<Stmt> body) {}

    /// @param names one, or several to unpack each item into
    record For(List<String> names, Expr items, Optional<Expr> filter, List<Stmt> body, List<Stmt> otherwise)
            implements Stmt {}

    /// @param names one, or several to unpack the value into
    record Set(List<String> names, Expr value) implements Stmt {}

    /// `{% set ns.name = value %}`
    record SetAttribute(String namespace, String name, Expr value, int at) implements Stmt {}

    /// `{% set name %}…{% endset %}`
    record SetBlock(String name, List<Stmt> body) implements Stmt {}

    /// `{% generation %}`, which marks what the assistant says and renders as its body.
    record Generation(List<Stmt> body) implements Stmt {}

    /// `{% macro name(a, b=1) %}…{% endmacro %}`
    ///
    /// @param defaults of the parameters that have one
    record Macro(String name, List<String> parameters, Map<String, Expr> defaults, List<Stmt> body) implements Stmt {}

    record Break() implements Stmt {}

    record Continue() implements Stmt {}
}
