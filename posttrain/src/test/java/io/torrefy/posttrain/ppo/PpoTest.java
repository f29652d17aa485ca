package io.torrefy.posttrain.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.ValueModel;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Single steps of PPO, and what it refuses.
class PpoTest {
    private final CausalLm policy = Tiny.model(3);
    private final CausalLm reference = Tiny.model(3);
    private final ValueModel critic = ValueModel.ofZeros(Tiny.model(4));

    @AfterEach
    void close() {
        policy.close();
        reference.close();
        critic.close();
    }

    private static Ppo.Options options(int epochs, int miniBatches) {
        return Ppo.Options.of(Tiny.rollout(8, 1, 200), Tiny.optimization(4, 1e-2, epochs, miniBatches), 1e-2);
    }

    private Ppo ppo(Ppo.Options options, Scorer scorer) {
        return Ppo.of(policy, critic, reference, Tiny.tokenizer(), Tiny.task(), scorer, options);
    }

    private Map<String, Double> step(Ppo.Options options, Scorer scorer) {
        try (Ppo ppo = ppo(options, scorer)) {
            return ppo.step(0).metrics();
        }
    }

    /// Policy, sampler and reference are one; the critic says 0, so returns are the scores, and whitened advantages
    /// sum to 0.
    @Test
    void theFirstUpdateBeginsWhereTheSamplerStands() {
        Map<String, Double> m = step(options(1, 1).withDiscounts(1, 1), Tiny.EVEN);
        assertThat(m.get("objective/kl")).isCloseTo(0, within(1e-5));
        assertThat(m.get("val/ratio")).isCloseTo(1, within(1e-6));
        assertThat(m.get("val/ratio_var")).isZero();
        assertThat(m.get("policy/approxkl_avg")).isCloseTo(0, within(1e-9));
        assertThat(m.get("policy/clipfrac_avg")).isZero();
        assertThat(m.get("loss/policy_avg")).isCloseTo(0, within(1e-5));
        assertThat(m.get("objective/rlhf_reward")).isCloseTo(m.get("objective/scores"), within(1e-6));
        assertThat(m.get("objective/scores")).isEqualTo(m.get(RunMetrics.REWARD));
        assertThat(m.get("val/explained_var")).isCloseTo(0, within(1e-12));
        assertThat(m.get("policy/entropy_avg"))
                .isBetween(0.0, Math.log(Tiny.tokenizer().vocabSize()));
    }

    @Test
    void everyMetricHasItsNameFromTrl() {
        assertThat(step(options(2, 2), Tiny.EVEN).keySet())
                .contains(
                        "eps",
                        "objective/kl",
                        "objective/entropy",
                        "objective/non_score_reward",
                        "objective/rlhf_reward",
                        "objective/scores",
                        "policy/approxkl_avg",
                        "policy/clipfrac_avg",
                        "policy/entropy_avg",
                        "loss/policy_avg",
                        "loss/value_avg",
                        "val/clipfrac_avg",
                        "val/ratio",
                        "val/ratio_var",
                        "val/num_eos_tokens",
                        "lr",
                        "episode");
    }

    @Test
    void furtherUpdatesSeeTheRatioToTheSampler() {
        Map<String, Double> m = step(options(4, 2), Tiny.EVEN);
        assertThat(m.get("policy/approxkl_avg")).isPositive();
        assertThat(m.get("policy/clipfrac_avg")).isPositive();
        assertThat(m.get("val/ratio_var")).isPositive();
    }

    /// A critic of a constant score learns it: the second step's loss is smaller.
    @Test
    void theCriticLearnsTheScore() {
        Ppo.Options options =
                options(4, 2).withLoss(PpoLoss.Options.defaults().withCliprangeValue(Double.POSITIVE_INFINITY));
        try (Ppo ppo = ppo(options, Scorer.ofFunction("one", _ -> 1))) {
            double first = ppo.step(0).metrics().get("loss/value_avg");
            double second = ppo.step(1).metrics().get("loss/value_avg");
            assertThat(second).isLessThan(first / 2);
        }
    }

    @Test
    void whatWasCutOffIsFined() {
        RolloutOptions r = Tiny.rollout(8, 1, 200);
        RolloutOptions fined =
                new RolloutOptions(r.problems(), 1, r.maxCompletionLength(), 1, 0.5, r.microBatchTokens(), r.seed());
        Map<String, Double> m = step(Ppo.Options.of(fined, Tiny.optimization(4, 1e-2, 1, 1), 1e-2), Tiny.EVEN);
        assertThat(m.get(RunMetrics.TRUNCATED)).isPositive();
        assertThat(m.get("objective/scores"))
                .isCloseTo(m.get(RunMetrics.REWARD) - 0.5 * m.get(RunMetrics.TRUNCATED), within(1e-12));
        assertThat(m.get("val/num_eos_tokens")).isEqualTo(8 - 8 * m.get(RunMetrics.TRUNCATED));
    }

