package io.torrefy.rl.deep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Close;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What is minimised, against numbers worked out by hand.
class LossesTest {
    /// Schulman et al. 2017, figure 1: beyond the clip the loss is flat where it would reward going further, and
    /// keeps its slope where it went the wrong way.
    @ParameterizedTest
    @CsvSource({
        "1.5, 1, -1.2, 0",
        "0.5, 1, -0.5, -1",
        "1.1, 1, -1.1, -1",
        "1.5, -1, 1.5, 1",
        "0.5, -1, 0.8, 0",
        "0.9, -2, 1.8, 2"
    })
    void theRatioIsClippedWhereItWouldGain(float ratio, float advantage, double loss, double slope) {
        try (Scope _ = Scope.open()) {
            Tensor r = Tensor.of(new float[] {ratio}).requiresGrad(true);
            Tensor y = Ppo.policyLoss(r, Tensor.of(new float[] {advantage}), 0.2);
            assertThat(y.item()).isCloseTo(loss, within(1e-6));
            assertThat(Autograd.grad(y, r, false).item()).isCloseTo(slope, within(1e-6));
        }
    }

    /// From 0 the value went to 1, and 2 was returned: half of max((1 - 2)^2, (0.2 - 2)^2), or of (1 - 2)^2.
    @Test
    void theValueIsClippedToWhereItWas() {
        try (Scope _ = Scope.open()) {
            Tensor value = Tensor.of(new float[] {1});
            Tensor old = Tensor.of(new float[] {0});
            Tensor returns = Tensor.of(new float[] {2});
            assertThat(Ppo.valueLoss(value, old, returns, 0.2).item()).isCloseTo(1.62, within(1e-6));
            assertThat(Ppo.valueLoss(value, old, returns, Double.POSITIVE_INFINITY)
                            .item())
                    .isCloseTo(0.5, within(1e-6));
        }
    }

    /// Q' says 1 and 5, Q says 3 and 2: plain Q-learning takes the 5, double Q-learning the 1. The third is
    /// terminal.
    @Test
    void doubleLearningValuesWhatTheOtherNetworkChose() {
        float[] none = new float[3];
        var batch = new ReplayBuffer.Batch(none, none, new float[] {1, -1, 7}, none, new float[] {0, 0, 1});
        float[] target = {1, 5, 1, 5, 1, 5};
        float[] online = {3, 2, 2, 3, 3, 2};
        Close.check("plain", Dqn.targets(batch, target, target, 0.9), new double[] {5.5, 3.5, 7}, 1e-6, 0);
        Close.check("double", Dqn.targets(batch, target, online, 0.9), new double[] {1.9, 3.5, 7}, 1e-6, 0);
    }
}
