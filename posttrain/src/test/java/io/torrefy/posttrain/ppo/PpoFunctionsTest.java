package io.torrefy.posttrain.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Close;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The parts of PPO against float64 references, published test values and laws.
class PpoFunctionsTest {
    private static final double[] REWARDS = {-.01, .02, -.03, 1};
    private static final double[] VALUES = {.5, .4, .6, .8};
    private static final int[] ONE = {4};

    // ---- KL --------------------------------------------------------------------------------------------------------

    @Test
    void estimatorsHaveTheirPublishedValues() {
        double[] policy = {.5, .2, .1, .6, .2, .1};
        double[] reference = {.4, .3, 0, .7, .1, .3};
        // trl v0.9.6 tests/test_ppo_trainer.py
        same(KlEstimator.K1.of(policy, reference), .1, -.1, .1, -.1, .1, -.2);
        same(KlEstimator.K2.of(policy, reference), .005, .005, .005, .005, .005, .02);
        same(
                KlEstimator.K3.of(policy, reference),
                .004837418,
                .005170918,
                .004837418,
                .005170918,
                .004837418,
                .021402758);
    }

    /// E[k1] = E[k3] = KL under the policy, in closed form for a distribution over three words.
    @Test
    void k1AndK3HaveNoBias() {
        double[] p = {.5, .3, .2};
        double[] q = {.2, .2, .6};
        double kl = 0;
        double k1 = 0;
        double k3 = 0;
        for (int i = 0; i < 3; i++) {
            kl += p[i] * Math.log(p[i] / q[i]);
            k1 += p[i] * KlEstimator.K1.of(Math.log(p[i]), Math.log(q[i]));
            k3 += p[i] * KlEstimator.K3.of(Math.log(p[i]), Math.log(q[i]));
        }
        assertThat(k1).isCloseTo(kl, within(1e-15));
        assertThat(k3).isCloseTo(kl, within(1e-15));
    }

