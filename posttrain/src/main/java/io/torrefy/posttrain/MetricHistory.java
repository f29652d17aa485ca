package io.torrefy.posttrain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoublePredicate;

/// The values of a run's metrics so far, and what is asked of them.
final class MetricHistory {
    /// Steps that are looked at together: one step's completions are too few to judge by.
    static final int WINDOW = 10;

    /// Two windows differ if their means are as many standard errors apart: by chance once in 130 times (Student's
    /// t, 18 degrees of freedom, both sides).
    private static final double ERRORS = 3;

    private final Map<String, List<Double>> values = new LinkedHashMap<>();

    void add(Map<String, Double> metrics) {
        metrics.forEach((name, value) ->
                values.computeIfAbsent(name, _ -> new ArrayList<>()).add(value));
    }

    /// The names that begin so.
    List<String> names(String prefix) {
        return values.keySet().stream().filter(name -> name.startsWith(prefix)).toList();
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /// How often it was logged.
    int count(String name) {
        return of(name).size();
    }

    double last(String name) {
        return of(name).isEmpty() ? Double.NaN : of(name).getLast();
    }

    private List<Double> of(String name) {
        return values.getOrDefault(name, List.of());
    }

    /// Its last values; fewer where there are no more.
    double[] recent(String name, int count) {
        List<Double> all = of(name);
        return array(all.subList(Math.max(0, all.size() - count), all.size()));
    }

    /// Its first values.
    double[] first(String name, int count) {
        return array(of(name).subList(0, Math.min(count, count(name))));
    }

    /// The values before the last `recent`, at most `count`.
    double[] before(String name, int recent, int count) {
        List<Double> all = of(name);
        int to = Math.max(0, all.size() - recent);
        return array(all.subList(Math.max(0, to - count), to));
    }

    private static double[] array(List<Double> some) {
        return some.stream().mapToDouble(Double::doubleValue).toArray();
    }

    static double mean(double[] some) {
        return Arrays.stream(some).average().orElse(Double.NaN);
    }

    static double median(double[] some) {
        double[] sorted = some.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    static boolean all(double[] some, DoublePredicate holds) {
        return some.length > 0 && Arrays.stream(some).allMatch(holds);
    }

    /// By how much a mean lies above another, if that is more than chance; else 0.
    static double rise(double[] from, double[] to) {
        double difference = mean(to) - mean(from);
        double error = Math.sqrt(variance(from) / from.length + variance(to) / to.length);
        return Math.abs(difference) > ERRORS * error ? difference : 0;
    }

    /// The sample variance.
    private static double variance(double[] some) {
        double mean = mean(some);
        return Arrays.stream(some).map(x -> (x - mean) * (x - mean)).sum() / Math.max(1, some.length - 1);
    }
}
