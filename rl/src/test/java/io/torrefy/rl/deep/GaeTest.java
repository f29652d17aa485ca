package io.torrefy.rl.deep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.testkit.Close;
import org.junit.jupiter.api.Test;

/// Against numbers computed by hand from Schulman et al. 2016, eq. 16.
class GaeTest {
    private static final boolean[] NEVER = new boolean[3];
    private static final boolean[] AT_THE_END = {false, false, true};
    private static final boolean[] AT_THE_SECOND = {false, true, false};

    private static Gae gae(boolean[] terminated, boolean[] done, double lambda) {
        float[] rewards = {1, 1, 1};
        float[] values = {0.5f, 0.6f, 0.7f};
        float[] next = {0.6f, 0.7f, 0.8f};
        return Gae.of(rewards, values, next, terminated, done, 1, 0.99, lambda);
    }

    private static void check(boolean[] terminated, boolean[] done, double lambda, double... expected) {
        Gae gae = gae(terminated, done, lambda);
        Close.check("advantages", gae.advantages(), expected, 0, 5.1e-5);
        double[] returns = {expected[0] + 0.5, expected[1] + 0.6, expected[2] + 0.7};
        Close.check("returns", gae.returns(), returns, 0, 5.1e-5);
    }

    @Test
    void aCutEpisodeHasWhatARunningOneHas() {
        check(NEVER, NEVER, 0.95, 3.0879, 2.1200, 1.0920);
        check(NEVER, AT_THE_END, 0.95, 3.0879, 2.1200, 1.0920);
    }

    @Test
    void nothingFollowsATerminalState() {
        check(AT_THE_END, AT_THE_END, 0.95, 2.3873, 1.3752, 0.3000);
        check(AT_THE_SECOND, AT_THE_SECOND, 0.95, 1.4702, 0.4000, 1.0920);
    }

    @Test
    void aCutInTheMiddleKeepsItsValueButNotTheNextEpisode() {
        // delta_2 = 1 + 0.99 * 0.7 - 0.6 = 1.093; A_1 = 1.094 + 0.99 * 0.95 * 1.093
        check(NEVER, AT_THE_SECOND, 0.95, 2.12197, 1.0930, 1.0920);
    }

    @Test
    void lambdaGoesFromTdErrorsToReturns() {
        check(NEVER, NEVER, 0, 1.094, 1.093, 1.092);
        check(NEVER, NEVER, 1, 3.2463, 2.1741, 1.0920);
    }

    @Test
    void environmentsSideBySideDoNotMix() {
        float[] rewards = {1, 0, 1, 0, 1, 0};
        float[] values = {0.5f, 0, 0.6f, 0, 0.7f, 0};
        float[] next = {0.6f, 0, 0.7f, 0, 0.8f, 0};
        boolean[] never = new boolean[6];
        Gae gae = Gae.of(rewards, values, next, never, never, 2, 0.99, 0.95);
        Close.check("advantages", gae.advantages(), new double[] {3.0879, 0, 2.1200, 0, 1.0920, 0}, 0, 5.1e-5);
    }

    @Test
    void mistakesAreNamed() {
        float[] three = new float[3];
        assertThatThrownBy(() -> Gae.of(three, new float[2], three, NEVER, NEVER, 1, 1, 1))
                .hasMessage(
                        "[gae] expected arrays of one length; got rewards 3, values 2, next 3, terminated 3, done 3.");
        assertThatThrownBy(() -> Gae.of(three, three, three, NEVER, NEVER, 2, 1, 1))
                .hasMessageContaining("got 3 numbers for 2 environments");
        assertThatThrownBy(() -> gae(NEVER, NEVER, 1.5)).hasMessage("[gae] expected lambda in [0, 1]; got 1.5.");
    }

    @Test
    void normalisedAdvantagesHaveMeanZeroAndDeviationOne() {
        float[] a = Gae.normalized(new float[] {1, 2, 3, 6});
        // mean 3, sum of squares 14, deviation sqrt(14 / 3)
        double scale = Math.sqrt(3 / 14.0);
        Close.check("normalised", a, new double[] {-2 * scale, -scale, 0, 3 * scale}, 1e-6, 1e-7);
        assertThat(Gae.normalized(new float[] {5, 5})).containsExactly(0, 0);
    }
}
