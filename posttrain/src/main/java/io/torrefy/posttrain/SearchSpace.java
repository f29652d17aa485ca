package io.torrefy.posttrain;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Every way to combine some numbers, each used once, through positive whole intermediate results up to a cap.
///
/// A way is written as steps: take two of the numbers at hand, put their result in their place, until one is left.
/// Steps that differ only in the order of a commutative operation's operands are one step, larger operand first.
final class SearchSpace {
    /// A number at hand and how it came about.
    record Term(int value, Expression expression) {}

    /// One computation, `left operation right = result`.
    record Step(Term left, Operation operation, Term right, Term result) {
        /// The same with the operands the other way round.
        Step swapped() {
            return new Step(
                    right,
                    operation,
                    left,
                    new Term(result.value(), new Expression.Binary(operation, right.expression(), left.expression())));
        }
    }

    /// All steps but the last one, and the last steps that are then possible: at most one for each operation, in
    /// the order of [Operation]. Branches that leave no last step are not made.
    record Branch(List<Step> steps, List<Step> lasts) {}

    private final Set<Operation> operations;
    private final int cap;
    private final List<Branch> branches = new ArrayList<>();

    private SearchSpace(Set<Operation> operations, int cap) {
        this.operations = operations;
        this.cap = cap;
    }

    /// The distinct branches for two or more numbers. There are at most 9 for three numbers and three operations.
    static List<Branch> branches(List<Integer> numbers, Set<Operation> operations, int cap) {
        var space = new SearchSpace(operations, cap);
        var terms = numbers.stream()
                .map(number -> new Term(number, new Expression.Number(number)))
                .toList();
        space.search(terms, List.of());
        return space.branches;
    }

    /// The values that the branches reach, ascending.
    static List<Integer> reachable(List<Integer> numbers, Set<Operation> operations, int cap) {
        var values = new TreeSet<Integer>();
        for (var branch : branches(numbers, operations, cap)) {
            branch.lasts().forEach(last -> values.add(last.result().value()));
        }
        return List.copyOf(values);
    }

    private void search(List<Term> terms, List<Step> steps) {
        if (terms.size() == 2) {
            var lasts = stepsOf(terms.get(0), terms.get(1));
            if (!lasts.isEmpty()) {
                branches.add(new Branch(steps, lasts));
            }
            return;
        }
        var seen = new TreeSet<List<Integer>>((a, b) -> a.toString().compareTo(b.toString()));
        for (int i = 0; i < terms.size(); i++) {
            for (int j = i + 1; j < terms.size(); j++) {
                Term first = terms.get(i);
                Term second = terms.get(j);
                // Equal numbers at hand give the same steps again.
                if (!seen.add(
                        List.of(Math.min(first.value(), second.value()), Math.max(first.value(), second.value())))) {
                    continue;
                }
                for (var step : stepsOf(first, second)) {
                    search(without(terms, i, j, step.result()), append(steps, step));
                }
            }
        }
    }

    private List<Step> stepsOf(Term a, Term b) {
        Term left = a.value() >= b.value() ? a : b;
        Term right = a.value() >= b.value() ? b : a;
        var steps = new ArrayList<Step>(operations.size());
        for (var operation : operations) {
            operation
                    .positive(left.value(), right.value(), cap)
                    .ifPresent(value -> steps.add(new Step(
                            left,
                            operation,
                            right,
                            new Term(value, new Expression.Binary(operation, left.expression(), right.expression())))));
        }
        return List.copyOf(steps);
    }

    private static List<Term> without(List<Term> terms, int i, int j, Term added) {
        var rest = new ArrayList<Term>(terms.size() - 1);
        rest.add(added); // in front: the last step starts from what was computed last
        for (int k = 0; k < terms.size(); k++) {
            if (k != i && k != j) {
                rest.add(terms.get(k));
            }
        }
        return rest;
    }

    private static List<Step> append(List<Step> steps, Step step) {
        var more = new ArrayList<>(steps);
        more.add(step);
        return List.copyOf(more);
    }
}