    @Test
    void aSumOfRewardsIsBrokenDownAndItsFailuresNamed() {
        Rewards sum = Rewards.of("length", (_, text) -> text.length()).plus("one", (_, _) -> 1, 0.5);
        Map<String, Double> m = step(options(1, 1), Scorer.of(sum));
        assertThat(m.get("rewards/one")).isEqualTo(0.5);
        assertThat(m.get("rewards/length") + 0.5).isCloseTo(m.get("objective/scores"), within(1e-9));
        Scorer failing = Scorer.of("unit", (_, _) -> {
            throw new IllegalArgumentException("no such unit");
        });
        assertThatThrownBy(() -> step(options(1, 1), failing))
                .hasMessageContaining("[reward unit]")
                .hasMessageContaining("no such unit");
    }

    @Test
    void theCoefficientFollowsItsTarget() {
        try (Ppo ppo = ppo(options(1, 1).withKl(KlPenalty.adaptive(0.05, 6)), Tiny.EVEN)) {
            ppo.step(0);
            // The divergence is 0, the error clipped at -0.2: 8 samples of a horizon of 10000.
            assertThat(ppo.klCoefficient()).isCloseTo(0.05 * (1 - 0.2 * 8 / 10_000), within(1e-12));
        }
        try (Ppo ppo = ppo(options(1, 1), Tiny.EVEN)) {
            ppo.step(1);
            assertThat(ppo.klCoefficient()).isEqualTo(0.05);
        }
    }

    // ---- what is refused -------------------------------------------------------------------------------------------

    @Test
    void modelsThatDoNotFitAreNamed() {
        int vocabulary = Tiny.tokenizer().vocabSize();
        try (ValueModel other = ValueModel.ofZeros(Tiny.model(4, vocabulary + 8));
                CausalLm larger = Tiny.model(3, vocabulary + 8);
                ValueModel shared = ValueModel.ofZeros(policy)) {
            refused(() -> of(other, reference, options(1, 1)), "critic of the policy's vocabulary, " + vocabulary);
            refused(() -> of(critic, larger, options(1, 1)), "reference model of the policy's vocabulary");
            refused(() -> of(shared, reference, options(1, 1)), "critic with a body of its own");
            refused(() -> of(critic, policy, options(1, 1)), "reference model that stays as it is");
        }
    }

    @Test
    void referencesOfAnotherVocabularyAreNamed() {
        RolloutOptions rollout = Tiny.rollout(4, 2, 100);
        Optimization once = Tiny.optimization(1, 1e-2, 1, 1);
        try (CausalLm larger = Tiny.model(3, Tiny.tokenizer().vocabSize() + 8)) {
            for (CausalLm wrong : List.of(larger, policy)) {
                String words = wrong == larger ? "reference model of the policy's vocabulary" : "stays as it is";
                refused(
                        () -> Rloo.of(
                                policy,
                                wrong,
                                Tiny.tokenizer(),
                                Tiny.task(),
                                Tiny.EVEN,
                                Rloo.Options.of(rollout, once)),
                        "[rloo]",
                        words);
                refused(
                        () -> ReinforcePlusPlus.of(
                                policy,
                                wrong,
                                Tiny.tokenizer(),
                                Tiny.task(),
                                Tiny.EVEN,
                                ReinforcePlusPlus.Options.of(rollout, once, true)),
                        "[reinforce++]",
                        words);
            }
        }
    }

    @Test
    void optionsThatContradictAreNamed() {
        refused(() -> ppo(options(1, 9), Tiny.EVEN), "at most the 8 completions of a step; got 9");
        refused(() -> options(1, 1).withDiscounts(0, 2), "gamma in (0, 1]; got 0.0", "lam in [0, 1]; got 2.0");
        refused(() -> new RolloutOptions(0, 0, 0, 0, -1, 0, 1), "batch is empty", "temperature", "taken off");
        refused(() -> new Optimization(1, 0, 2, true, 0, 0, 0), "learningRate", "warmup", "numPpoEpochs");
        refused(() -> KlPenalty.adaptive(0, 6), "positive coefficient");
        refused(
                () -> Rloo.Options.of(Tiny.rollout(4, 1, 100), Tiny.optimization(1, 1e-2, 1, 1)),
                "numGenerations of at least 2");
        refused(
                () -> ReinforcePlusPlus.Options.of(Tiny.rollout(4, 1, 100), Tiny.optimization(1, 1e-2, 1, 1), true),
                "numGenerations of at least 2 with baseline");
        refused(
                () -> ReinforcePlusPlus.Options.of(Tiny.rollout(4, 2, 100), Tiny.optimization(1, 1e-2, 1, 1), true)
                        .withGamma(0.9),
                "gamma 1 with baseline");
    }

    @Test
    void aPenaltyNeedsAReference() {
        assertThatThrownBy(() -> Ppo.of(policy, critic, null, Tiny.tokenizer(), Tiny.task(), Tiny.EVEN, options(1, 1)))
                .hasMessageContaining("reference model with the KL coefficient 0.05; got none");
        Ppo.Options free = options(1, 1).withKl(KlPenalty.fixed(0));
        try (Ppo ppo = Ppo.of(policy, critic, null, Tiny.tokenizer(), Tiny.task(), Tiny.EVEN, free)) {
            assertThat(ppo.step(0).metrics()).containsEntry("objective/kl", 0.0);
        }
    }

    private void of(ValueModel aCritic, CausalLm aReference, Ppo.Options options) {
        Ppo.of(policy, aCritic, aReference, Tiny.tokenizer(), Tiny.task(), Tiny.EVEN, options)
                .close();
    }

    private static void refused(ThrowingCallable call, String... words) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(words);
    }
}
