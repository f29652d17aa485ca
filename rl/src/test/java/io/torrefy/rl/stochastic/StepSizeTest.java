package io.torrefy.rl.stochastic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.stochastic.StepSize.Answer;
import io.torrefy.tensor.SplitMix;
import org.junit.jupiter.api.Test;

class StepSizeTest {
    /// What is known of the series sum k^-p, and of constants.
    @Test
    void conditionsOfRobbinsAndMonro() {
        assertThat(Conditions.broken(StepSize.harmonic())).isEmpty();
        assertThat(Conditions.broken(StepSize.inverse(0.25, 10))).isEmpty();
        assertThat(Conditions.broken(StepSize.power(1, 0.7))).isEmpty();
        assertThat(Conditions.broken(StepSize.power(1, 1))).isEmpty();
        assertThat(Conditions.broken(StepSize.power(1, 0.5)))
                .singleElement()
                .hasToString("the squares of the steps 1.0/k^0.5 sum to infinity: the noise of the samples need not die"
                        + " out; with a constant step a the variance of the estimate stays at a/(2-a) times that of a"
                        + " sample. This is what follows a changing target; for a fixed one use 1/k, or k^-p with 1/2 < p"
                        + " <= 1.");
        assertThat(Conditions.broken(StepSize.power(1, 2)))
                .singleElement()
                .hasToString("the steps 1.0/k^2.0 sum to a finite number: the estimate can only go a finite way and may"
                        + " stop short of the answer, with part of the error of the first guess for ever. Use 1/k, or k^-p"
                        + " with 1/2 < p <= 1.");
        assertThat(Conditions.broken(StepSize.constant(0.1))).hasSize(1);
        StepSize own = StepSize.of("my own", k -> 1.0 / k);
        assertThat(own.sumDiverges()).isEqualTo(Answer.UNKNOWN);
        assertThat(Conditions.broken(own)).isEmpty();
    }

    @Test
    void badStepsSayWhy() {
        assertThatThrownBy(() -> StepSize.constant(0)).hasMessageContaining("got 0.0");
        assertThatThrownBy(() -> StepSize.constant(Double.NaN)).hasMessageContaining("got NaN");
        assertThatThrownBy(() -> StepSize.inverse(1, -1)).hasMessageContaining("k counts from 1");
        assertThatThrownBy(() -> StepSize.power(1, -0.5)).hasMessageContaining("grows");
    }

    @Test
    void averagesWarnWhereTargetsAreEstimates() {
        assertThat(Conditions.bootstrapping(StepSize.harmonic()))
                .singleElement()
                .asString()
                .contains("k^-0.7");
        assertThat(Conditions.bootstrapping(StepSize.power(1, 0.7))).isEmpty();
        assertThat(Conditions.bootstrapping(StepSize.constant(0.1))).isEmpty();
        assertThat(Conditions.bootstrapping(StepSize.power(1, 2)))
                .singleElement()
                .asString()
                .contains("finite");
    }

    /// D' = (1 - alpha) D + beta eta, and each condition broken in turn.
    @Test
    void dvoretzky() {
        StepSize harmonic = StepSize.harmonic();
        var good = new Dvoretzky(StepSize.inverse(1, 1), StepSize.inverse(1, 1), SplitMix::gaussian);
        // The mean of n normal draws: 5 standard errors.
        assertThat(good.run(3, 100_000, 1)).isCloseTo(0, within(5 / Math.sqrt(100_000)));
        // prod (1 - 1/(k+1)^2) = (n + 2) / (2 (n + 1)): half of the first distance stays.
        StepSize finite = StepSize.of("1/(k+1)^2", k -> 1.0 / ((k + 1.0) * (k + 1.0)));
        double half = new Dvoretzky(finite, harmonic, _ -> 0).run(1, 10_000, 1);
        assertThat(half).isCloseTo(10_002.0 / 20_002, within(1e-12));
        // Noise of mean 0.5: that is where it goes.
        var biased = new Dvoretzky(StepSize.inverse(1, 1), StepSize.inverse(1, 1), r -> 0.5 + r.gaussian());
        assertThat(biased.run(3, 100_000, 1)).isCloseTo(0.5, within(5 / Math.sqrt(100_000)));
        // Constant betas: the variance stays at beta^2 / (alpha (2 - alpha)) = 1 / 19.
        var noisy = new Dvoretzky(StepSize.constant(0.1), StepSize.constant(0.1), SplitMix::gaussian);
        double squares = 0;
        for (int seed = 0; seed < 4000; seed++) {
            double d = noisy.run(0, 300, seed);
            squares += d * d;
        }
        // A variance from 4000 runs has a standard error of sqrt(2 / 4000) of itself; 5 of them.
        assertThat(squares / 4000).isCloseTo(1.0 / 19, within(5 * Math.sqrt(2.0 / 4000) / 19));
    }
}