    @ParameterizedTest
    @EnumSource
    void equalPoliciesAreNoDistanceApart(KlEstimator estimator) {
        assertThat(estimator.of(-1.25, -1.25)).isZero();
        assertThatThrownBy(() -> estimator.of(new double[2], new double[3]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2; got 3");
    }

    @Test
    void theAdaptiveCoefficientIsClippedAndScaledBySamples() {
        KlController kl = KlController.adaptive(.2, 6, 10000);
        kl.update(12, 256);
        assertThat(kl.coefficient()).isCloseTo(.201024, within(1e-12));
        kl.update(3, 256);
        assertThat(kl.coefficient()).isCloseTo(.19999475712, within(1e-12));
        kl.update(6, 256);
        assertThat(kl.coefficient()).isCloseTo(.19999475712, within(1e-12));
    }

    @Test
    void theFixedCoefficientStays() {
        KlController kl = KlController.fixed(.05);
        kl.update(100, 1000);
        assertThat(kl.coefficient()).isEqualTo(.05);
        assertThatThrownBy(() -> kl.update(Double.NaN, 1)).hasMessageContaining("NaN");
        assertThatThrownBy(() -> KlController.fixed(-1)).hasMessageContaining(">= 0; got -1.0");
        assertThatThrownBy(() -> KlController.adaptive(0, 6, 10000)).hasMessageContaining("multiplied up");
    }

    // ---- advantages ------------------------------------------------------------------------------------------------

    @Test
    void advantagesOfThreeSettings() {
        Gae trl = Gae.of(REWARDS, VALUES, ONE, 1, .95);
        same(trl.advantages(), .4239, .562, .36, .2);
        same(trl.returns(), .9239, .962, .96, 1);
        same(Gae.of(REWARDS, VALUES, ONE, 1, 1).advantages(), .48, .59, .37, .2);
        same(Gae.of(REWARDS, VALUES, ONE, .99, .95).advantages(), .396944542, .54326905, .3501, .2);
    }

    /// With lambda 1 and gamma 1 a return is the sum of the rewards to come, whatever the critic says.
    @Test
    void returnsWithLambdaOneDoNotDependOnTheCritic() {
        double[] rewards = {1, 2, 3, 4, 5, 6, 7};
        int[] lengths = {3, 0, 1, 3};
        double[] expected = {6, 5, 3, 4, 18, 13, 7};
        same(Gae.of(rewards, new double[] {9, -9, 3, 7, 2, 8, 1}, lengths, 1, 1).returns(), expected);
        same(Gae.rewardsToGo(rewards, lengths, 1), expected);
    }

    /// The case of verl's tests/trainer/ppo/test_reinforce_pp_multiturn_on_cpu.py.
    @Test
    void returnsPassThroughWhatAToolSaid() {
        boolean[] chosen = {true, true, false, false, true};
        Gae gae = Gae.of(new double[] {0, 0, 0, 0, 2}, new double[5], new int[] {5}, .5, 1, chosen);
        same(gae.returns(), .5, 1, 0, 0, 2);
    }

    @Test
    void tokensOfOthersAreAsIfTheyWereNotThere() {
        double[] rewards = {-.01, .02, 7, 7, -.03, 1, 7};
        double[] values = {.5, .4, 5, -5, .6, .8, 3};
        boolean[] chosen = {true, true, false, false, true, true, false};
        Gae with = Gae.of(rewards, values, new int[] {7}, .99, .95, chosen);
        Gae without = Gae.of(REWARDS, VALUES, ONE, .99, .95);
        double[] a = without.advantages();
        assertThat(with.advantages()).containsExactly(a[0], a[1], 0, 0, a[2], a[3], 0);
    }

    @Test
    void whatDoesNotFitIsNamedAllAtOnce() {
        assertThatThrownBy(() -> Gae.of(new double[3], new double[] {0, 0, 0, Double.NaN, 0}, ONE, 1.5, .95))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("4 rewards")
                .hasMessageContaining("4 values")
                .hasMessageContaining("gamma")
                .hasMessageContaining("finite values");
    }

    // ---- whitening -------------------------------------------------------------------------------------------------

    @Test
    void whiteningWithBothDivisors() {
        double[] a = {.4239, .562, .36, .2};
        same(Whitening.whiten(a), .249161486, 1.168579019, -.17626053, -1.241479974);
        // OpenRLHF clamps the variance at the epsilon that is added here.
        double[] population = {.287706965, 1.349359121, -.203528174, -1.433537913};
        Close.check("population", Whitening.whiten(a, null, false, true), population, 0, 5e-7);
    }

    /// trl tests/experimental/test_ppo_trainer.py: [1, 2, 3, 4] under the mask [0, 1, 1, 0].
    @Test
    void whiteningCountsMarkedTokensAlone() {
        double[] x = {1, 2, 3, 4};
        boolean[] counts = {false, true, true, false};
        double half = .5 / Math.sqrt(.5 + 1e-8);
        same(Whitening.whiten(x, counts, true, true), 0, -half, half, 0);
        same(Whitening.whiten(x, counts, true, false), 0, 2.5 - half, 2.5 + half, 0);
    }

    @Test
    void equalValuesWhitenToZeroOrToThemselves() {
        double[] equal = {.1, .1, .1};
        assertThat(Whitening.whiten(equal)).containsOnly(0);
        assertThat(Whitening.scale(equal)).containsOnly(.1);
        assertThat(Whitening.whiten(new double[] {3})).containsExactly(0);
        assertThat(Whitening.whiten(new double[0])).isEmpty();
        assertThatThrownBy(() -> Whitening.whiten(new double[] {0, Double.NaN})).hasMessageContaining("NaN at 1");
    }

    @Test
    void theScoreLiesOnTheLastToken() {
        double[] kl = {.1, .2, -.3, .4};
        same(TokenRewards.of(kl, .5, new double[] {2, 1}, new int[] {3, 1}), -.05, -.1, 2.15, .8);
        assertThatThrownBy(() -> TokenRewards.of(kl, .5, new double[] {2, Double.NaN}, new int[] {3, 1}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("NaN for completion 1");
        assertThatThrownBy(() -> TokenRewards.of(kl, .5, new double[] {2, 1}, new int[] {4, 0}))
                .hasMessageContaining("lengths >= 1");
    }

    // ---- losses ----------------------------------------------------------------------------------------------------

    private static final double[] OLD = {-1, -2, -.5, -1.5};
    private static final double[] NEW = {-.7, -2.3, -.55, -1};
    private static final double[] A = {1, -1, .5, -2};

    @Test
    void thePolicyLossOfFourTokens() {
        try (Scope _ = Scope.open()) {
            PpoLoss.Policy all = PpoLoss.of(PpoLoss.Options.defaults()).policy(Tensor.of(NEW), OLD, A, 4);
            assertThat(all.loss().item()).isCloseTo(.605456957, within(1e-9));
            assertThat(all.clipfrac()).isEqualTo(.5);
            assertThat(all.approxkl()).isCloseTo(.0540625, within(1e-12));
        }
    }

    @Test
    void theDualClipBoundsWhatBecameLikely() {
        double[] likely = {.2};
        double[] old = {-1.5};
        double[] a = {-2};
        try (Scope _ = Scope.open()) {
            PpoLoss plain = PpoLoss.of(PpoLoss.Options.defaults());
            assertThat(plain.policy(Tensor.of(likely), old, a, 1).loss().item()).isCloseTo(10.947894783, within(1e-8));
            PpoLoss dual = PpoLoss.of(PpoLoss.Options.defaults().withDualClip(3));
            assertThat(dual.policy(Tensor.of(likely), old, a, 1).loss().item()).isEqualTo(6);
        }
    }

    @Test
    void theValueLossOfFourTokens() {
        double[] returns = {.9239, .962, .96, 1};
        try (Scope _ = Scope.open()) {
            PpoLoss.Value all = PpoLoss.of(PpoLoss.Options.defaults())
                    .value(Tensor.of(new double[] {.7, .1, .9, .5}), VALUES, returns, 4);
            assertThat(all.loss().item()).isCloseTo(.133596901, within(1e-9));
            assertThat(all.clipfrac()).isEqualTo(.25);
        }
    }

    /// Loss and means of micro-batches add up to those of the mini-batch.
    @Test
    void microBatchesAddUp() {
        PpoLoss loss = PpoLoss.of(PpoLoss.Options.defaults());
        try (Scope _ = Scope.open()) {
            PpoLoss.Policy whole = loss.policy(Tensor.of(NEW), OLD, A, 4);
            PpoLoss.Policy a = loss.policy(Tensor.of(part(NEW, 0, 1)), part(OLD, 0, 1), part(A, 0, 1), 4);
            PpoLoss.Policy b = loss.policy(Tensor.of(part(NEW, 1, 4)), part(OLD, 1, 4), part(A, 1, 4), 4);
            assertThat(a.loss().item() + b.loss().item()).isCloseTo(whole.loss().item(), within(1e-14));
            assertThat(a.ratio() + b.ratio()).isCloseTo(whole.ratio(), within(1e-14));
            assertThat(a.clipfrac() + b.clipfrac()).isEqualTo(whole.clipfrac());
        }
    }

    @Test
    void lossesRefuseWhatDoesNotFit() {
        assertThatThrownBy(() -> PpoLoss.Options.defaults().withDualClip(1.1)).hasMessageContaining("dualClip");
        assertThatThrownBy(() -> new PpoLoss.Options(0, -1, 3))
                .hasMessageContaining("cliprange in")
                .hasMessageContaining("cliprangeValue");
        try (Scope _ = Scope.open()) {
            PpoLoss loss = PpoLoss.of(PpoLoss.Options.defaults());
            assertThatThrownBy(() -> loss.policy(Tensor.of(NEW), OLD, new double[3], 3))
                    .hasMessageContaining("4 advantages; got 3")
                    .hasMessageContaining("at least the 4 tokens");
            assertThatThrownBy(() -> loss.policy(Tensor.of(new double[0]), new double[0], new double[0], 0))
                    .hasMessageContaining("not empty");
        }
    }

    private static double[] part(double[] x, int from, int to) {
        return Arrays.copyOfRange(x, from, to);
    }

    private static void same(double[] actual, double... expected) {
        Close.check("values", actual, expected, 0, 1.5e-9);
    }
}
