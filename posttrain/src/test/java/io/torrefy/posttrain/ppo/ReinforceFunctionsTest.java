package io.torrefy.posttrain.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.posttrain.Advantages;
import io.torrefy.posttrain.GrpoLoss;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Close;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Rewards, advantages and losses of RLOO and REINFORCE++, against TRL's functions and by hand.
class ReinforceFunctionsTest {
    static Stream<Fixture> losses() {
        return Fixtures.open().ofKind("rloo").stream();
    }

    @ParameterizedTest
    @MethodSource("losses")
    void theLossOfLeaveOneOutIsTrls(Fixture fixture) {
        Map<String, Golden> tensors = fixture.ownTensors();
        Golden mask = tensors.get("in.mask");
        int columns = (int) mask.shape()[1];
        int[] lengths = new int[(int) mask.shape()[0]];
        int[] at = new int[mask.size()];
        int n = 0;
        for (int i = 0; i < mask.size(); i++) {
            if (mask.at(i) != 0) {
                lengths[i / columns]++;
                at[n++] = i;
            }
        }
        int[] places = Arrays.copyOf(at, n);
        JsonNode settings = fixture.settings();
        try (Scope _ = Scope.open()) {
            GrpoLoss.Result result = Rloo.loss(
                            settings.get("epsilon").asDouble(),
                            settings.get("epsilon_high").asDouble())
                    .loss(
                            packed(tensors.get("in.logps"), places),
                            packed(tensors.get("in.old_logps"), places),
                            null,
                            tensors.get("in.advantages").doubles(),
                            lengths,
                            GrpoLoss.Normaliser.of(lengths));
            tensors.get("out.loss").assertClose(new double[] {result.loss().item()}, fixture.tolerance());
        }
    }

    private static Tensor packed(Golden padded, int[] places) {
        return Tensor.of(Arrays.stream(places).mapToDouble(padded::at).toArray());
    }

    /// TRL's RLOOTrainer with beta 0.05: the divergence of whole completions taken off their rewards.
    @Test
    void thePenaltyIsTakenOffRewardsAsInTrl() {
        Fixture fixture = Fixtures.open().get("advantages", "advantages/real_rloo_kl_in_reward");
        Map<String, Golden> tensors = fixture.ownTensors();
        double[] kl = KlEstimator.K1.of(
                tensors.get("in.old_logps").doubles(),
                tensors.get("in.ref_logps").doubles());
        int[] lengths = new int[8];
        Arrays.fill(lengths, kl.length / 8);
        Golden both = tensors.get("in.rewards.real");
        double[] scores = new double[8];
        for (int i = 0; i < 8; i++) {
            scores[i] = both.at(2 * i);
        }
        double beta = fixture.settings().get("beta").asDouble();
        double[] rewards = Rloo.rewards(scores, Metrics.sums(kl, lengths), beta, Double.POSITIVE_INFINITY);
        tensors.get("out.advantages").assertClose(Advantages.leaveOneOut(rewards, 4), fixture.tolerance());
    }

    @Test
    void scoresAreClippedBeforeThePenalty() {
        assertThat(Rloo.rewards(new double[] {5, -5, 1}, new double[] {1, 2, 0}, 0.5, 2))
                .containsExactly(1.5, -3, 1);
    }

    /// Sums to go of {1, 2 | 3} are {3, 2 | 3}: mean 8/3, sample variance 1/3.
    @Test
    void advantagesAreWhitenedOverAllTokens() {
        double[] actual = ReinforcePlusPlus.advantages(new double[] {1, 2, 3}, new int[] {2, 1}, 1);
        double unit = 1 / Math.sqrt(3);
        Close.check("advantages", actual, new double[] {unit, -2 * unit, unit}, 0, 1e-7);
        double[] discounted = ReinforcePlusPlus.advantages(new double[] {1, 2, 2}, new int[] {2, 1}, 0.5);
        assertThat(discounted).containsOnly(0); // 1 + 0.5 * 2, 2 and 2
    }

    /// Sums {1, 0} less their mean are ±1/2, over three tokens {.5, .5 | -.5}: mean 1/6, sample variance 1/3.
    @Test
    void theBaselineIsTheGroupsMean() {
        double[] actual = ReinforcePlusPlus.groupAdvantages(new double[] {0, 1, 0}, new int[] {2, 1}, 2);
        double unit = 1 / Math.sqrt(3);
        Close.check("advantages", actual, new double[] {unit, unit, -2 * unit}, 0, 1e-7);
    }

    /// What one problem is easier than another does not matter, unlike without the baseline.
    @Test
    void aConstantOfAGroupFallsOut() {
        double[] rewards = {1, 0, 2, 0, 0, 1};
        double[] moved = {1, 0, 2, 10, 10, 11};
        int[] lengths = {1, 1, 1, 1, 1, 1};
        double[] expected = ReinforcePlusPlus.groupAdvantages(rewards, lengths, 3);
        Close.check("moved", ReinforcePlusPlus.groupAdvantages(moved, lengths, 3), expected, 0, 1e-12);
        assertThat(Metrics.sum(expected)).isCloseTo(0, within(1e-12));
    }

    @Test
    void groupsMustBeWhole() {
        assertThatThrownBy(() -> ReinforcePlusPlus.groupAdvantages(new double[3], new int[] {1, 1, 1}, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("whole groups of 2; got 3 completions");
        assertThatThrownBy(() -> ReinforcePlusPlus.groupAdvantages(new double[2], new int[] {1, 2}, 1))
                .hasMessageContaining("groups of at least 2")
                .hasMessageContaining("3 rewards");
    }
}
