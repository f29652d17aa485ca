package io.torrefy.posttrain.search;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// What searches over samples have in common.
final class Sampled {
    private Sampled() {}

    /// Throws unless an option is as it must be.
    ///
    /// @param search its name, as in `best_of`
    static void check(boolean right, String search, String expected, Object got) {
        if (!right) {
            throw new IllegalArgumentException("[search " + search + "] expected " + expected + "; got " + got);
        }
    }

    static void temperature(String search, double temperature) {
        check(
                temperature > 0 && temperature < Double.POSITIVE_INFINITY,
                search,
                "a temperature above 0, since equal samples would be a choice of one",
                temperature);
    }

    /// The place of the greatest score, of equal ones the first.
    static int best(double[] scores) {
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
            if (scores[i] > scores[best]) {
                best = i;
            }
        }
        return best;
    }

    /// Places by their scores, the greatest first, equal ones as they are.
    static List<Integer> ranked(double[] scores) {
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> scores[i]).reversed())
                .toList();
    }
}
