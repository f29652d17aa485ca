package io.torrefy.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/// The rows of a suite on a number of threads, taken together.
///
/// @param name the suite's
/// @param rows how many have a ratio
/// @param of how many the suite has in the table
/// @param ratio geometric mean of our ratios to the best peer of each row; null where no row has one
/// @param target least geometric mean; null where there is none
/// @param met whether it is reached; null where there is none or rows of the suite are missing
@JsonInclude(JsonInclude.Include.NON_NULL)
record Suite(
        String name,
        int threads,
        int rows,
        int of,
        @Nullable Double ratio,
        @Nullable Double target,
        @Nullable Boolean met) {
    /// Of every suite with at least two results on a number of threads, in their order. Rows that compare memory
    /// are left out: less is better there.
    ///
    /// @param table all rows there are, for the size of a suite
    /// @param targets least geometric means by suite
    static List<Suite> of(List<Result> results, List<Row> table, Map<String, Double> targets) {
        record Key(String suite, int threads) {}
        var groups = new LinkedHashMap<Key, List<Result>>();
        for (Result result : results) {
            if (speed(result.row())) {
                groups.computeIfAbsent(new Key(result.row().suite(), result.threads()), _ -> new ArrayList<>())
                        .add(result);
            }
        }
        var suites = new ArrayList<Suite>();
        groups.forEach((key, group) -> {
            if (group.size() > 1) {
                int size = (int) table.stream()
                        .filter(row -> speed(row) && row.suite().equals(key.suite()))
                        .count();
                suites.add(of(key.suite(), key.threads(), size, group, targets.get(key.suite())));
            }
        });
        return suites;
    }

    private static Suite of(String name, int threads, int size, List<Result> results, @Nullable Double target) {
        double[] ratios = results.stream()
                .flatMap(result -> result.ratio().stream())
                .mapToDouble(Stats::median)
                .toArray();
        if (ratios.length == 0) {
            return new Suite(name, threads, 0, size, null, target, null);
        }
        double mean = Stats.geometricMean(ratios);
        // A few chosen rows prove nothing about all of them.
        Boolean met = target == null || ratios.length < size ? null : mean >= target;
        return new Suite(name, threads, ratios.length, size, mean, target, met);
    }

    private static boolean speed(Row row) {
        return row.target().metric() == Target.Metric.SPEED;
    }

    Suite rounded(DoubleUnaryOperator round) {
        return new Suite(name, threads, rows, of, ratio == null ? null : round.applyAsDouble(ratio), target, met);
    }
}
