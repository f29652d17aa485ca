package io.torrefy.rl.deep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.testkit.Close;
import org.junit.jupiter.api.Test;

class CategoricalTest {
    /// Probabilities 1/2, 1/4, 1/4, shifted by 100.
    private static final float[] LOGITS = {9, (float) (100 + Math.log(2)), 100, 100};

    @Test
    void aUniformNumberChoosesByItsPartOfTheInterval() {
        assertThat(Categorical.sample(LOGITS, 1, 3, 0)).isZero();
        assertThat(Categorical.sample(LOGITS, 1, 3, 0.499)).isZero();
        assertThat(Categorical.sample(LOGITS, 1, 3, 0.501)).isEqualTo(1);
        assertThat(Categorical.sample(LOGITS, 1, 3, 0.749)).isEqualTo(1);
        assertThat(Categorical.sample(LOGITS, 1, 3, 0.751)).isEqualTo(2);
        assertThat(Categorical.sample(LOGITS, 1, 3, Math.nextDown(1.0))).isEqualTo(2);
    }

    @Test
    void probabilitiesAreThoseOfTheLogits() {
        Close.check(
                "p",
                Categorical.probabilities(new float[] {(float) Math.log(2), 0, 0}),
                new double[] {0.5, 0.25, 0.25},
                1e-6,
                0);
        assertThat(Categorical.logProb(LOGITS, 1, 3, 1)).isCloseTo((float) Math.log(0.25), within(1e-5f));
    }

    @Test
    void theFirstLargestIsGreedy() {
        assertThat(Categorical.argmaxRows(new float[] {1, 3, 3, -2, -5, -4}, 3)).containsExactly(1, 0);
    }

    @Test
    void aDivergedPolicySaysSo() {
        float[] logits = {Float.NaN, 1};
        assertThatThrownBy(() -> Categorical.sample(logits, 0, 2, 0.5)).hasMessageContaining("diverged");
    }
}
