package io.torrefy.posttrain;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/// Every value of every expression over some numbers, by trying all ordered pairs with all operations: the oracle.
final class BruteForce {
    private BruteForce() {}

    /// Any exact fraction may come up on the way.
    static Set<Rational> values(List<Integer> numbers, String operations) {
        var found = new HashSet<Rational>();
        search(numbers.stream().map(Rational::of).toList(), operations, value -> true, found);
        return found;
    }

    /// Only whole numbers from 1 to `cap` may come up on the way.
    static List<Integer> positiveWholeValues(List<Integer> numbers, String operations, int cap) {
        var found = new HashSet<Rational>();
        search(numbers.stream().map(Rational::of).toList(), operations, value -> isWhole(value, cap), found);
        var values = new TreeSet<Integer>();
        found.forEach(value -> values.add(value.numerator().intValueExact()));
        return List.copyOf(values);
    }

    private static boolean isWhole(Rational value, int cap) {
        return value.denominator().intValueExact() == 1
                && value.numerator().signum() > 0
                && value.numerator().intValueExact() <= cap;
    }

    private static void search(
            List<Rational> numbers, String operations, Predicate<Rational> allowed, Set<Rational> found) {
        if (numbers.size() == 1) {
            found.add(numbers.getFirst());
            return;
        }
        for (int i = 0; i < numbers.size(); i++) {
            for (int j = 0; j < numbers.size(); j++) {
                if (i == j) {
                    continue;
                }
                for (char symbol : operations.toCharArray()) {
                    var rest = new ArrayList<Rational>();
                    for (int k = 0; k < numbers.size(); k++) {
                        if (k != i && k != j) {
                            rest.add(numbers.get(k));
                        }
                    }
                    Rational a = numbers.get(i);
                    Rational b = numbers.get(j);
                    if (symbol == '/' && b.numerator().signum() == 0) {
                        continue;
                    }
                    Rational value = switch (symbol) {
                        case '+' -> a.plus(b);
                        case '-' -> a.minus(b);
                        case '*' -> a.times(b);
                        default -> a.over(b);
                    };
                    if (allowed.test(value)) {
                        rest.add(value);
                        search(rest, operations, allowed, found);
                    }
                }
            }
        }
    }
}
