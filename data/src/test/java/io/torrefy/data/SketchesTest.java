package io.torrefy.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.data.internal.Frequencies;
import io.torrefy.data.internal.Moments;
import io.torrefy.data.internal.QuantileSketch;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Statistics of one pass against exact ones.
class SketchesTest {
    private static final double[] SHARES =
            IntStream.rangeClosed(0, 100).mapToDouble(i -> i / 100.0).toArray();

    @Test
    void momentsAreThoseOfExactArithmetic() {
        // A mean 10^6 deviations away, where the sum of squares would have lost every digit.
        var random = new SplittableRandom(1);
        double[] values = IntStream.range(0, 10_001)
                .mapToDouble(_ -> 1e9 + random.nextDouble(1000))
                .toArray();
        var exact = MathContext.DECIMAL128;
        var n = BigDecimal.valueOf(values.length);
        var mean = Arrays.stream(values)
                .mapToObj(BigDecimal::new)
                .reduce(BigDecimal.ZERO, BigDecimal::add)
                .divide(n, exact);
        var variance = Arrays.stream(values)
                .mapToObj(x -> new BigDecimal(x).subtract(mean).pow(2))
                .reduce(BigDecimal.ZERO, BigDecimal::add)
                .divide(n, exact)
                .doubleValue();
        var whole = new Moments();
        Arrays.stream(values).forEach(whole::add);
        var joined = new Moments();
        for (int from = 0; from < values.length; from += 777) {
            var part = new Moments();
            Arrays.stream(values, from, Math.min(values.length, from + 777)).forEach(part::add);
            joined.merge(part);
        }
        for (var moments : List.of(whole, joined)) {
            assertThat(moments.mean()).isEqualTo(mean.doubleValue(), within(1e-6));
            assertThat(moments.variance()).isEqualTo(variance, within(variance * 1e-9));
            assertThat(moments.min()).isEqualTo(Arrays.stream(values).min().orElseThrow());
            assertThat(moments.max()).isEqualTo(Arrays.stream(values).max().orElseThrow());
        }
    }

    @Test
    void momentsCountWhatIsNotFiniteApart() {
        var moments = new Moments();
        for (double x : new double[] {1, Double.NaN, 3, Double.POSITIVE_INFINITY}) {
            moments.add(x);
        }
        assertThat(moments.count()).isEqualTo(2);
        assertThat(moments.notFinite()).isEqualTo(2);
        assertThat(moments.mean()).isEqualTo(2);
        assertThat(moments.variance()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4095, 4096, 4097, 100_003, 1_000_000})
    void quantilesAreWithinTheStatedError(int n) {
        var random = new SplittableRandom(n);
        List<IntToDoubleFunction> streams = List.of(
                i -> i,
                i -> -i,
                _ -> random.nextDouble(),
                _ -> random.nextInt(10),
                i -> i % 2 == 0 ? i : n - i,
                // Adversary of even places: blocks whose items all lie between those of the block before.
                i -> (i * 2654435761L) % n);
        for (var stream : streams) {
            double[] values = IntStream.range(0, n).mapToDouble(stream).toArray();
            var whole = new QuantileSketch();
            Arrays.stream(values).forEach(whole::add);
            var joined = new QuantileSketch();
            for (int from = 0; from < n; ) {
                int to = Math.min(n, from + 1 + random.nextInt(20_000));
                var part = new QuantileSketch();
                Arrays.stream(values, from, to).forEach(part::add);
                joined.merge(part);
                from = to;
            }
            Arrays.sort(values);
            check(values, whole);
            check(values, joined);
        }
    }

    private static void check(double[] sorted, QuantileSketch sketch) {
        int n = sorted.length;
        assertThat(sketch.count()).isEqualTo(n);
        assertThat(sketch.rankError()).isLessThanOrEqualTo((long) (0.0013 * n));
        double[] found = sketch.quantiles(SHARES);
        for (int i = 0; i < SHARES.length; i++) {
            long wanted = Math.clamp((long) Math.ceil(SHARES[i] * n), 1, n);
            long lowest = below(sorted, found[i]) + 1L;
            long highest = below(sorted, Math.nextUp(found[i]));
            assertThat(highest).as("a value that is in the data").isGreaterThanOrEqualTo(lowest);
            assertThat(lowest).isLessThanOrEqualTo(wanted + sketch.rankError());
            assertThat(highest).isGreaterThanOrEqualTo(wanted - sketch.rankError());
        }
    }

    /// How many of `sorted` are below `x`.
    private static int below(double[] sorted, double x) {
        int from = 0;
        int to = sorted.length;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (sorted[middle] < x) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    @Test
    void countsAreExactUpToTheBound() {
        var counts = new Frequencies<String>(4, 1000, Comparator.naturalOrder());
        for (String word : "b a c a b d".split(" ")) {
            counts.add(word);
        }
        assertThat(counts.exact()).isTrue();
        assertThat(counts.error()).isZero();
        assertThat(counts.entries()).extracting(Frequencies.Entry::value).containsExactly("a", "b", "c", "d");
        assertThat(counts.entries()).extracting(Frequencies.Entry::count).containsExactly(2L, 2L, 1L, 1L);
    }

    @Test
    void countsBeyondTheBoundAreTooLowByNoMoreThanTheStatedError() {
        for (int seed = 0; seed < 20; seed++) {
            var random = new SplittableRandom(seed);
            Map<Long, Long> exact = new HashMap<>();
            var whole = new Frequencies<Long>(100, 1000, Comparator.<Long>naturalOrder());
            var joined = new Frequencies<Long>(100, 1000, Comparator.<Long>naturalOrder());
            var part = new Frequencies<Long>(100, 1000, Comparator.<Long>naturalOrder());
            int n = 50_000;
            for (int i = 0; i < n; i++) {
                // A heavy head, and a tail that hardly ever comes twice.
                long word = (long) (1 / (random.nextDouble() + 1e-5));
                exact.merge(word, 1L, Long::sum);
                whole.add(word);
                part.add(word);
                if (random.nextInt(3000) == 0 || i == n - 1) {
                    joined.merge(part);
                    part = new Frequencies<>(100, 1000, Comparator.<Long>naturalOrder());
                }
            }
            for (var counts : List.of(whole, joined)) {
                assertThat(counts.exact()).isFalse();
                assertThat(counts.error()).isBetween(1L, (long) n / 51);
                assertThat(counts.total()).isEqualTo(n);
                Map<Long, Long> found = new HashMap<>();
                counts.entries().forEach(e -> found.put(e.value(), e.count()));
                assertThat(found).hasSizeLessThanOrEqualTo(100);
                exact.forEach((word, count) ->
                        assertThat(found.getOrDefault(word, 0L)).isBetween(count - counts.error(), count));
            }
        }
    }

    @Test
    void charactersAreBounded() {
        var counts = new Frequencies<String>(100, 1000, Comparator.naturalOrder());
        for (int i = 0; i < 50; i++) {
            counts.add("x".repeat(100) + i);
        }
        assertThat(counts.exact()).isFalse();
        assertThat(counts.entries()).hasSizeLessThan(10);
        assertThat(counts.error()).isPositive();
    }
}
