package io.torrefy.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class StatsTest {
    private static void is(Stats s, double low, double median, double high) {
        assertThat(s.low()).isCloseTo(low, within(1e-12));
        assertThat(s.median()).isCloseTo(median, within(1e-12));
        assertThat(s.high()).isCloseTo(high, within(1e-12));
    }

    /// `numpy.percentile(a, [25, 50, 75])` of NumPy 2.4.6 and its documentation's example.
    @Test
    void quartilesAreNumPys() {
        is(Stats.of(10, 7, 4, 3, 2, 1), 2.25, 3.5, 6.25);
        is(Stats.of(7, 15, 36, 39, 40, 41), 20.25, 37.5, 39.75);
        is(Stats.of(0.3, -1.5, 2.25, 8, 0.125, 4.75, 3), 0.2125, 2.25, 3.875);
        is(Stats.of(2, 1), 1.25, 1.5, 1.75);
    }

    /// `summary(mtcars$mpg)` and `summary(1:10)` of R, whose default is type 7 too.
    @Test
    void quartilesAreThoseOfR() {
        is(
                Stats.of(
                        21.0, 21.0, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4,
                        14.7, 32.4, 30.4, 33.9, 21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4),
                15.425,
                19.2,
                22.8);
        is(Stats.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 3.25, 5.5, 7.75);
    }

    @Test
    void oneNumberIsAllQuartilesAndNoneIsRefused() {
        is(Stats.of(42), 42, 42, 42);
        assertThatThrownBy(Stats::of).hasMessageContaining("expected at least one number");
    }

    @Test
    void theOrderIsOfNoMatterAndTheNumbersAreLeftAlone() {
        double[] values = {3, 1, 2};
        assertThat(Stats.of(values)).isEqualTo(Stats.of(1, 2, 3));
        assertThat(values).containsExactly(3, 1, 2);
    }

    @Test
    void twiceAndHalfAreOneInTheGeometricMean() {
        assertThat(Stats.geometricMean(2, 0.5)).isCloseTo(1, within(1e-15));
        assertThat(Stats.geometricMean(1, 3, 9, 27, 81)).isCloseTo(9, within(1e-12));
        assertThat(Stats.geometricMean(0.97)).isCloseTo(0.97, within(1e-15));
    }
}
